package session_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// home points every XDG folder into a new temporary one.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, sub := range map[string]string{
		"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_RUNTIME_DIR": "run",
	} {
		path := filepath.Join(dir, sub)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, path)
	}
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	return dir
}

func TestPathsFollowXDG(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the XDG layout is Linux's")
	}
	dir := home(t)
	p := session.LocatePaths(false)
	want := map[string]string{
		p.Data:       "data/tabferry",
		p.Socket:     "run/tabferry/agent.sock",
		p.DemoSocket: "run/tabferry/demo.sock",
	}
	for got, rel := range want {
		if got != filepath.Join(dir, rel) {
			t.Errorf("%s, want .../%s", got, rel)
		}
	}
	if err := p.Make(); err != nil {
		t.Fatal(err)
	}
	for _, made := range []string{p.Data, p.Runtime, p.Logs} {
		info, err := os.Stat(made)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", made, info.Mode())
		}
	}
	if made, err := os.ReadDir(filepath.Join(dir, "config")); err != nil || len(made) > 0 {
		t.Errorf("an empty configuration folder was made: %v, %v", made, err)
	}
}

func TestDemoHasItsOwnPlaces(t *testing.T) {
	home(t)
	real, demo := session.LocatePaths(false), session.LocatePaths(true)
	for _, pair := range [][2]string{{real.Data, demo.Data}, {real.Runtime, demo.Runtime}, {real.Socket, demo.Socket}} {
		if pair[0] == pair[1] || !strings.Contains(pair[1], "tabferry-demo") {
			t.Errorf("demo uses %s beside %s", pair[1], pair[0])
		}
	}
}

func TestLongRuntimeFolderStillFitsASocket(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux takes its runtime folder from the environment")
	}
	dir := home(t)
	long := filepath.Join(dir, strings.Repeat("x", 120))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", long)
	t.Setenv("TMPDIR", "/tmp")
	xdg.Reload()
	a, b := session.LocatePaths(false), session.LocatePaths(true)
	if len(a.Socket) > 103 || len(b.WindowSocket) > 103 {
		t.Errorf("socket paths %d and %d bytes long", len(a.Socket), len(b.WindowSocket))
	}
	if a.Socket != session.LocatePaths(false).Socket || a.Runtime == b.Runtime {
		t.Error("the way out is not the same for all programs of an installation")
	}
}

func TestOpenRuntimeFolderIsClosedOrRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes on Windows")
	}
	home(t)
	p := session.LocatePaths(false)
	if err := os.MkdirAll(p.Runtime, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.Make(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(p.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v left open", info.Mode())
	}
	if err := os.Remove(p.Runtime); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), p.Runtime); err != nil {
		t.Fatal(err)
	}
	if err := p.Make(); err == nil {
		t.Error("a symbolic link was taken for a private folder")
	}
}
