//go:build !windows && !darwin

package desktop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop"
)

// TestDefaultBrowser has only some of the system's ways on the PATH.
func TestDefaultBrowser(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:") // and so no portal
	dir := t.TempDir()
	write := func(name, script string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	record := filepath.Join(dir, "record")
	tell := func(name string) string { return "echo " + name + " \"$@\" >> '" + record + "'\n" }
	for name, c := range map[string]struct{ there, browser, want string }{
		"xdg-open goes first":           {"xdg-open gio mine", "mine", "xdg-open https://example.com/"},
		"GNOME's":                       {"gio mine", "mine", "gio open https://example.com/"},
		"BROWSER":                       {"mine sensible-browser", "mine", "mine https://example.com/"},
		"a list with a place":           {"mine", "gone %s::'mine' --at%c=%s", "mine --at:=https://example.com/"},
		"below Windows":                 {"wslview x-www-browser", "", "wslview https://example.com/"},
		"Debian's":                      {"x-www-browser sensible-browser", "gone", "x-www-browser https://example.com/"},
		"Debian's other":                {"sensible-browser", "", "sensible-browser https://example.com/"},
		"one that fails is passed over": {"!xdg-open mine", "mine", "xdg-open https://example.com/\nmine https://example.com/"},
	} {
		t.Run(name, func(t *testing.T) {
			dir = t.TempDir()
			record = filepath.Join(dir, "record")
			for program := range strings.FieldsSeq(c.there) {
				if failing, ok := strings.CutPrefix(program, "!"); ok {
					write(failing, tell(failing)+"exit 3\n")
				} else {
					write(program, tell(program))
				}
			}
			t.Setenv("PATH", dir)
			o := desktop.Opener{Getenv: func(name string) string { return map[string]string{"BROWSER": c.browser}[name] }}
			if err := o.OpenWith(t.Context(), "", "https://example.com/"); err != nil {
				t.Error(err)
			}
			o.Wait()
			if text, err := os.ReadFile(record); err != nil || strings.TrimSpace(string(text)) != c.want {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	o := desktop.Opener{Getenv: func(string) string { return "" }}
	if err := o.OpenWith(t.Context(), "", "https://example.com/?secret"); err == nil || !strings.Contains(err.Error(), "BROWSER") || strings.Contains(err.Error(), "secret") {
		t.Errorf("without any: %v", err)
	}
}
