//go:build !windows && !darwin

package notify

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
)

// patience is how long a test waits for something that should happen at once, on a busy machine.
const patience = time.Minute

// hungBus is the address of a bus that accepts connections and never answers, and how many it has accepted.
func hungBus(t *testing.T) (address string, accepted *atomic.Int32) {
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
	accepted = new(atomic.Int32)
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
			accepted.Add(1)
		}
	}()
	t.Cleanup(func() {
		if err := errors.Join(l.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
		<-done
	})
	return "unix:path=" + path, accepted
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

// wantsNothingOf checks that a backend whose bus hangs holds up nobody for longer than d.
func wantsNothingOf(t *testing.T, d time.Duration, b Backend) {
	t.Helper()
	for range 2 { // the second finds the first one's connection still being made
		ctx, cancel := context.WithCancel(t.Context())
		given := time.AfterFunc(100*time.Millisecond, cancel)
		within(t, d, "Show", func() {
			if err := b.Show(ctx, Notification{Serial: 1}); !errors.Is(err, context.Canceled) { // by us, not by the backend's own patience
				t.Errorf("Show: %v", err)
			}
		})
		given.Stop()
		cancel()
	}
	within(t, d, "Close", func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, open := <-b.Responses(); open {
		t.Error("a response from nowhere")
	}
}

func TestHungBusHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go func() {
			if _, err := io.Copy(io.Discard, theirs); err != nil { // until we leave
				t.Error(err)
			}
		}()
		b := newBusBackend(t.Context(), "Tabferry", "io.example.App", "file:///icon.png", func(ctx context.Context) (*dbus.Conn, error) {
			conn, err := dbus.NewConn(ours, dbus.WithContext(ctx))
			if err != nil {
				return nil, err
			}
			return conn, conn.Auth(nil)
		})
		wantsNothingOf(t, time.Second, b)
	})
}

func TestHungBusAtTheStart(t *testing.T) {
	address, accepted := hungBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	folder := t.TempDir()
	var b Backend
	within(t, patience, "NewBackend", func() { b = NewBackend(t.Context(), "Tabferry", "io.example.App", folder, nil) })
	if n := accepted.Load(); n != 0 {
		t.Errorf("%d connections before the first use", n)
	}
	wantsNothingOf(t, patience, b) // and it is used once it answers
}

func TestHungPlainBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
	})
}
