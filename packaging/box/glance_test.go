//go:build desktop && linux

package box_test

import (
	"context"
	"image"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/packaging/box"
	"github.com/tabferry/tabferry/ui/reader"
	"github.com/tabferry/tabferry/ui/reader/atspi"
)

// screen shows a tree that changes.
type screen struct{ now atomic.Pointer[reader.Node] }

func (s *screen) Look(context.Context) (*reader.Node, error) { return s.now.Load(), nil }
func (s *screen) Do(deed func())                             { deed() }

func window(name string, states reader.State) *reader.Node {
	button := &reader.Node{ID: 2, Role: reader.Button, Name: name, States: reader.Enabled | reader.Showing | states, Bounds: image.Rect(10, 20, 110, 50)}
	field := &reader.Node{ID: 3, Role: reader.Field, Name: "Link", Text: "https://a.example/", States: reader.Enabled | reader.Showing}
	list := &reader.Node{ID: 1, Role: reader.List, Name: "All", States: reader.Enabled | reader.Showing, Children: []*reader.Node{button, field}}
	return &reader.Node{ID: 0, Role: reader.Window, Name: "Window", States: reader.Enabled | reader.Showing, Bounds: image.Rect(0, 0, 200, 200), Children: []*reader.Node{list}}
}

// TestGlanceSeesWhatReadSees: both ways to read a program tell the same of it, and a change is seen by both.
func TestGlanceSeesWhatReadSees(t *testing.T) {
	dir, err := os.MkdirTemp("", "tf") // short: it holds Unix sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	b, err := box.Start(t.Context(), box.Params{Dir: dir, NoPanel: true, NoNotifications: true, Keyring: box.KeyringAbsent})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := b.Reader(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(context.Background(), box.Patience)
	defer cancel()
	shown := &screen{}
	shown.now.Store(window("Send", 0))
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- atspi.Serve(serving, atspi.Params{
			Connect: func(ctx context.Context) (*dbus.Conn, error) { return dbus.Connect(b.Bus, dbus.WithContext(ctx)) },
			Screen:  shown, Name: "Ferry", Version: "1", Logger: slog.New(slog.DiscardHandler),
		})
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	read, err := r.Read(ctx, "Ferry")
	if err != nil {
		t.Fatal(err)
	}
	glance, err := r.Glance(ctx, "Ferry")
	if err != nil {
		t.Fatal(err)
	}
	same := func(a, b box.Told) bool { return a.Same(b) && len(a.Children) == len(b.Children) }
	if !slices.EqualFunc(read.All()[1:], glance, same) || len(glance) != 4 {
		t.Errorf("read: %+v\nseen: %+v", read.All()[1:], glance)
	}
	if at, err := r.Place(ctx, glance[2]); err != nil || at != image.Rect(10, 20, 110, 50) {
		t.Errorf("the button is at %v, %v", at, err)
	}
	if text, err := r.Text(ctx, glance[3]); err != nil || text != "https://a.example/" {
		t.Errorf("in the field is %q, %v", text, err)
	}
	shown.now.Store(window("Send", reader.Focused))
	var now []box.Told
	if err := box.Until(ctx, func() bool {
		now, err = r.Glance(ctx, "Ferry")
		return err == nil && now[2].Is(box.ToldFocused)
	}); err != nil {
		t.Fatalf("%v: %+v", err, now)
	}
	if now[2].Same(glance[2]) || !now[3].Same(glance[3]) {
		t.Errorf("%+v after %+v", now, glance)
	}
}
