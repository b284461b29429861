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
	if err := a.Set(false); err != nil {
		t.Fatal(err)
	}
	check(false)
}
