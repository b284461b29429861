package clipboard_test

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/ui/desktop/clipboard"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// board is a display's clipboard.
type board struct {
	text    string
	changed chan struct{}
	closed  bool
}

func (b *board) Text() string              { return b.text }
func (b *board) SetText(text string) error { b.text = text; return nil }
func (b *board) Changed() <-chan struct{}  { return b.changed }
func (b *board) Close() error              { b.closed = true; return nil }

func TestFollowingGoesWhereTheDisplayIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moved := make(chan chan struct{}, 1)
		moved <- make(chan struct{})
		move := func() { c := <-moved; moved <- make(chan struct{}); close(c); synctest.Wait() }
		var there *board
		f := clipboard.Follow(func() (clipboard.Clipboard, error) {
			if there == nil {
				return nil, clipboard.ErrUnavailable
			}
			return there, nil
		}, func() <-chan struct{} { c := <-moved; moved <- c; return c }, slog.New(slog.DiscardHandler))
		want := func(text string) {
			t.Helper()
			synctest.Wait()
			select {
			case <-f.Changed():
			default:
				t.Error("nobody was told")
			}
			if got := f.Text(); got != text {
				t.Errorf("%q, want %q", got, text)
			}
		}
		synctest.Wait()
		if err := f.SetText("x"); !errors.Is(err, clipboard.ErrUnavailable) || f.Text() != "" {
			t.Errorf("without a display: %v", err)
		}
		move() // to nowhere
		first := &board{text: "https://a.example/", changed: make(chan struct{})}
		there = first
		move()
		want("https://a.example/")
		first.text = "https://b.example/"
		first.changed <- struct{}{}
		want("https://b.example/")
		move() // what works stays
		there = nil
		close(first.changed)
		want("")
		if !first.closed {
			t.Error("the display that went was not left")
		}
		second := &board{text: "https://c.example/", changed: make(chan struct{})}
		there = second
		move()
		want("https://c.example/")
		if err := f.SetText("y"); err != nil || second.text != "y" {
			t.Errorf("%q, %v", second.text, err)
		}
		if err := f.Close(); err != nil || !second.closed {
			t.Errorf("%v", err)
		}
		for range f.Changed() { // it ends
		}
	})
}

// TestSeatStays where there is nothing better.
func TestSeatStays(t *testing.T) {
	var seat session.Seat
	moved := seat.Moved()
	for _, d := range []session.Desktop{{}, {Display: ":4711"}, {Wayland: "/nowhere"}, {Bus: "unix:path=/nowhere"}, {Display: "nonsense", Bus: "nonsense"}} {
		seat.Offer(d)
	}
	select {
	case <-moved:
		t.Error("moved to a display that nobody serves")
	default:
	}
}

// TestFollowingTriesAgain: an X server that starts anew hangs up on whoever comes in that moment.
func TestFollowingTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var there atomic.Pointer[board]
		var asked atomic.Int32
		f := clipboard.Follow(func() (clipboard.Clipboard, error) {
			asked.Add(1)
			if b := there.Load(); b != nil {
				return b, nil
			}
			return nil, clipboard.ErrUnavailable
		}, func() <-chan struct{} { return nil }, slog.New(slog.DiscardHandler))
		defer f.Close()
		time.Sleep(100 * time.Millisecond)
		first := &board{text: "https://a.example/", changed: make(chan struct{})}
		there.Store(first)
		time.Sleep(time.Second)
		if got := f.Text(); got != first.text {
			t.Errorf("after a second %q", got)
		}
		there.Store(nil)
		asked.Store(0)
		close(first.changed)
		time.Sleep(time.Hour)
		if n := asked.Load(); n != 6 {
			t.Errorf("a display that is gone was tried %d times in an hour, want 6", n)
		}
	})
}
