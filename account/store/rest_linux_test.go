package store_test

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/store"
)

// resident is how many bytes of a file lie in this process's memory.
func resident(t *testing.T, path string) (bytes int) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ours := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		name, value, _ := strings.Cut(line, ":")
		switch {
		case strings.Contains(name, "-"): // where a map lies
			ours = strings.HasSuffix(line, " "+path)
		case ours && name == "Rss":
			kilo, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			bytes += kilo << 10
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return bytes
}

const restRows = 4000

// filled is a store of some MiB, all of it read.
func filled(t *testing.T) (s *store.Store, path string, ring *store.Keyring) {
	t.Helper()
	s, path, ring, _ = fileStore(t)
	err := s.Update(func(tx *store.Tx) error {
		for i := range restRows {
			if err := notes.Put(tx, fmt.Sprintf("%04d", i), note{strings.Repeat("x", 500)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, s)
	return s, path, ring
}

func readAll(t *testing.T, s *store.Store) {
	t.Helper()
	n := 0
	err := s.View(func(tx *store.Tx) error {
		for row := range notes.Oldest(tx) {
			if row.Key == fmt.Sprintf("%04d", n) && row.Value.Text == strings.Repeat("x", 500) {
				n++
			}
		}
		return nil
	})
	if err != nil || n != restRows {
		t.Errorf("%d rows are as they were written, %v", n, err)
	}
}

// What was read of a file leaves the process's memory a minute after the last use, whatever that was, and
// comes back when it is read again.
func TestAFileAtRestIsNotInMemory(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, s *store.Store){
		"reading": readAll,
		"writing": func(t *testing.T, s *store.Store) { put(t, s, "0000", strings.Repeat("x", 500)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, path, _ := filled(t)
				for range 3 {
					time.Sleep(59 * time.Second)
					synctest.Wait()
					if n := resident(t, path); n < 1<<20 {
						t.Fatalf("of a file in use %d bytes are in memory", n)
					}
					use(t, s)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := resident(t, path); n != 0 {
					t.Errorf("of a file at rest %d bytes are in memory", n)
				}
				readAll(t, s)
				if n := resident(t, path); n < 1<<20 {
					t.Errorf("of a file that was read again %d bytes are in memory", n)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := resident(t, path); n != 0 {
					t.Errorf("of a file at rest again %d bytes are in memory", n)
				}
			})
		})
	}
}

// A file of which nobody has read anything since it was opened is at rest too.
func TestAFileThatIsOnlyOpenedIsNotInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path, _ := filled(t)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := resident(t, path); n != 0 {
			t.Errorf("%d bytes are in memory", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Closing at the moment when a file comes to rest hurts neither.
func TestClosingAsAFileComesToRest(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			s, _, _, _ := fileStore(t)
			put(t, s, "a", "first")
			time.Sleep(time.Minute) // the file comes to rest beside us
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A file that comes to rest while it is read, written, grown beyond its map and closed stays as it is.
func TestRestBesideEverythingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path, _ := filled(t)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for range 10 {
					readAll(t, s)
					time.Sleep(time.Minute)
				}
			})
		}
		for writer := range 2 {
			all.Go(func() {
				for round := range 10 {
					put(t, s, fmt.Sprintf("x%d-%d", writer, round), strings.Repeat("y", 300<<10))
					time.Sleep(time.Minute)
				}
			})
		}
		all.Wait()
		synctest.Wait()
		if n := resident(t, path); n != 0 {
			t.Errorf("at rest %d bytes are in memory", n)
		}
	})
}

// Who has asked for it hears of each rest once.
func TestRestIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := 0
		store.AtRest(func() { times++ })
		defer store.AtRest(nil)
		s, _, _ := filled(t)
		for want := 1; want < 4; want++ {
			time.Sleep(time.Hour)
			synctest.Wait()
			if times != want {
				t.Errorf("told %d times in %d rests", times, want)
			}
			readAll(t, s)
		}
	})
}

// To open a file and to read its newest rows brings little of it into memory, however large it is.
func TestAStartReadsLittleOfAFile(t *testing.T) {
	s, path, ring := filled(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err = store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	err = s.View(func(tx *store.Tx) error {
		if n := len(notes.Page(tx, "", 50, nil)); n != 50 {
			t.Errorf("%d rows", n)
		}
		return nil
	})
	if got := resident(t, path); err != nil || int64(got) > info.Size()/4 {
		t.Errorf("%d kB of %d are in memory, %v", got>>10, info.Size()>>10, err)
	}
}
