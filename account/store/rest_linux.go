package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// rest lets go of the memory that a file takes once nobody has used it for a while: bbolt maps the file, and
// each page of it that was ever looked at counts as the process's own until the system is short of room. The
// timer runs out once after the last use and not again before the next.
type rest struct {
	timer *time.Timer
	// busy is held while memory is let go.
	busy sync.Mutex
	over bool
}

// begin has letGo called whenever the file comes to rest.
func (r *rest) begin(letGo func()) {
	r.timer = time.AfterFunc(restAfter, func() {
		r.busy.Lock()
		defer r.busy.Unlock()
		if !r.over {
			letGo()
			if f := atRest.Load(); f != nil {
				(*f)()
			}
		}
	})
}

// used says that the file is not at rest.
func (r *rest) used() { r.timer.Reset(restAfter) }

// end ends what begin began, if it did, and waits until nothing is let go any more.
func (r *rest) end() {
	if r.timer == nil {
		return
	}
	r.timer.Stop()
	r.busy.Lock()
	defer r.busy.Unlock()
	r.over = true
}

// letGoOfPages gives the pages of the map back. Nothing is lost by that: it is a map to read by, and shared,
// so whoever looks at a page again finds what the file holds, mostly without the disk. It happens in a
// transaction, which keeps bbolt from moving or ending the map meanwhile.
func (b *boltFile) letGoOfPages() {
	// Where it fails the pages stay, as they would have; a fault of the file is found by who reads it next.
	_ = b.run(false, func(r *boltRows) error {
		var from uintptr
		r.ask(func() { from = b.db.Info().Data })
		size, err := mapSize(from)
		if err != nil {
			return err
		}
		if _, _, code := unix.Syscall(unix.SYS_MADVISE, from, size, unix.MADV_DONTNEED); code != 0 {
			return code
		}
		return nil
	})
}

// errNoMap says that there is no map as bbolt makes it.
var errNoMap = errors.New("the file is not mapped")

// mapSize asks the system how long the map is that begins at an address. bbolt does not tell, the file may
// have grown beyond its map, and what lies behind that is somebody else's: it would be emptied.
func mapSize(from uintptr) (uintptr, error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	begin := fmt.Sprintf("%08x-", from)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line, found := strings.CutPrefix(lines.Text(), begin)
		if !found {
			continue
		}
		// end, what may be done with it, and from where in the file: "7f01a8c08000 r--s 00000000"
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[1] != "r--s" || strings.Trim(fields[2], "0") != "" {
			return 0, errNoMap
		}
		end, err := strconv.ParseUint(fields[0], 16, strconv.IntSize)
		return uintptr(end) - from, err
	}
	return 0, errors.Join(errNoMap, lines.Err())
}
