//go:build desktop && linux

package desktop_test

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// isRing reports whether a colour is the ring's in the appearance "contrast-dark", ffd84d or what its edges
// make of it. Nothing else there has it but for single pixels of the icon and of warnings.
func isRing(c color.RGBA) bool { return c.R >= 0xc8 && c.G >= 0xa8 && c.B <= 0x66 && c.R > c.G }

// ringRun is how many such pixels side by side are an edge of the ring.
const ringRun = 8

// TestByTheKeyboardAlone walks through the whole window without a mouse, at its usual size, at twice the
// size of everything on a small screen, and at its least size: at each stop of the Tab key the ring is seen
// on the screen, whole. Then it sends a tab.
func TestByTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		screen box.Params
		scale  string
		size   string // of the window, as wmctrl has it; empty for the first
	}{
		"usual size":            {box.Params{}, "1", ""},
		"least size":            {box.Params{}, "1", "480,400"},
		"twice, on little room": {box.Params{Width: 1024, Height: 600}, "2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newApp(t, c.screen)
			app.Setenv("FYNE_SCALE", c.scale)
			w := sharpWindow(t, app)
			if c.size != "" {
				if out, err := w.output("wmctrl", "-r", "Tabferry", "-e", "0,40,40,"+c.size); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				w.untilSized(c.size)
			}
			for i, pane := range []string{"Send", "Inbox", "Devices", "Pair", "Account", "Settings"} {
				w.goes(fmt.Sprint("alt+", i+1), pane)
				w.walk(pane)
			}
			if c.scale == "1" && c.size == "" {
				w.sendByKeyboard()
			}
		})
	}
}

// sharpWindow opens the window of somebody who is signed in, in the appearance whose ring is found.
func sharpWindow(t *testing.T, app *box.App) *screen {
	t.Helper()
	if _, err := app.Start(app.Lean, "agent"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "an agent", func(snapshot) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if err := app.SignIn(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	s, err := app.Until(within(t, box.Patience), "devices", func(s snapshot) bool { return len(s.Devices.Items) > 1 })
	if err != nil {
		t.Fatal(err)
	}
	settings := s.Settings
	settings.Appearance = "contrast-dark"
	if err := app.Client().SetSettings(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	w.untilTold(offers("page tab", "Send"), effect{"a device", func(all []box.Told) bool { // in sight or further down
		return slices.ContainsFunc(all, func(o box.Told) bool { return strings.Contains(o.Name, "Demo phone") })
	}})
	return w
}

// stops is how often Tab is pressed in a pane: more than most have stops. That it goes round is tried
// without a screen.
const stops = 20

// redraw is within what the ring is drawn elsewhere once it is told that the focus has moved; if it is not, it has
// come to the same place, because the page has scrolled.
const redraw = time.Second

// walk presses Tab. At each stop the ring lies on the screen, whole.
func (w *screen) walk(pane string) {
	w.t.Helper()
	last, moves := image.Rectangle{}, 0
	for stop := range stops {
		w.move("Tab")
		ring, ok := w.untilRing(last)
		if !ok {
			w.keep("no-ring")
			w.t.Fatalf("pane %s, stop %d: the ring on the screen is %v, after one at %v", pane, stop, ring, last)
		}
		if ring != last {
			moves++
		}
		last = ring
	}
	if moves < stops*2/3 {
		w.t.Errorf("pane %s: the ring moved at %d of %d presses", pane, moves, stops)
	}
}

// untilRing waits for a whole ring elsewhere than it was. Where the page has scrolled it may have come to the
// same place.
func (w *screen) untilRing(before image.Rectangle) (ring image.Rectangle, whole bool) {
	w.t.Helper()
	for began := time.Now(); ; time.Sleep(settle / 10) {
		ring = w.ring()
		whole = ring.Dx() >= 12 && ring.Dy() >= 12
		late := time.Since(began)
		if whole && (ring != before || late > redraw) || late > box.Patience {
			return ring, whole
		}
	}
}

// untilWide waits for a ring of some size.
func (w *screen) untilWide(width, height int) (ring image.Rectangle) {
	w.t.Helper()
	_ = box.Until(within(w.t, box.Patience), func() bool { // the caller looks at what there is
		ring = w.ring()
		return ring.Dx() >= width && ring.Dy() >= height
	})
	return ring
}

// untilSized waits until the window has a size, as wmctrl names it, and what is in it lies within.
func (w *screen) untilSized(size string) {
	w.t.Helper()
	width, height, _ := strings.Cut(size, ",")
	w.untilTold(effect{"a window of " + size, func(all []box.Told) bool {
		at := w.place(all[0])
		return strconv.Itoa(at.Dx()) == width && strconv.Itoa(at.Dy()) == height
	}})
}

// ring returns the box around the upper and lower edges of the ring, empty where there is none.
func (w *screen) ring() (found image.Rectangle) {
	w.t.Helper()
	picture := w.look()
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		run := 0
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			if !isRing(picture.RGBAAt(x, y)) {
				run = 0
			} else if run++; run >= ringRun {
				found = found.Union(image.Rect(x+1-run, y, x+1, y+1))
			}
		}
	}
	return found
}

func (w *screen) look() *image.RGBA {
	w.t.Helper()
	picture, err := w.app.Box.Look(within(w.t, box.Patience))
	if err != nil {
		w.t.Fatal(err)
	}
	return picture
}

// keep puts what is on the screen where TABFERRY_KEEP says, for people to look at.
func (w *screen) keep(name string) {
	w.t.Helper()
	folder := os.Getenv("TABFERRY_KEEP")
	if folder == "" {
		return
	}
	if err := w.app.Screenshot(filepath.Join(folder, name+".png")); err != nil {
		w.t.Error(err)
	}
}

// sendByKeyboard types a link on the send pane, chooses devices by the space bar and sends by Ctrl+Return.
func (w *screen) sendByKeyboard() {
	w.t.Helper()
	w.goes("alt+1", "Send")
	w.xdotool("type", "--clearmodifiers", "https://keyboard.example/")
	w.keys("Tab") // Paste
	w.keys("Tab") // the list of devices: "All devices"
	w.keys("space")
	w.untilTold(has(box.ToldChecked, "check box", "All devices"))
	w.keep("keyboard-send")
	w.keys("ctrl+Return")
	_, err := w.app.Until(within(w.t, box.Patience), "a sent tab", func(s snapshot) bool {
		for _, e := range s.Outbox.Recent {
			if e.URL == "https://keyboard.example/" && e.State != localapi.SendWaiting {
				return true
			}
		}
		return false
	})
	if err != nil {
		w.t.Error(err)
	}
}
