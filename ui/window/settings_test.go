package window

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// TestWhichBrowser: one of those that are installed by one choice, another by a command that is looked at first.
func TestWhichBrowser(t *testing.T) {
	installed := []Browser{{"Firefox", "/usr/bin/firefox %u"}, {"Firefox", "flatpak run firefox"}, {"Chromium", "chromium %U"}}
	inBubble(t, func(p *Params) {
		p.Browsers = func(language string) ([]Browser, error) {
			if language != "en" {
				t.Errorf("asked in %q", language)
			}
			return installed, nil
		}
		p.CheckBrowser = func(command string) error {
			switch {
			case strings.HasPrefix(command, "/no/such"):
				return fmt.Errorf("%w: gone", ErrNoSuchBrowser)
			case strings.Contains(command, `"`):
				return errors.New("a quote")
			}
			return nil
		}
	}, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSettings)
		h.settle()
		b := paneOf[*settingsPane](h, PaneSettings).browser
		set := func() string { return asked[localapi.Settings](h).Browser }
		saved := func(command string) {
			h.change(func(s *localapi.Snapshot) { s.Settings.Browser = command })
			h.take()
		}
		want := []string{"The system's browser", "Firefox", "Firefox · flatpak run firefox", "Chromium", "Another program…"}
		if !slices.Equal(b.choice.Options, want) || b.choice.SelectedIndex() != 0 || b.own.Visible() {
			t.Fatalf("offered %q, chosen %d", b.choice.Options, b.choice.SelectedIndex())
		}
		b.choice.SetSelectedIndex(2)
		if got := set(); got != "flatpak run firefox" {
			t.Errorf("set %q", got)
		}
		saved("flatpak run firefox")
		if b.choice.SelectedIndex() != 2 || b.own.Visible() {
			t.Errorf("shown as %q", b.choice.Selected)
		}

		b.choice.SetSelectedIndex(4)
		h.settle()
		h.wantCalls() // nothing is set yet
		if !b.own.Visible() || h.w.win.Canvas().Focused() != b.command || b.command.Text != "flatpak run firefox" {
			t.Errorf("the field holds %q", b.command.Text)
		}
		for command, why := range map[string]string{"/no/such/browser --x": "No such program is installed here", `"firefox`: "This is no command"} {
			b.command.SetText(command)
			b.submit()
			h.settle()
			h.want(why)
			h.wantCalls()
		}
		b.command.SetText("mine --new")
		h.wantNot("This is no command", "No such program")
		b.submit()
		if got := set(); got != "mine --new" {
			t.Errorf("set %q", got)
		}
		saved("mine --new")
		if b.choice.Selected != "Another program…" || !b.own.Visible() {
			t.Errorf("shown as %q", b.choice.Selected)
		}
		b.choice.SetSelectedIndex(0)
		if got := set(); got != "" {
			t.Errorf("set %q", got)
		}
	})
}

// TestDiagnosticsAreSavedWhereTheDesktopSays: in its own chooser, and in the toolkit's where it has none.
func TestDiagnosticsAreSavedWhereTheDesktopSays(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "said.txt")
	for name, c := range map[string]struct {
		path string
		err  error
		says string
		ours bool
	}{
		"a file":               {path: file, says: "Saved"},
		"thought better of it": {},
		"a folder":             {path: folder, says: "could not be written"},
		"no chooser":           {err: errors.New("none"), ours: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *Params) {
				p.SaveFile = func(context.Context, string, string) (string, error) { return c.path, c.err }
			}, func(h *harness) {
				h.send(signedIn())
				h.w.show(PaneSettings)
				h.tap("Advanced")
				h.tap("Save diagnostics…")
				if c.says != "" {
					h.want(c.says)
				}
				if shown := h.w.win.Canvas().Overlays().Top() != nil; shown != c.ours {
					t.Errorf("the toolkit's chooser is shown: %v", shown)
				}
			})
		})
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "all is well" {
		t.Errorf("written: %q, %v", got, err)
	}
}
