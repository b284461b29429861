//go:build wine && linux

package wine_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/packaging/box"
)

// demo runs the lean program on its demo.
func (m *machine) demo(args ...string) result {
	m.t.Helper()
	return m.wine(filepath.Join(programs, "tabferry.exe"), append([]string{"--demo"}, args...)...)
}

// ok is demo for what has to succeed.
func (m *machine) ok(args ...string) string {
	m.t.Helper()
	r := m.demo(args...)
	if r.code != 0 {
		m.t.Fatalf("tabferry --demo %s: exit %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

// The lean program, from the first command to the last: it starts agent and demo, signs in by a browser,
// sends, receives, and leaves nothing running.
func TestLeanProgram(t *testing.T) {
	m := newMachine(t, "")
	signIn := m.command("wine", filepath.Join(programs, "tabferry.exe"), "--demo", "signin", "--no-browser")
	said := filepath.Join(m.dir, "signin")
	file, err := os.Create(said)
	if err != nil {
		t.Fatal(err)
	}
	signIn.Stdout, signIn.Stderr = file, file
	if err := signIn.Start(); err != nil {
		t.Fatal(err)
	}
	page := ""
	m.until("the page of the sign-in", func() bool {
		text, _ := os.ReadFile(said)
		page = regexp.MustCompile(`http://127\.0\.0\.1:\d+/\S+`).FindString(string(text))
		return page != ""
	})
	if err := box.Continue(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	if err := signIn.Wait(); err != nil {
		text, _ := os.ReadFile(said)
		t.Fatalf("signing in: %v\n%s", err, text)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	run := m.local("tabferry-demo/run")
	if info, err := os.Stat(filepath.Join(run, "agent.sock.tcp")); err != nil || info.Mode().Perm()&0o007 != 0 { // Wine gives the group what it gives the owner
		t.Errorf("the file with the secrets: %v, %v", info, err)
	}

	m.ok("send", "--to", "Demo phone", "https://example.org/from-windows?a=1&b=2")
	m.until("the phone to have the tab", func() bool { return strings.Contains(m.ok("demo", "report"), `https://example.org/from-windows?a=1`) })
	m.ok("demo", "send-me", "https://example.com/to-windows")
	m.until("the tab from the phone", func() bool { return strings.Contains(m.ok("inbox"), "https://example.com/to-windows") })
	if second := m.demo("agent"); second.code == 0 {
		t.Error("a second agent begins")
	}
	var status struct {
		Account struct{ State string }
		Storage struct{ Protection string }
	}
	if err := json.Unmarshal([]byte(m.ok("--json", "status")), &status); err != nil || status.Account.State != "signed_in" || status.Storage.Protection != "keyring" {
		t.Errorf("the state is %+v, %v", status, err)
	}
	m.ok("quit", "--force")
	m.until("agent and demo to end", func() bool { return len(m.running("tabferry")) == 0 })
	if left, err := filepath.Glob(filepath.Join(run, "*.tcp")); err != nil || len(left) != 0 {
		t.Errorf("left in the runtime folder: %q, %v", left, err)
	}
	log, err := os.ReadFile(m.local("tabferry-demo/logs/agent.log"))
	if err != nil || strings.Contains(string(log), "without waiting") {
		t.Errorf("the agent did not end by itself: %v\n%s", err, log)
	}
}

// The tests of the parts that differ on Windows.
func TestParts(t *testing.T) {
	m := newMachine(t, "")
	for part, tests := range map[string]string{
		"account/agent/localapi/socket": ".",
		"notify":                        "TestToasts|TestHarmless",
		"ui/desktop":                    "TestSwitchedOffInTheTaskManager",
		"ui/tray":                       "TestLabels|TestMenu|TestIcon|TestTooltip",
	} {
		binary := filepath.Join(m.dir, filepath.Base(part)+".exe")
		if out, err := windowsGo("test", "-c", "-o", binary, "github.com/tabferry/tabferry/"+part).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", part, err, out)
		}
		r := m.wine(binary, "-test.run", tests, "-test.v")
		if r.code != 0 || !strings.Contains(r.out, "--- PASS") || strings.Contains(r.out, "--- FAIL") {
			t.Errorf("%s: exit %d\n%s%s", part, r.code, r.out, r.err)
		}
	}
}

// display starts an X server and returns its name.
func display(t *testing.T) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	})
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	var number int
	if _, err := fmt.Fscan(read, &number); err != nil {
		t.Fatalf("Xvfb says no display: %v", err)
	}
	if err := read.Close(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(":%d", number)
}

// window waits for a window whose title this is, or whose title holds it.
func (m *machine) window(title string) {
	m.t.Helper()
	m.until("a window called "+title, func() bool {
		out, err := m.command("xdotool", "search", "--onlyvisible", "--name", title).Output()
		return err == nil && strings.TrimSpace(string(out)) != ""
	})
}

// sight is what a look at the screen has seen: how many colours, and a sum of all points.
type sight struct {
	colours int
	sum     uint32
}

// photograph keeps a picture of the screen in shots/.
func (m *machine) photograph(name string) sight {
	m.t.Helper()
	path, err := filepath.Abs(filepath.Join("../../shots", name+".png"))
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.must("scrot", "-o", path)
	file, err := os.Open(path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		m.t.Fatal(err)
	}
	seen, sum := map[[3]byte]bool{}, crc32.NewIEEE()
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			point := [3]byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)}
			seen[point] = true
			sum.Write(point[:])
		}
	}
	return sight{len(seen), sum.Sum32()}
}

