//go:build desktop && linux

package desktop_test

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"github.com/tabferry/tabferry/packaging/box"
)

// settle is how long the window gets to show what the agent has told already.
const settle = 500 * time.Millisecond

// screen is the program's window on the box's screen, seen and driven from outside.
type screen struct {
	t   *testing.T
	app *box.App
	l   *listener // see listen
}

// untilWindow waits for the window and gives it the focus.
func untilWindow(t *testing.T, app *box.App) *screen {
	t.Helper()
	w := &screen{t: t, app: app}
	w.activate()
	return w
}

// activate gives the window the focus.
func (w *screen) activate() {
	w.t.Helper()
	w.xdotool("windowactivate", "--sync", w.window())
}

// window waits for the window and returns its number. A look may find nothing although it is there: while windows
// come and go xdotool gives up.
func (w *screen) window() (number string) {
	w.t.Helper()
	err := box.Until(within(w.t, box.Patience), func() bool {
		out, err := w.output("xdotool", "search", "--onlyvisible", "--name", "^Tabferry")
		number, _, _ = strings.Cut(out, "\n")
		return err == nil && number != ""
	})
	if err != nil {
		w.t.Fatal("no window appeared")
	}
	return number
}

// count counts the windows. One look that finds none is not believed: see window.
func (w *screen) count() (n int) {
	for look := 0; n == 0 && look < 3; look++ {
		out, _ := w.output("xdotool", "search", "--onlyvisible", "--name", "^Tabferry") // exit 1 means: none
		n = len(strings.Fields(out))
	}
	return n
}

// listen has a screen reader listen to the window from now on.
func (w *screen) listen() *listener {
	w.t.Helper()
	if w.l != nil {
		return w.l
	}
	reader, err := w.app.Box.Reader(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := reader.Close(); err != nil {
			w.t.Error(err)
		}
	})
	w.l = &listener{w.t, reader}
	return w.l
}

func (w *screen) keys(chord string) { w.t.Helper(); w.xdotool("key", "--clearmodifiers", chord) }

// close closes the window as its title bar does. The first time it says that Tabferry goes on; Return
// agrees.
func (w *screen) close() {
	w.t.Helper()
	w.listen()
	if out, err := w.output("wmctrl", "-c", "Tabferry"); err != nil {
		w.t.Fatalf("closing the window: %v: %s", err, out)
	}
	asks := false
	err := box.Until(within(w.t, box.Patience), func() bool {
		if w.count() == 0 {
			return true
		}
		all, err := w.l.Glance(within(w.t, box.Patience), "Tabferry")
		asks = err == nil && slices.ContainsFunc(all, func(o box.Told) bool { return o.Role == "dialog" })
		return asks
	})
	if err != nil {
		w.t.Fatal("the window neither closes nor asks")
	}
	if asks {
		w.keys("Return")
		w.untilGone()
	}
}

func (w *screen) untilGone() {
	w.t.Helper()
	if err := box.Until(within(w.t, box.Patience), func() bool { return w.count() == 0 }); err != nil {
		w.t.Fatal("the window did not close")
	}
}

// untilText reads the screen, as a person would, until it shows the text.
func (w *screen) untilText(want string) {
	w.t.Helper()
	time.Sleep(settle) // a look costs seconds on a busy machine: the first one should see it
	deadline := time.Now().Add(box.Patience)
	for began, looks := time.Now(), 1; ; looks++ {
		text := w.read()
		if strings.Contains(text, want) {
			w.t.Logf("read %q after %d looks, %v", want, looks, time.Since(began).Round(time.Millisecond))
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the screen does not show %q; it reads:\n%s", want, text)
		}
	}
}

// read is the text on the screen, as a person would read it.
func (w *screen) read() string {
	w.t.Helper()
	shot := filepath.Join(w.app.Box.Dir, "screen.pgm")
	if err := os.WriteFile(shot, enlarged(w.look()), 0o600); err != nil {
		w.t.Fatal(err)
	}
	// One thread: more of them wait for each other busily, which a busy machine punishes.
	text, err := w.output("env", "OMP_THREAD_LIMIT=1", "tesseract", shot, "-", "--psm", "11")
	if err != nil {
		w.t.Fatalf("tesseract: %v: %s", err, text)
	}
	return strings.ReplaceAll(text, "\n", " ")
}

func (w *screen) xdotool(args ...string) {
	w.t.Helper()
	if out, err := w.output("xdotool", args...); err != nil {
		w.t.Fatalf("xdotool %v: %v: %s", args, err, out)
	}
}

func (w *screen) output(name string, args ...string) (string, error) {
	cmd := w.app.Box.Command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, nil
	if err := cmd.Start(); err != nil {
		return "", err
	}
	late := time.AfterFunc(box.Patience, func() { _ = cmd.Process.Kill() }) // xdotool may wait for ever for a window
	defer late.Stop()
	err := cmd.Wait()
	return out.String(), err
}

// enlarged is a picture twice as large and grey, as a file (PGM): the recogniser was trained on print, which has far
// more pixels to a letter.
func enlarged(small *image.RGBA) []byte {
	large := image.NewRGBA(image.Rectangle{Max: small.Bounds().Size().Mul(2)})
	draw.ApproxBiLinear.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	file := fmt.Appendf(nil, "P5 %d %d 255\n", large.Bounds().Dx(), large.Bounds().Dy())
	for p := large.Pix; len(p) > 0; p = p[4:] {
		file = append(file, byte((299*int(p[0])+587*int(p[1])+114*int(p[2]))/1000)) // #nosec G115 -- of three bytes
	}
	return file
}
