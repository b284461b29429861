//go:build linux

package wake

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A system bus that takes connections and answers none is given up, and holds nobody up at the end.
func TestHungBus(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path) // nobody accepts, but the system
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gaveUp := make(chan error, 1)
	go func() {
		_, err := openBus(t.Context(), "unix:path="+path)
		gaveUp <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- NewSystem(Params{BusAddress: "unix:path=" + path}).Watch(ctx, func(Event) {}) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case err := <-gaveUp:
		t.Fatalf("the watcher waits for the bus, as long as one without an end: %v", err)
	}
	select {
	case err := <-gaveUp:
		if err == nil {
			t.Error("a bus that does not answer was opened")
		}
	case <-time.After(time.Minute):
		t.Error("the bus is not given up")
	}
}
