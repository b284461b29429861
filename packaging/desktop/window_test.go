//go:build desktop && linux

package desktop_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
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
}

// untilWindow waits for the window and gives it the focus.
func untilWindow(t *testing.T, app *box.App) *screen {
	t.Helper()
	w := &screen{t: t, app: app}
	deadline := time.Now().Add(20 * time.Second)
	for w.count() == 0 {
		if time.Now().After(deadline) {
			t.Fatal("no window appeared")
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.xdotool("search", "--onlyvisible", "--name", "^Tabferry", "windowactivate", "--sync")
	return w
}

func (w *screen) count() int {
	out, _ := w.output("xdotool", "search", "--onlyvisible", "--name", "^Tabferry") // exit 1 means: none
	return len(strings.Fields(out))
}

func (w *screen) keys(chord string) { w.t.Helper(); w.xdotool("key", "--clearmodifiers", chord) }

// close closes the window as its title bar does. The first time it says that Tabferry goes on; Return
// agrees, and goes nowhere when the window has closed at once.
func (w *screen) close() {
	w.t.Helper()
	if out, err := w.output("wmctrl", "-c", "Tabferry"); err != nil {
		w.t.Fatalf("closing the window: %v: %s", err, out)
	}
	time.Sleep(settle)
	w.keys("Return")
}

func (w *screen) untilGone() {
	w.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for w.count() != 0 {
		if time.Now().After(deadline) {
			w.t.Fatal("the window did not close")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// untilText reads the screen, as a person would, until it shows the text.
func (w *screen) untilText(want string) {
	w.t.Helper()
	shot := filepath.Join(w.app.Box.Dir, "screen.png")
	var text string
	time.Sleep(settle) // a look costs seconds on a busy machine: the first one should see it
	deadline := time.Now().Add(30 * time.Second)
	for began, looks := time.Now(), 1; ; looks++ {
		if err := w.app.Screenshot(shot); err != nil {
			w.t.Fatal(err)
		}
		enlarge(w.t, shot)
		var err error
		// One thread: more of them wait for each other busily, which a busy machine punishes.
		if text, err = w.output("env", "OMP_THREAD_LIMIT=1", "tesseract", shot, "-", "--psm", "11"); err != nil {
			w.t.Fatalf("tesseract: %v: %s", err, text)
		}
		if strings.Contains(strings.ReplaceAll(text, "\n", " "), want) {
			w.t.Logf("read %q after %d looks, %v", want, looks, time.Since(began).Round(time.Millisecond))
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the screen does not show %q; it reads:\n%s", want, text)
		}
	}
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
	err := cmd.Run()
	return out.String(), err
}

// enlarge makes a picture twice as large and grey: the recogniser was trained on print, which has far
// more pixels to a letter.
func enlarge(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	small, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	large := image.NewGray(image.Rectangle{Max: small.Bounds().Size().Mul(2)})
	draw.BiLinear.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, large); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
