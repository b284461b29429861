//go:build desktop && linux

package desktop_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

// listener is a screen reader on the program's window.
type listener struct {
	t *testing.T
	*box.Reader
}

// read returns everything that the program tells now.
func (l *listener) read() []box.Told {
	l.t.Helper()
	told, err := l.Read(within(l.t, box.Patience), "Tabferry")
	if err != nil {
		l.t.Fatal(err)
	}
	return told.All()
}

// until reads until something is told of.
func (l *listener) until(what string, is func(box.Told) bool) (all []box.Told, found box.Told) {
	l.t.Helper()
	for late := time.Now().Add(box.Patience); ; time.Sleep(100 * time.Millisecond) {
		all = l.read()
		if i := slices.IndexFunc(all, is); i >= 0 {
			return all, all[i]
		}
		if time.Now().After(late) {
			var told []string
			for _, o := range all {
				told = append(told, o.Role+" "+o.Name)
			}
			l.t.Fatalf("%s is not told of: %q", what, told)
		}
	}
}

// TestScreenReader uses the window as somebody does who sees nothing: with what it tells on the
// accessibility bus, and the keyboard.
func TestScreenReader(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Keyring: box.KeyringUnlocked, NoPanel: true, NoNotifications: true})
	signedIn(t, app)
	if _, err := app.Start(app.Window, "window"); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	reader, err := app.Box.Reader(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}()
	l := &listener{t, reader}
	tab := func(name string) func(box.Told) bool {
		return func(o box.Told) bool { return o.Role == "page tab" && strings.HasPrefix(o.Name, name) }
	}
	all, _ := l.until("the rail", tab("Settings"))
	var panes []string
	for _, o := range all {
		if o.Role == "page tab" {
			panes = append(panes, o.Name)
		}
	}
	if len(panes) < 6 {
		t.Errorf("the panes are %q", panes)
	}
	for _, pane := range panes {
		_, entry := l.until(pane, tab(pane))
		if err := reader.Press(within(t, box.Patience), entry); err != nil {
			t.Fatal(err)
		}
		all, _ := l.until(pane+" as shown", func(o box.Told) bool { return tab(pane)(o) && o.Is(box.ToldSelected) })
		for _, o := range all {
			if o.Name == "" && o.Role != "list" && o.Role != "popup menu" {
				t.Errorf("%s: a %s has no name", pane, o.Role)
			}
		}
		if n := len(all); n < len(panes)+4 {
			t.Errorf("%s: only %d things are told of", pane, n)
		}
	}
	_, entry := l.until("the devices", tab("Devices"))
	if err := reader.Press(within(t, box.Patience), entry); err != nil {
		t.Fatal(err)
	}
	_, phone := l.until("a device", func(o box.Told) bool { return o.Role == "list item" && strings.Contains(o.Name, "Demo phone") })
	t.Logf("the phone is told as %q", phone.Name)
	reader.Forget()
	w.keys("Tab")
	first, err := reader.UntilFocus(within(t, box.Patience))
	if err != nil || first.Name == "" || !first.Is(box.ToldFocused) {
		t.Errorf("the focus is told at %+v, %v", first, err)
	}
	w.keys("Tab")
	second, err := reader.UntilFocus(within(t, box.Patience))
	if err != nil || second.Name == "" || second.Name == first.Name {
		t.Errorf("the focus is told at %+v after %+v, %v", second, first, err)
	}
	w.close()
	w.untilGone()
	quiet(t, app.Box.Dir)
}

// quiet complains if the window has complained of screen readers.
func quiet(t *testing.T, dir string) {
	t.Helper()
	logs := 0
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "window.log" {
			return nil // other programs of the box come and go
		}
		logs++
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "screen readers") {
			t.Errorf("%s:\n%s", path, text)
		}
		return err
	})
	if err != nil || logs == 0 {
		t.Errorf("%d logs of the window, %v", logs, err)
	}
}