// untilDrawn waits until the screen shows something else than before, and the same at two looks.
func (m *machine) untilDrawn(name string, before sight) {
	m.t.Helper()
	last := before
	m.until(name+" to be drawn", func() bool {
		now := m.photograph(name)
		still := now == last && now != before
		last = now
		return still
	})
}

// The window opens, starts agent and demo, shows itself, comes again when it is asked for, and ends with
// the agent.
func TestWindow(t *testing.T) {
	m := newMachine(t, display(t))
	open := m.command("wine", filepath.Join(programs, "tabferry-window.exe"), "--demo")
	if err := open.Start(); err != nil {
		t.Fatal(err)
	}
	m.window("Tabferry")
	var window sight
	m.until("the window to be drawn", func() bool { window = m.photograph("wine-window"); return window.colours > 200 })
	if r := m.wine(filepath.Join(programs, "tabferry-window.exe"), "--demo", "window", "--pane", "settings"); r.code != 0 {
		t.Errorf("a second window: exit %d\n%s%s", r.code, r.out, r.err)
	}
	m.untilDrawn("wine-window-settings", window)
	m.ok("quit", "--force")
	if err := open.Wait(); err != nil {
		t.Errorf("the window ended with %v", err)
	}
	m.until("everything to end", func() bool { return len(m.running("tabferry")) == 0 })
}

// A window that cannot begin says why in a message box: it has no standard error.
func TestMessageBox(t *testing.T) {
	m := newMachine(t, display(t))
	place := m.local("tabferry-demo")
	if err := os.WriteFile(place, []byte("no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := m.photograph("wine-message")
	// "start" is how Explorer starts programs: without the streams of a terminal.
	open := m.command("wine", "start", "/wait", "/unix", filepath.Join(programs, "tabferry-window.exe"), "--demo")
	if err := open.Start(); err != nil {
		t.Fatal(err)
	}
	m.window("^Tabferry$")
	m.untilDrawn("wine-message", empty)
	m.must("xdotool", "search", "--onlyvisible", "--name", "^Tabferry$", "windowfocus", "key", "Return")
	_ = open.Wait() // with the program's exit code
	m.until("everything to end", func() bool { return len(m.running("tabferry-window")) == 0 })
}
