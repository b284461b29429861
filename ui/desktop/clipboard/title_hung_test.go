//go:build !windows && !darwin

package clipboard_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/ui/desktop/clipboard"
)

// TestTitleOfAHungServer: a server that takes connections and never answers is given up, and nothing stays behind
// that waits for it.
func TestTitleOfAHungServer(t *testing.T) {
	place := filepath.Join(t.TempDir(), "x:0")
	l, err := net.Listen("unix", place)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				_, _ = io.Copy(io.Discard, conn) // until the other side has gone
				conn.Close()
			})
		}
	})
	defer serving.Wait()
	defer l.Close()
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("XAUTHORITY", "/dev/null")
	t.Setenv("DISPLAY", place)
	others := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, look := range map[string]func(context.Context) error{
		"title":   func(ctx context.Context) error { _, err := clipboard.Title(ctx, "https://a.example/"); return err },
		"picture": func(ctx context.Context) error { _, err := clipboard.Picture(ctx); return err },
	} {
		if err := look(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	goleak.VerifyNone(t, others)
}
