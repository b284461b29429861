//go:build linux

package session_test

import (
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// TestSeatMovesToWhatWorks: from nothing to a display, not away from one that works, and on when it has gone.
func TestSeatMovesToWhatWorks(t *testing.T) {
	dir := shortHome(t)
	for _, name := range []string{"DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY"} {
		t.Setenv(name, "")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
	t.Setenv("XDG_RUNTIME_DIR", dir)
	var seat session.Seat
	serve := func(name string) (stop func()) {
		l, err := net.Listen("unix", filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return func() { _ = l.Close() }
	}
	offer := func(d session.Desktop, told bool, at string) {
		t.Helper()
		moved := seat.Moved()
		seat.Offer(d)
		select {
		case <-moved:
			if !told {
				t.Errorf("%+v: told without need", d)
			}
		default:
			if told {
				t.Errorf("%+v: nobody was told", d)
			}
		}
		if here := session.Here(); here.Wayland != at {
			t.Errorf("%+v: at %+v", d, here)
		}
	}
	first, second := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	offer(session.Desktop{Wayland: first}, false, "")
	stop := serve("one")
	serve("two")
	offer(session.Desktop{Wayland: first, Bus: "unix:path=" + second}, true, first) // which is no bus
	offer(session.Desktop{Wayland: second}, true, first)
	offer(session.Desktop{Wayland: first, Authority: "/new"}, true, first) // as after another login
	if got := session.Here(); got.Authority != "/new" || got.Bus != "" {
		t.Errorf("%+v", got)
	}
	stop()
	offer(session.Desktop{Wayland: second}, true, second)
	if os.Getenv("XAUTHORITY") != "" {
		t.Error("the other display's key was kept")
	}
	t.Setenv("WAYLAND_DISPLAY", "two") // beside the runtime folder, which another process may not have
	if here := session.Here(); here.Wayland != second {
		t.Errorf("%+v", here)
	}
}

// TestOfferOfTheSameDesktop: who is on a desktop that answers does not greet its bus once more.
func TestOfferOfTheSameDesktop(t *testing.T) {
	dir := shortHome(t)
	var greeted atomic.Int32
	serve := func(name string, count *atomic.Int32) string {
		path := filepath.Join(dir, name)
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return // the test has ended
				}
				count.Add(1)
				_ = conn.Close()
			}
		}()
		return path
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("XAUTHORITY", "")
	t.Setenv("WAYLAND_DISPLAY", serve("way", new(atomic.Int32)))
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+serve("bus", &greeted))
	var seat session.Seat
	moved := seat.Moved()
	seat.Offer(session.Here())
	select {
	case <-moved:
	default:
		t.Error("nobody was told: what failed there is not tried again")
	}
	if n := greeted.Load(); n != 0 {
		t.Errorf("the bus was asked %d times", n)
	}
	other := session.Here()
	other.Authority = "/new"
	if seat.Offer(other); greeted.Load() == 0 {
		t.Error("another desktop's bus was not asked")
	}
}

func TestHoldDisplay(t *testing.T) {
	dir := shortHome(t)
	l, err := net.Listen("unix", filepath.Join(dir, "way"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, c := range map[string]struct{ x, wayland, want string }{
		"none":            {"", "", session.ErrNoDisplay.Error()},
		"Wayland":         {"", filepath.Join(dir, "way"), ""},
		"dead Wayland":    {"", filepath.Join(dir, "gone"), "the display does not answer: WAYLAND_DISPLAY is " + filepath.Join(dir, "gone")},
		"dead X":          {":4711", "", "the display does not answer: DISPLAY is :4711"},
		"nonsense":        {"nonsense", "", "the display does not answer: DISPLAY is nonsense"},
		"Wayland, dead X": {":4711", filepath.Join(dir, "way"), ""},
	} {
		t.Setenv("DISPLAY", c.x)
		t.Setenv("WAYLAND_DISPLAY", c.wayland)
		t.Setenv("WAYLAND_SOCKET", "")
		got := ""
		release, err := session.HoldDisplay()
		release()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
