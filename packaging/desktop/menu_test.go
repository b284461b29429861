//go:build desktop && linux

package desktop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
	"github.com/tabferry/tabferry/ui/desktop"
)

// menuEntry puts the packages' menu entry into the box, for the demo of this build, and returns what
// chooses it with links.
func menuEntry(t *testing.T, app *box.App) func(links ...string) *exec.Cmd {
	t.Helper()
	text, err := os.ReadFile("../linux/" + desktop.AppID + ".desktop")
	if err != nil {
		t.Fatal(err)
	}
	entry := strings.ReplaceAll(string(text), "\nExec=tabferry ", "\nExec="+app.Lean+" --demo ")
	entry = strings.ReplaceAll(entry, "\nTryExec=tabferry-window\n", "\nTryExec="+app.Window+"\n")
	file := filepath.Join(app.Box.Dir, desktop.AppID+".desktop")
	if err := os.WriteFile(file, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(links ...string) *exec.Cmd {
		return app.Box.Command("gio", append([]string{"launch", file}, links...)...)
	}
}

// choose chooses the entry.
func choose(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
}

// TestMenuStarts: on a desktop without a keyring and without a tray the entry opens the window, which says
// what is missing when it matters and goes on with the rest. With links the entry opens none twice.
func TestMenuStarts(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Keyring: box.KeyringAbsent, NoPanel: true})
	entry := menuEntry(t, app)
	choose(t, entry())
	w := untilWindow(t, app)
	w.untilText("Sign in")
	// By this panels know whose window it is, on X11; on Wayland by the application's id.
	named, err := w.output("xprop", "-name", "Tabferry", "WM_CLASS") // WM_CLASS(STRING) = "name", "class"
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Split(named, `"`)
	class := words[max(0, len(words)-2)]
	if text, err := os.ReadFile("../linux/" + desktop.AppID + ".desktop"); err != nil || !strings.Contains(string(text), "\nStartupWMClass="+class+"\n") {
		t.Errorf("the window's class is %q, and the menu entry names another: %v", class, err)
	}
	if err := app.SignIn(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	w.untilText("no keyring")
	picture(t, app, "menu-no-keyring")
	command(t, app, 0, "unlock", "--keep", "memory")
	w.untilText("shows no tray icons")
	picture(t, app, "menu-no-tray")
	choose(t, entry("https://example.org/one", "https://example.org/two"))
	time.Sleep(settle)
	if n := w.count(); n != 1 {
		t.Errorf("%d windows after choosing the entry again, want 1", n)
	}
	quitAll(t, app)
}

// TestMenuWithoutOpenGL: nobody reads what a program from the menu writes, so that there is no window is told
// by a notification, and the agent runs all the same.
func TestMenuWithoutOpenGL(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	display := "DISPLAY=" + xServer(t, app, "-extension", "GLX")
	bus, err := app.Box.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	choose(t, elsewhere(menuEntry(t, app)(), display))
	n, err := bus.Next(within(t, box.Patience))
	if err != nil || !strings.Contains(n.Body, "OpenGL") {
		t.Errorf("the desktop was told %+v, %v", n, err)
	}
	picture(t, app, "menu-no-opengl")
	if _, err := app.Until(within(t, box.Patience), "an agent", func(snapshot) bool { return true }); err != nil {
		t.Fatal(err)
	}
	quitAll(t, app)
}
