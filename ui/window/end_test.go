package window

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// TestQuitWhileTheWindowOpens: an agent that quits before the window has heard of it cannot say so. It is not started
// again, and the window goes, unless somebody handed it a link; one that died is started.
func TestQuitWhileTheWindowOpens(t *testing.T) {
	for _, c := range []struct {
		name        string
		left, link  bool // a socket is left behind, the window holds a link
		starts      int
		staysToShow bool
	}{
		{name: "quit"},
		{name: "quit, with a link", link: true, starts: 1, staysToShow: true},
		{name: "killed", left: true, starts: 1, staysToShow: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			starts := 0
			inBubble(t, func(p *Params) {
				path := filepath.Join(t.TempDir(), "agent.sock")
				if c.left {
					if err := os.WriteFile(path, nil, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				found := signedIn()
				p.Found = &found
				p.Agent = localapi.Dial(path)
				p.StartAgent = func(context.Context) error { starts++; return nil }
			}, func(h *harness) {
				if c.link {
					h.offer("", "https://example.org/")
				}
				h.advance(reviveAfter - time.Millisecond)
				if h.w.closed || starts > 0 {
					t.Fatal("it did not wait")
				}
				h.advance(time.Minute)
				if h.w.closed == c.staysToShow || starts != c.starts {
					t.Errorf("closed %t, started %d times", h.w.closed, starts)
				}
			})
		})
	}
}

// application is one whose toolkit runs until it is told to end, and no longer knows of windows.
type application struct {
	fyne.App
	end chan struct{}
}

func (a application) Run() { <-a.end }

// TestToolkitThatDoesNotEnd: a window that has closed is gone soon, whatever the toolkit does, or no other one could
// take its place.
func TestToolkitThatDoesNotEnd(t *testing.T) {
	for _, c := range []struct {
		name  string
		leave func(w *Window)
		after time.Duration // when the toolkit ends
		given bool          // whether the process is given up
	}{
		{"closed", (*Window).Close, time.Minute, true},
		{"told to quit", (*Window).Quit, time.Minute, true},
		{"closed, and the toolkit ends", (*Window).Close, time.Second, false},
		{"the toolkit ends by itself", func(*Window) {}, time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var given atomic.Bool
			inBubble(t, func(p *Params) { p.GiveUp = func() { given.Store(true) } }, func(h *harness) {
				h.send(signedIn())
				a := application{h.app, make(chan struct{})}
				h.w.p.App = a
				go h.w.run()
				synctest.Wait()
				c.leave(h.w)
				time.AfterFunc(c.after, func() { close(a.end) })
				h.advance(toolkitTime - time.Millisecond)
				if given.Load() {
					t.Error("the process is given up at once")
				}
				h.advance(time.Second)
				if given.Load() != c.given {
					t.Errorf("given up: %t", given.Load())
				}
				h.advance(c.after)
			})
		})
	}
}
