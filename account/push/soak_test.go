//go:build soak

package push_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/push"
)

const soakMessages = 10_000

// TestSoak sends 10,000 messages over real sockets while connections end at
// random, in every way they can.
func TestSoak(t *testing.T) {
	s, err := accounttest.Start()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s)
	defer func() {
		w.halt()
		w.dialer.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	seen := make(map[string]int)
	w.params.Handle = func(_ context.Context, m push.Message) {
		w.mu.Lock()
		defer w.mu.Unlock()
		seen[string(m.Text)]++
	}
	w.start()
	sub := w.subscribe("account")
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	rng := rand.New(rand.NewPCG(1, 1))
	start, cuts := time.Now(), 0
	for i := range soakMessages {
		for w.ctl.Stored()+w.ctl.Outstanding() > 100 { // beyond 150 the service forgets us
			w.client.Wake(push.UserAsked)
			time.Sleep(time.Millisecond)
		}
		if status := w.ctl.Post(sub.Endpoint, gcmHeader(600), seal(t, sub, fmt.Sprint(i))); status != http.StatusCreated {
			t.Fatalf("message %d: endpoint answers %d", i, status)
		}
		if rng.IntN(40) == 0 {
			cuts++
			switch rng.IntN(3) {
			case 0:
				w.ctl.Cut()
			case 1:
				w.ctl.Close(1011, "RegistryDisconnected")
			default:
				w.client.Wake(push.ProxyChanged)
			}
			w.client.Wake(push.UserAsked)
		}
	}
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) && count(w, seen) < soakMessages {
		w.client.Wake(push.UserAsked)
		time.Sleep(10 * time.Millisecond)
	}
	took := time.Since(start)
	for i := range soakMessages {
		if n := seen[fmt.Sprint(i)]; n != 1 {
			t.Errorf("message %d handled %d times", i, n)
		}
	}
	time.Sleep(2 * time.Second) // connections that were cut finish closing
	h := w.client.Health()
	t.Logf("%d messages in %v, %d disconnections, %d connections, %d repeated", soakMessages, took.Round(time.Millisecond), cuts, h.Connections, h.Repeated)
	t.Logf("goroutines %d before, %d after; files %d before, %d after", goroutines, runtime.NumGoroutine(), files, openFiles(t))
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if n := openFiles(t); n > files+2 {
		t.Errorf("%d files open, %d before", n, files)
	}
}

func count(w *world, seen map[string]int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(seen)
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
