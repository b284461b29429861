//go:build !race

// The race detector makes telling each object take minutes, and finds its races in other tests.

package agent_test

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent"
)

// A soak of three days. In its second half, after soakKept tabs and what is fetched anew once a day, nothing may
// grow.
const (
	soakHalf = 36 * time.Hour
	soakLot  = 4   // tabs an hour
	soakKept = 100 // the smallest inbox
	// soakObjects is what one line of the program may have made and kept more: less than the number of hours,
	// connections and tabs that are compared, so that one object kept for each shows. Caches that a collection
	// empties, of encoders and the like, hold a few more or less in many places. soakStore is two steps of the file,
	// which grows by whole pages as its free ones lie.
	soakObjects = 30
	soakStore   = 128 << 10
)

// weight is what an installation must not have more of the longer it lives.
type weight struct {
	goroutines, files int
	objects           map[string]int64 // by the line that made them
	store             int64
}

// total counts all objects.
func (h weight) total() (n int64) {
	for _, count := range h.objects {
		n += count
	}
	return n
}

func (h weight) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d objects, stores of %d bytes", h.goroutines, h.files, h.total(), h.store)
}

// TestThreeDays lets two installations send each other tabs for 72 hours, with a lost connection every hour.
func TestThreeDays(t *testing.T) {
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1 // each object is told
	defer func() { runtime.MemProfileRate = rate }()
	bubble(t, func(t *testing.T, w *world) {
		silent := func(p *agent.Params) { p.Logger = slog.New(slog.DiscardHandler) } // the test's log keeps each line
		desk, lap := w.station("Desk", w.inBubble, silent).run().signIn(), w.station("Laptop", w.inBubble, silent).run().signIn()
		few := lap.snapshot().Settings
		few.InboxEntries = soakKept
		if err := lap.face.SetSettings(t.Context(), few); err != nil {
			t.Fatal(err)
		}
		to := desk.alertable("Laptop")
		n := 0
		live := func(length time.Duration) {
			for end := time.Now().Add(length); time.Now().Before(end); {
				for range soakLot {
					n++
					entry := desk.send(to, fmt.Sprintf("https://example.org/%d", n), "A page")
					rest(time.Hour / (soakLot + 1))
					if err := desk.face.DeleteSent(t.Context(), entry.ID); err != nil { // the outbox would keep hundreds
						t.Fatal(err)
					}
				}
				w.svc.Push().Cut()
				rest(time.Hour / (soakLot + 1))
				w.svc.ForgetRequests()
			}
			rest(time.Minute)
		}
		live(soakHalf)
		before, sent, began := w.weigh(desk, lap), n, time.Now()
		live(soakHalf)
		after := w.weigh(desk, lap)
		t.Logf("after half the time: %v; after %v and %d tabs more: %v", before, time.Since(began).Round(time.Hour), n-sent, after)
		if got := lap.snapshot().Inbox; got.Total != soakKept || got.Recent[0].URL != fmt.Sprintf("https://example.org/%d", n) {
			t.Errorf("the inbox holds %d tabs, the newest %q", got.Total, got.Recent[0].URL)
		}
		if waiting := desk.snapshot().Outbox.Waiting; waiting != 0 {
			t.Errorf("%d tabs wait", waiting)
		}
		if after.goroutines > before.goroutines {
			t.Errorf("%d goroutines, %d before", after.goroutines, before.goroutines)
		}
		if after.files > before.files {
			t.Errorf("%d open files, %d before", after.files, before.files)
		}
		for line, count := range after.objects {
			if count > before.objects[line]+soakObjects {
				t.Errorf("%d live objects, %d before, made in %s", count, before.objects[line], line)
			}
		}
		if after.store > before.store+soakStore {
			t.Errorf("stores of %d bytes, %d before", after.store, before.store)
		}
	})
}

// weigh looks at everything that could grow.
func (w *world) weigh(stations ...*station) weight {
	w.t.Helper()
	h := weight{objects: w.liveObjects(), goroutines: runtime.NumGoroutine()}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil { // elsewhere nobody tells
		h.files = len(open)
	}
	for _, s := range stations {
		info, err := os.Stat(agent.StoreFile(s.params.DataDir))
		if err != nil {
			w.t.Fatal(err)
		}
		h.store += info.Size()
	}
	return h
}

// liveObjects counts the objects on the heap, but the tiniest, that the client and the agent made, without the service's.
func (w *world) liveObjects() map[string]int64 {
	for range 3 { // a profile is two collections old
		runtime.GC()
	}
	records := make([]runtime.MemProfileRecord, 1<<16)
	count, ok := runtime.MemProfile(records, false)
	if !ok {
		w.t.Fatalf("a heap of %d places", count)
	}
	lines := map[string]int64{}
	for _, r := range records[:count] {
		// The runtime puts tiny objects of different owners, the service among them, together into one of 16 bytes.
		live := r.InUseObjects()
		if live <= 0 || r.InUseBytes()/live <= 16 {
			continue
		}
		if line := ours(r.Stack()); line != "" {
			lines[line] += live
		}
	}
	return lines
}

// ours names the line of the product that had an object made, "" if it was the service or the test.
func ours(stack []uintptr) (line string) {
	frames := runtime.CallersFrames(stack)
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if strings.Contains(f.Function, "/account/accounttest") {
			return ""
		}
		if line == "" && strings.Contains(f.Function, "/tabferry/account") && !strings.Contains(f.Function, "_test.") {
			line = fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
	return line
}
