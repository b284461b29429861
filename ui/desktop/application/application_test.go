//go:build linux

package application

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A bus that takes connections and answers none, and one that is not there, hold nobody up at the end.
func TestHungBus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path) // nobody accepts, but the system
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, address := range []string{"unix:path=" + path, "unix:path=" + path + "-nowhere", "disabled:"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			Run(ctx, Params{Name: "io.example.App", Moved: func() <-chan struct{} { return nil }, Logger: slog.New(slog.DiscardHandler)})
		}()
		select {
		case <-ended:
		case <-time.After(busTime):
			t.Fatalf("%s: it waits for the bus", address)
		}
		cancel()
	}
}
