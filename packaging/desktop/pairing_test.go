//go:build desktop && linux

package desktop_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
	"github.com/tabferry/tabferry/ui/qr"
)

// pairingTime is what scanning until connected may take without the person's time.
const pairingTime = 5 * time.Second

// tellTime is within what both sides know that one has said no.
const tellTime = time.Second

// TestPairAPhone: the window shows the code, a phone scans it from the real screen, and the person
// says yes or no at the keyboard. The code's key is found nowhere else.
func TestPairAPhone(t *testing.T) {
	app := newApp(t, box.Params{})
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	if err := app.SignIn(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	w.untilText("Demo tablet") // signing in has led to the Send pane
	w.goes("alt+4", "Pair")
	var codes []string
	show := func() string {
		t.Helper()
		w.untilFocus("Show the code")
		w.keys("Return")
		code := w.untilCode()
		if slices.Contains(codes, code) {
			t.Fatal("the same code again")
		}
		codes = append(codes, code)
		return code
	}
	atMost(t, "until both sides knew of the no it took", tellTime, func() time.Duration {
		code := show()
		keyIsNowhere(t, app, code)
		command(t, app, 0, "demo", "scan", code)
		untilPairing(t, app, localapi.PairAsked)
		w.untilText("Let this device into your account")
		keyIsNowhere(t, app, code)
		w.untilFocus("Decline") // the default
		w.keys("Return")
		declined := time.Now()
		untilNoPairing(t, app)
		if err := box.Until(within(t, box.Patience), func() bool { return report(t, app).Pairing == "cancelled" }); err != nil {
			t.Fatalf("the phone does not know: its pairing is %s", report(t, app).Pairing)
		}
		return time.Since(declined)
	})

	first := true
	atMost(t, "from scanning to connected, without the person's time, it took", pairingTime, func() time.Duration {
		if !first {
			w.keys("Return") // closes what tells of the pairing before
		}
		first = false
		code := show()
		began := time.Now()
		command(t, app, 0, "demo", "scan", code)
		untilPairing(t, app, localapi.PairAsked)
		took := time.Since(began)
		w.untilText("Firefox for Android")
		w.untilFocus("Decline")
		w.move("Tab") // to allowing
		began = time.Now()
		w.keys("Return")
		untilPairing(t, app, localapi.PairDone)
		took += time.Since(began)
		w.untilText("Connected")
		return took
	})
	if _, err := app.Until(within(t, box.Patience), "the phone among the devices", func(s snapshot) bool {
		for _, d := range s.Devices.Items {
			if strings.HasPrefix(d.Name, "Paired phone") {
				return true
			}
		}
		return false
	}); err != nil {
		t.Error(err)
	}
	for _, code := range codes {
		keyIsNowhere(t, app, code)
	}
}

// atMost holds something to a limit by the best of some tries.
func atMost(t *testing.T, what string, limit time.Duration, measure func() time.Duration) {
	t.Helper()
	best, err := box.Best(limit, func() (time.Duration, error) { return measure(), nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s %v", what, best.Round(time.Millisecond))
	if best > limit {
		t.Errorf("%s %v, want at most %v", what, best, limit)
	}
}

func untilNoPairing(t *testing.T, app *box.App) {
	t.Helper()
	if _, err := app.Until(within(t, box.Patience), "the end of the pairing", func(s snapshot) bool { return s.Pairing == nil }); err != nil {
		t.Fatal(err)
	}
}

// TestPairShowInTheTerminal: the question is put in the terminal, no is the answer to anything but
// yes, and it goes away with the request.
func TestPairShowInTheTerminal(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	signedIn(t, app)
	for _, c := range []struct {
		name, input string
		code        int
		says        string
	}{
		{"Return declines", "\n", 1, "Declined"},
		{"yes lets in", "yes\n", 0, "Paired."},
	} {
		t.Run(c.name, func(t *testing.T) {
			type ended struct {
				box.Result
				err error
			}
			done := make(chan ended, 1)
			go func() {
				r, err := app.RunInput(within(t, box.Patience), c.input, "pair", "show")
				done <- ended{r, err}
			}()
			untilPairing(t, app, localapi.PairShowing)
			if _, err := app.Run(within(t, box.Patience), "demo", "scan"); err != nil { // it fails where the answer is no
				t.Fatal(err)
			}
			r := <-done
			if r.err != nil || r.Code != c.code || !strings.Contains(r.Err, c.says) || !strings.Contains(r.Err, "Firefox for Android") {
				t.Errorf("exit %d, %v: %s", r.Code, r.err, r.Err)
			}
			if !strings.ContainsAny(r.Out, "█▀▄") || strings.Contains(r.Out+r.Err, "channel_key") {
				t.Errorf("want the code drawn and not spelled out: %s", r.Err)
			}
		})
	}
}

// TestJoin: a signed-out Tabferry reads the code that another device shows, by every way there is.
func TestJoin(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	if _, err := app.Start(app.Lean, "agent"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "an agent", func(snapshot) bool { return true }); err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(app.Box.Dir, "code.png")
	for _, way := range []struct {
		name  string
		input func(address string) string
		args  func(address string) []string
	}{
		{"address", nil, func(address string) []string { return []string{address} }},
		{"standard input", func(address string) string { return address + "\n" }, func(string) []string { return []string{"-"} }},
		{"picture file", nil, func(string) []string { return []string{picture} }},
		{"clipboard", nil, func(string) []string { copyPicture(t, app, picture); return []string{"--clipboard"} }},
		{"screen", nil, func(string) []string { showOnScreen(t, app, picture); return nil }},
	} {
		t.Run(way.name, func(t *testing.T) {
			address := showCode(t, app, picture)
			input := "yes\n"
			if way.input != nil {
				input = way.input(address) + input
			}
			r, err := app.RunInput(within(t, box.Patience), input, append([]string{"pair", "join"}, way.args(address)...)...)
			if err != nil || r.Code != 0 || !strings.Contains(r.Err, "Demo laptop") {
				t.Fatalf("exit %d, %v: %s", r.Code, err, r.Err)
			}
			untilJoined(t, app)
			keyIsNowhere(t, app, address)
			command(t, app, 0, "signout")
		})
	}
}

// TestJoinAtTheWindow: the code's picture is pasted into the window; the other side's no is told at
// once; Return is no, and yes signs in.
func TestJoinAtTheWindow(t *testing.T) {
	app := newApp(t, box.Params{})
	if _, err := app.Start(app.Window, "window", "--pane", "pair"); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	w.untilText("Connect this computer")
	picture := filepath.Join(app.Box.Dir, "code.png")
	paste := func() {
		t.Helper()
		showCode(t, app, picture)
		copyPicture(t, app, picture)
		w.untilTold(shows("Connect this computer"))
		w.keys("ctrl+v")
		untilPairing(t, app, localapi.PairConfirming)
		w.untilText("Sign in with this account")
		w.untilFocus("Cancel") // the default
	}
	no := func() time.Duration {
		t.Helper()
		w.keys("Return")
		began := time.Now()
		untilNoPairing(t, app)
		return time.Since(began)
	}
	atMost(t, "the other side's no, and clearing the ended pairing, took", tellTime, func() time.Duration {
		paste()
		if _, err := app.Client().PairingCode(t.Context()); err == nil {
			t.Error("the code that was read is given out")
		}
		command(t, app, 0, "demo", "show-code") // the laptop drops the first one for it
		began := time.Now()
		untilPairing(t, app, localapi.PairCancelled)
		told := time.Since(began)
		w.untilText("Pairing was cancelled")
		w.untilFocus("Close")
		return max(told, no())
	})
	atMost(t, "our no took", tellTime, func() time.Duration {
		paste()
		return no()
	})
	paste()
	w.move("Tab")
	w.keys("Return")
	untilJoined(t, app)
}

// untilCode reads the code from the screen, as a phone does, and gives its address.
func (w *screen) untilCode() string {
	w.t.Helper()
	ctx := within(w.t, box.Patience)
	for {
		var file bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&file, w.look()); err != nil {
			w.t.Fatal(err)
		}
		address, err := qr.Decode(file.Bytes())
		if err == nil && strings.Contains(address, "channel_key=") {
			return address
		}
		if ctx.Err() != nil {
			w.t.Fatalf("no code can be read from the screen: %v", err)
		}
		time.Sleep(settle / 10)
	}
}

func untilPairing(t *testing.T, app *box.App, state localapi.PairingState) {
	t.Helper()
	s, err := app.Until(within(t, box.Patience), "pairing to be "+string(state), func(s snapshot) bool {
		return s.Pairing != nil && s.Pairing.State == state
	})
	if err != nil {
		t.Fatalf("%v: pairing %+v", err, s.Pairing)
	}
}

func untilJoined(t *testing.T, app *box.App) {
	t.Helper()
	if _, err := app.Until(within(t, box.Patience), "the account and its devices", func(s snapshot) bool {
		return s.Account.State == localapi.SignedIn && s.Account.Email == "demo@example.com" && len(s.Devices.Items) >= 3
	}); err != nil {
		t.Fatal(err)
	}
}

// showCode has the demo laptop show a code, and draws it into a file.
func showCode(t *testing.T, app *box.App, file string) string {
	t.Helper()
	address := strings.TrimSpace(command(t, app, 0, "demo", "show-code").Out)
	code, err := qr.Draw(address)
	if err != nil {
		t.Fatal(err)
	}
	const module = 5
	side := (code.Bounds().Dx() + 2*qr.QuietZone) * module
	picture := image.NewGray(image.Rect(0, 0, side, side))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	for y := range code.Bounds().Dy() {
		for x := range code.Bounds().Dx() {
			at := image.Rect(x, y, x+1, y+1).Add(image.Pt(qr.QuietZone, qr.QuietZone))
			at.Min, at.Max = at.Min.Mul(module), at.Max.Mul(module)
			draw.Draw(picture, at, image.NewUniform(code.At(x, y)), image.Point{}, draw.Src)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return address
}

func copyPicture(t *testing.T, app *box.App, file string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Box.Command("xclip", "-selection", "clipboard", "-t", "image/png", file).Run(); err != nil {
		t.Fatal(err)
	}
	// xclip becomes the owner a moment after it seems to be done.
	w := &screen{t: t, app: app}
	for deadline := time.Now().Add(box.Patience); ; time.Sleep(20 * time.Millisecond) {
		if got, err := w.output("xclip", "-selection", "clipboard", "-o", "-t", "image/png"); err == nil && got == string(want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the picture does not get onto the clipboard")
		}
	}
}

// showOnScreen makes a picture the desktop's background.
func showOnScreen(t *testing.T, app *box.App, file string) {
	t.Helper()
	_ = app.Box.Command("display", "-window", "root", file).Run() // it says 1 although it has drawn: look instead
	(&screen{t: t, app: app}).untilCode()
}

// keyIsNowhere looks for a code's key in everything that stays or that others can see: all files of
// the box, which hold logs, store and configuration, what the agent tells its faces, the diagnostics,
// and the command lines of the box's programs.
func keyIsNowhere(t *testing.T, app *box.App, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	values, err := url.ParseQuery(u.Fragment)
	if err != nil || len(values.Get("channel_key")) != 43 {
		t.Fatalf("no pairing address, %v", err)
	}
	key := []byte(values.Get("channel_key"))
	state, err := app.Client().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(told, key) {
		t.Error("the key is in the snapshot")
	}
	diagnostics, err := app.Client().Diagnostics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(diagnostics, string(key)) {
		t.Error("the key is in the diagnostics")
	}
	searched := 0
	err = filepath.WalkDir(app.Box.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return skipGone(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return skipGone(err)
		}
		searched++
		if bytes.Contains(content, key) {
			t.Errorf("the key is in %s", strings.TrimPrefix(path, app.Box.Dir))
		}
		return nil
	})
	if err != nil || searched < 5 {
		t.Fatalf("searched %d files: %v", searched, err)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for _, file := range lines {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		if bytes.HasPrefix(line, []byte(filepath.Dir(app.Lean))) {
			ours++
		}
		if bytes.Contains(line, key) {
			t.Errorf("the key is in a command line of %d bytes", len(line))
		}
	}
	if ours < 2 {
		t.Errorf("found %d of our processes, want the agent and the demo at least", ours)
	}
}

// skipGone forgives a file that was removed meanwhile.
func skipGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
