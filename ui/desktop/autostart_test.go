//go:build linux

package desktop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"github.com/tabferry/tabferry/ui/desktop"
)

func TestAutostartEntry(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	file := filepath.Join(dir, "autostart", desktop.AppID+".desktop")
	a := desktop.Autostart{Program: `/opt/my "apps"/100%/$HOME\tabferry`, Args: []string{"agent"}}
	check := func(want bool) {
		t.Helper()
		if got, err := a.Enabled(); err != nil || got != want {
			t.Errorf("Enabled = %v, %v; want %v", got, err, want)
		}
	}
	check(false)
	if err := a.Set(false); err != nil {
		t.Errorf("switching off what is off: %v", err)
	}
	if err := a.Set(true); err != nil {
		t.Fatal(err)
	}
	check(true)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := `Exec="/opt/my \\"apps\\"/100%%/\\$HOME\\\\tabferry" "agent"`
	if !strings.Contains(string(text), want+"\n") {
		t.Errorf("entry\n%s\nlacks %s", text, want)
	}
	if tool, err := exec.LookPath("desktop-file-validate"); err == nil {
		if out, err := exec.CommandContext(t.Context(), tool, file).CombinedOutput(); err != nil {
			t.Errorf("desktop-file-validate: %s", out)
		}
	}
	gone := filepath.Join(dir, "mount", "tabferry")
	moved := desktop.Autostart{Program: gone, Args: []string{"agent"}}
	if on, err := moved.Enabled(); err != nil || on {
		t.Errorf("an entry for a program that is nowhere: %v, %v", on, err)
	}
	if err := os.WriteFile(file, []byte("[Desktop Entry]\nExec=tabferry agent\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(true)
	for _, key := range []string{"Hidden=true", "Hidden = true ", "X-GNOME-Autostart-enabled=false", "X-MATE-Autostart-enabled=false"} {
		if err := os.WriteFile(file, []byte("[Desktop Entry]\nExec=tabferry agent\n"+key+"\nTerminal=false\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		check(false)
		if off, err := a.SwitchedOff(); err != nil || !off {
			t.Errorf("switched off by %q: %v, %v", key, off, err)
		}
	}
	if err := a.Set(true); err != nil {
		t.Fatal(err)
	}
	check(true)
	if off, err := a.SwitchedOff(); err != nil || off {
		t.Errorf("switched off after it was switched on: %v, %v", off, err)
	}
	if err := a.Set(false); err != nil {
		t.Fatal(err)
	}
	check(false)
	if off, err := a.SwitchedOff(); err != nil || off {
		t.Errorf("no entry is switched off: %v, %v", off, err)
	}
}

func TestSelfProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ image, mount, want string }{
		"no AppImage":                 {"", "", self},
		"an AppImage":                 {"/home/a/T.AppImage", filepath.Dir(self), "/home/a/T.AppImage"},
		"one that says no mount":      {"/home/a/T.AppImage", "", "/home/a/T.AppImage"},
		"the terminal's own":          {"/home/a/Term.AppImage", "/tmp/.mount_Term", self},
		"a mount that begins like us": {"/home/a/T.AppImage", self[:len(self)-1], self},
		"a relative one":              {"T.AppImage", filepath.Dir(self), self},
	} {
		t.Setenv("APPIMAGE", c.image)
		t.Setenv("APPDIR", c.mount)
		if got, err := desktop.SelfProgram(); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}
