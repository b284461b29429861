//go:build !windows && !darwin

package notify

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// hungBus is the address of a bus that accepts connections and never answers.
func hungBus(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") // short: it holds a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var held []net.Conn
		for {
			conn, err := l.Accept()
			if err != nil {
				for _, conn := range held {
					_ = conn.Close() // the other end has gone
				}
				return
			}
			held = append(held, conn)
		}
	}()
	t.Cleanup(func() {
		if err := errors.Join(l.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
		<-done
	})
	return "unix:path=" + path
}

// within runs f, which must return in time.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		t.Fatalf("%s did not return within %v", what, d)
	}
}

// wantsNothingOf checks that a backend whose bus hangs holds up nobody.
func wantsNothingOf(t *testing.T, b Backend) {
	t.Helper()
	for range 2 { // the second finds the first one's connection still being made
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		within(t, time.Second, "Show", func() {
			if err := b.Show(ctx, Notification{Serial: 1}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Show: %v", err)
			}
		})
		cancel()
	}
	within(t, time.Second, "Close", func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, open := <-b.Responses(); open {
		t.Error("a response from nowhere")
	}
}

func TestHungBusHoldsUpNobody(t *testing.T) {
	address := hungBus(t)
	b := newBusBackend(t.Context(), "Tabferry", "io.example.App", "file:///icon.png", func(ctx context.Context) (*dbus.Conn, error) {
		return dbus.Connect(address, dbus.WithContext(ctx))
	})
	wantsNothingOf(t, b)
}

func TestHungBusAtTheStart(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", hungBus(t))
	folder := t.TempDir()
	var b Backend
	within(t, time.Second, "NewBackend", func() { b = NewBackend(t.Context(), "Tabferry", "io.example.App", folder, nil) })
	wantsNothingOf(t, b) // and it is used once it answers
}

func TestHungPlainBackend(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	b := &plainBackend{show: func(string, string, any) error { <-hang; return nil }}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	within(t, time.Second, "Show", func() {
		if err := b.Show(ctx, Notification{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Show: %v", err)
		}
	})
	if err := b.Close(); err != nil { // nothing of it stays in the temporary folder
		t.Error(err)
	}
}
