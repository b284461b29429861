//go:build desktop && linux

package desktop_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

// elsewhere changes the environment of a command: "NAME=value" sets, "NAME" takes away.
func elsewhere(cmd *exec.Cmd, changes ...string) *exec.Cmd {
	for _, change := range changes {
		name, _, set := strings.Cut(change, "=")
		cmd.Env = slices.DeleteFunc(cmd.Env, func(line string) bool { return strings.HasPrefix(line, name+"=") })
		if set {
			cmd.Env = append(cmd.Env, change)
		}
	}
	return cmd
}

// outcome runs a command to its end and returns what it said on standard error, and its exit code.
func outcome(t *testing.T, cmd *exec.Cmd) (said string, code int) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stderr, cmd.WaitDelay = &out, 2*time.Second
	late := time.AfterFunc(box.Patience, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer late.Stop()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// agentElsewhere starts an agent in another environment and waits for it.
func agentElsewhere(t *testing.T, app *box.App, changes ...string) {
	t.Helper()
	cmd := elsewhere(app.Command(app.Lean, "agent"), changes...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // says "killed"
	})
	if _, err := app.Until(within(t, box.Patience), "an agent", func(snapshot) bool { return true }); err != nil {
		t.Fatal(err)
	}
}

// TestSessionIsHandedOver: an agent from before the desktop, as over ssh, takes the display and the bus of
// the login's agent entry: tray, clipboard, window and notifications then work.
func TestSessionIsHandedOver(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	agentElsewhere(t, app, "DISPLAY", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere")
	if err := app.SignIn(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	const link = "https://example.org/copied-before"
	copyText(t, app, link)
	said, code := outcome(t, app.Command(app.Lean, "agent"))
	if code != 1 || said != "tabferry: another agent is running\n" {
		t.Errorf("a second agent: exit %d, %q", code, said)
	}
	tray, err := app.Box.Tray(within(t, box.Patience))
	if err != nil {
		t.Fatal(err)
	}
	defer tray.Close()
	find := func(label string) box.MenuItem {
		t.Helper()
		item, err := tray.Until(within(t, box.Patience), label, func(i box.MenuItem) bool { return strings.Contains(i.Label, label) })
		if err != nil {
			t.Fatal(err)
		}
		return item
	}
	find("example.org")
	if err := tray.Click(find("Demo phone")); err != nil {
		t.Fatal(err)
	}
	untilReceived(t, app, "Demo phone", link)
	bus, err := app.Box.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	command(t, app, 0, "demo", "send-me", "https://example.org/a")
	if n, err := bus.Next(within(t, box.Patience)); err != nil || !strings.Contains(n.Body, "example.org") {
		t.Errorf("%+v, %v", n, err)
	}
	if err := tray.Click(find("Open Tabferry")); err != nil {
		t.Fatal(err)
	}
	untilWindow(t, app)
	picture(t, app, "session-handed-over")
	quitAll(t, app)
}

// picture keeps what the screen shows, for people to look at, in the folder that TABFERRY_SHOTS names.
func picture(t *testing.T, app *box.App, name string) {
	t.Helper()
	folder := os.Getenv("TABFERRY_SHOTS")
	if folder == "" {
		return
	}
	time.Sleep(settle)
	if err := app.Screenshot(filepath.Join(folder, name+".png")); err != nil {
		t.Error(err)
	}
}

// TestSessionOfCronIsTheSame: a start that names no runtime folder, before or after the desktop's.
func TestSessionOfCronIsTheSame(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	cron := func(args ...string) (string, int) {
		return outcome(t, elsewhere(app.Command(app.Lean, args...), "XDG_RUNTIME_DIR", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_CURRENT_DESKTOP"))
	}
	signedIn(t, app)
	if said, code := cron("send", "--to", "demo phone", "https://example.org/cron"); code != 0 {
		t.Errorf("after the desktop: exit %d, %s", code, said)
	}
	untilReceived(t, app, "Demo phone", "https://example.org/cron")
	if said, code := cron("quit"); code != 0 {
		t.Errorf("quit: exit %d, %s", code, said)
	}
	untilAgentGone(t, app)
	if said, code := cron("agent", "--help"); code != 0 {
		t.Errorf("exit %d, %s", code, said)
	}
	if _, code := cron("devices"); code != 3 { // a new demo: nobody is signed in, and an agent runs
		t.Errorf("before the desktop: exit %d", code)
	}
	if said, code := outcome(t, app.Command(app.Lean, "agent")); code != 1 || said != "tabferry: another agent is running\n" {
		t.Errorf("the desktop's agent: exit %d, %q", code, said)
	}
}

// TestSessionStartsNoBus: with dbus-launch on the path and no bus, nothing is started and left behind.
func TestSessionStartsNoBus(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	called, bin := filepath.Join(app.Box.Dir, "called"), filepath.Join(app.Box.Dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dbus-launch", "dbus-daemon", "gnome-keyring-daemon"} {
		script := "#!/bin/sh\necho " + name + " \"$@\" >>'" + called + "'\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(app.Box.Dir, "run2"), 0o700); err != nil {
		t.Fatal(err)
	}
	without := func(binary string, args ...string) (string, int) {
		return outcome(t, elsewhere(app.Command(binary, args...), "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR="+filepath.Join(app.Box.Dir, "run2"), "PATH="+bin+":"+os.Getenv("PATH")))
	}
	for range 3 {
		if said, code := without(app.Lean, "devices"); code != 3 {
			t.Errorf("devices: exit %d, %s", code, said)
		}
		if said, code := without(app.Lean, "window"); code != 0 { // the toolkit asks for a bus too
			t.Errorf("window: exit %d, %s", code, said)
		}
		untilWindow(t, app)
		if said, code := without(app.Lean, "quit"); code != 0 {
			t.Errorf("quit: exit %d, %s", code, said)
		}
		untilNoWindow(t, app)
	}
	if text, err := os.ReadFile(called); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("started: %s", text)
	}
}

// xServer starts another X server and returns its display.
func xServer(t *testing.T, app *box.App, args ...string) string {
	t.Helper()
	numbers := filepath.Join(app.Box.Dir, "displays")
	file, err := os.Create(numbers)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := app.Box.Command("Xvfb", append([]string{"-r", "-displayfd", "3", "-screen", "0", "1000x700x24", "-nolisten", "tcp"}, args...)...)
	cmd.ExtraFiles = []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says "killed"
	})
	for deadline := time.Now().Add(box.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(numbers); err == nil && bytes.HasSuffix(text, []byte("\n")) {
			return ":" + strings.TrimSpace(string(text))
		}
	}
	t.Fatal("the X server did not start")
	return ""
}

// TestSessionWithoutOpenGL: one sentence from both programs and from the tray, and nothing that stays and
// swallows the next start.
func TestSessionWithoutOpenGL(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	display := "DISPLAY=" + xServer(t, app, "-extension", "GLX")
	agentElsewhere(t, app, display)
	for _, binary := range []string{app.Lean, app.Window} {
		for range 2 {
			said, code := outcome(t, elsewhere(app.Command(binary, "window"), display))
			if code != 1 || said != "tabferry: This display has no OpenGL; use the tray or `tabferry send`\n" {
				t.Errorf("%s: exit %d, %q", filepath.Base(binary), code, said)
			}
		}
	}
	said, code := outcome(t, elsewhere(app.Command(app.Window, "window"), "DISPLAY=:4711"))
	if code != 1 || strings.Count(said, "\n") != 1 || !strings.Contains(said, ":4711") {
		t.Errorf("a dead display: exit %d, %q", code, said)
	}
	bus, err := app.Box.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	tray, err := app.Box.Tray(within(t, box.Patience))
	if err != nil {
		t.Fatal(err)
	}
	defer tray.Close()
	open, err := tray.Until(within(t, box.Patience), "Open Tabferry", func(i box.MenuItem) bool { return strings.Contains(i.Label, "Open Tabferry") })
	if err != nil {
		t.Fatal(err)
	}
	if err := tray.Click(open); err != nil {
		t.Fatal(err)
	}
	if n, err := bus.Next(within(t, box.Patience)); err != nil || !strings.Contains(n.Body, "OpenGL") {
		t.Errorf("the tray's click says %+v, %v", n, err)
	}
	picture(t, app, "session-no-opengl")
	command(t, app, 0, "window") // the box's own display has it
	untilWindow(t, app)
	quitAll(t, app)
}

// quitAll ends the agent and every window, which keep their size in the box's folders at the end.
func quitAll(t *testing.T, app *box.App) {
	t.Helper()
	command(t, app, 0, "quit")
	untilAgentGone(t, app)
	untilNoWindow(t, app)
}

func untilNoWindow(t *testing.T, app *box.App) {
	t.Helper()
	if err := box.Until(within(t, box.Patience), func() bool { return !runs(app.Window) }); err != nil {
		out, _ := exec.Command("pgrep", "-fa", app.Window).Output() // it may have gone meanwhile
		t.Fatalf("a window stays: %s", out)
	}
}

// runs reports whether a program runs.
func runs(program string) bool { return exec.Command("pgrep", "-f", program).Run() == nil }

// TestSessionOnTwoDisplays: a window that is asked for on another display opens there.
func TestSessionOnTwoDisplays(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	other := "DISPLAY=" + xServer(t, app)
	command(t, app, 0, "window")
	untilWindow(t, app)
	if said, code := outcome(t, elsewhere(app.Command(app.Lean, "window", "--pane", "inbox"), other)); code != 0 {
		t.Fatalf("exit %d, %s", code, said)
	}
	var out []byte
	var failed error
	if err := box.Until(within(t, box.Patience), func() bool {
		there := elsewhere(app.Box.Command("xdotool", "search", "--onlyvisible", "--name", "^Tabferry"), other)
		there.Stdout = nil
		out, failed = there.Output()
		return failed == nil && len(strings.Fields(string(out))) == 1
	}); err != nil {
		t.Errorf("windows on the other display: %q, %v", out, failed)
	}
	quitAll(t, app)
}

// TestSessionWithALateNotificationServer is a login: the tab comes first.
func TestSessionWithALateNotificationServer(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{NoNotifications: true})
	signedIn(t, app)
	bus, err := app.Box.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	command(t, app, 0, "demo", "send-me", "https://example.org/early")
	if _, err := app.Until(within(t, box.Patience), "the tab", func(s snapshot) bool { return s.Inbox.Total == 1 }); err != nil {
		t.Fatal(err)
	}
	server := app.Box.Command("dunst")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait() // says "killed"
	})
	for {
		n, err := bus.Next(within(t, box.Patience))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(n.Body, "example.org") && slices.Contains(n.Actions, "Open") {
			break
		}
	}
	picture(t, app, "session-late-notification")
}
