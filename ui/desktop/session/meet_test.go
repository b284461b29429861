//go:build linux

package session_test

import (
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/adrg/xdg"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// environment is one way in which a program of the installation is started.
type environment func(t *testing.T, dir string)

func desktopStart(t *testing.T, dir string) { runtimeFolder(t, filepath.Join(dir, "run")) }
func cronStart(t *testing.T, _ string)      { runtimeFolder(t, "") }
func otherStart(t *testing.T, dir string)   { runtimeFolder(t, filepath.Join(dir, "other")) }
func openStart(t *testing.T, dir string)    { runtimeFolder(t, filepath.Join(dir, "open")) }

func runtimeFolder(t *testing.T, dir string) {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(dir) == "open" {
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	xdg.Reload()
}

// shortHome is home in a folder whose sockets fit.
func shortHome(t *testing.T) string {
	dir, err := os.MkdirTemp("", "tf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir); xdg.Reload() })
	t.Setenv("HOME", dir)
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	return dir
}

func listen(t *testing.T, socket string) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
}

// TestAllStartsMeet: whoever starts first, and however, everybody else finds it.
func TestAllStartsMeet(t *testing.T) {
	starts := map[string]environment{"desktop": desktopStart, "cron": cronStart, "another runtime folder": otherStart, "an open one": openStart}
	for first, start := range starts {
		for second, again := range starts {
			for _, running := range []bool{false, true} {
				t.Run(first+", "+second, func(t *testing.T) {
					dir := shortHome(t)
					start(t, dir)
					p := session.LocatePaths(false)
					if err := p.Make(); err != nil {
						t.Fatal(err)
					}
					if strings.HasPrefix(p.Runtime, filepath.Join(dir, "open")) {
						t.Error("a folder that everybody can write to is used")
					}
					if running {
						listen(t, p.Socket)
					}
					again(t, dir)
					if q := session.LocatePaths(false); q != p {
						t.Errorf("%+v and %+v", q, p)
					}
					sockets := session.AgentSockets(false)
					if first := sockets[0] == p.Socket; !slices.Contains(sockets, p.Socket) || !first && !running {
						t.Errorf("the agent's socket is looked for at %q, and is %s", sockets, p.Socket)
					}
				})
			}
		}
	}
}

// TestAgentOfAnEarlierVersionIsFound: it listens where the environment said, and agreed with nobody.
func TestAgentOfAnEarlierVersionIsFound(t *testing.T) {
	dir := shortHome(t)
	cronStart(t, dir)
	p := session.LocatePaths(false)
	if err := p.Make(); err != nil { // a new one has been here
		t.Fatal(err)
	}
	desktopStart(t, dir)
	old := filepath.Join(dir, "run", "tabferry")
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	listen(t, filepath.Join(old, "agent.sock"))
	q := session.LocatePaths(false)
	if err := q.Make(); err != nil || q.Runtime != old {
		t.Errorf("%s: %v", q.Runtime, err)
	}
}

func TestStartsAtTheSameMomentMeet(t *testing.T) {
	dir := shortHome(t)
	var places []session.Paths
	for _, start := range []environment{desktopStart, cronStart, otherStart} {
		start(t, dir)
		places = append(places, session.LocatePaths(false))
	}
	var starting sync.WaitGroup
	for i := range places {
		starting.Go(func() {
			if err := places[i].Make(); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	for _, p := range places {
		if p != places[0] {
			t.Errorf("%s and %s", p.Runtime, places[0].Runtime)
		}
	}
}

// TestAgreementThatIsGone: the runtime folder went with the last session.
func TestAgreementThatIsGone(t *testing.T) {
	dir := shortHome(t)
	desktopStart(t, dir)
	p := session.LocatePaths(false)
	if err := p.Make(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "run")); err != nil {
		t.Fatal(err)
	}
	otherStart(t, dir)
	p = session.LocatePaths(false)
	if err := p.Make(); err != nil || p.Runtime != filepath.Join(dir, "other", "tabferry") {
		t.Errorf("%s: %v", p.Runtime, err)
	}
	cronStart(t, dir)
	if q := session.LocatePaths(false); q != p {
		t.Errorf("%s and %s", q.Runtime, p.Runtime)
	}
}

// A home that is nowhere in particular is none: the programs of an installation, each with a folder of its own
// to begin in, would not meet, and an agent stayed behind that nobody finds.
func TestHomeThatIsNoPlace(t *testing.T) {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	for _, home := range []string{"", "relative", ".", "~"} {
		shortHome(t)
		t.Setenv("HOME", home)
		t.Setenv("XDG_DATA_HOME", home)
		xdg.Reload()
		if err := session.Settle(); err != nil || os.Getenv("HOME") != u.HomeDir || !filepath.IsAbs(session.LocatePaths(false).Data) {
			t.Errorf("HOME=%s: %v, home %s, data in %s", home, err, os.Getenv("HOME"), session.LocatePaths(false).Data)
		}
	}
}

func TestMakeSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"no home": {func(t *testing.T, dir string) {
			t.Setenv("HOME", filepath.Join(dir, "gone"))
			t.Setenv("XDG_DATA_HOME", "")
		}, "the home folder"},
		"a file in the way": {func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "data"},
		"data of another user": {func(t *testing.T, dir string) {
			data := filepath.Join(dir, "data", "tabferry")
			if err := os.MkdirAll(data, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(data, 4711, -1); err != nil {
				t.Skip(err)
			}
		}, "another user"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shortHome(t)
			c.prepare(t, dir)
			desktopStart(t, dir)
			p := session.LocatePaths(false)
			if err := p.Make(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("%v", err)
			}
		})
	}
}
