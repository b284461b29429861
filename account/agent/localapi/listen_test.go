package localapi_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

func TestSocketIsTheUsersOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "agent.sock")
	l, err := localapi.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600, path + ".lock": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), info.Mode().Perm(), want)
		}
	}
}

func TestSecondAgentIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	l, err := localapi.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := localapi.Listen(t.Context(), path); !errors.Is(err, localapi.ErrAgentRunning) {
		t.Errorf("got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the socket stays behind")
	}
	again, err := localapi.Listen(t.Context(), path)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestStartWhileTheLastOneEnds: one that was killed, or ends, holds its lock longer than its socket. Who begins then
// waits, for five seconds at most.
func TestStartWhileTheLastOneEnds(t *testing.T) {
	for held, want := range map[time.Duration]error{3 * time.Second: nil, time.Minute: localapi.ErrAgentRunning} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "agent.sock")
			lock := flock.New(path + ".lock")
			if got, err := lock.TryLock(); !got || err != nil {
				t.Fatal(got, err)
			}
			time.AfterFunc(held, func() { _ = lock.Unlock() }) // the end of the process does so
			began := time.Now()
			l, err := localapi.Listen(t.Context(), path)
			if waited := time.Since(began); !errors.Is(err, want) || waited > 6*time.Second {
				t.Errorf("held for %v: %v after %v", held, err, waited)
			}
			if err == nil {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
			time.Sleep(held)
		})
	}
}

// TestQuitAndKilledAreToldApart: by what they leave.
func TestQuitAndKilledAreToldApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	_, err := localapi.Dial(path).Snapshot(t.Context())
	if !isNotReachable(err) || !localapi.HasQuit(err) {
		t.Errorf("nothing is left: %v", err)
	}
	killed, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	killed.SetUnlinkOnClose(false)
	if err := killed.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := localapi.Dial(path).Snapshot(t.Context()); !isNotReachable(err) || localapi.HasQuit(err) {
		t.Errorf("a socket is left: %v", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := localapi.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestLivingSocketIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	other, err := net.Listen("unix", path) // an agent that takes no lock
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := localapi.Listen(t.Context(), path); !errors.Is(err, localapi.ErrAgentRunning) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error("the other's socket was removed")
	}
}

func TestOtherFilesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	if err := os.WriteFile(path, []byte("a letter"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := localapi.Listen(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "a letter" {
		t.Error("the file was changed")
	}
}

func TestUnsafeFolder(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if _, err := localapi.Listen(t.Context(), filepath.Join(link, "agent.sock")); !errors.Is(err, socket.ErrFolder) {
		t.Errorf("through a symbolic link: %v", err)
	}
	if _, err := localapi.Listen(t.Context(), "/"+strings.Repeat("x", 120)); err == nil {
		t.Error("a path too long for a socket was taken")
	}
}

func TestDialGoesWhereSomebodyListens(t *testing.T) {
	dir := t.TempDir()
	gone, here := filepath.Join(dir, "gone", "agent.sock"), filepath.Join(dir, "run", "agent.sock")
	c := localapi.Dial(gone, here)
	if _, err := c.Snapshot(t.Context()); !isNotReachable(err) {
		t.Errorf("nobody listens: %v", err)
	}
	l, err := localapi.Listen(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	localapitest.Serve(t, l, noLog).Set(snapshot(7))
	if s, err := c.Snapshot(t.Context()); err != nil || s.Revision != 7 {
		t.Errorf("revision %d, %v", s.Revision, err)
	}
	if _, err := localapi.Dial().Snapshot(t.Context()); !isNotReachable(err) {
		t.Errorf("nowhere to go: %v", err)
	}
}

func isNotReachable(err error) bool {
	var e *localapi.Error
	return errors.As(err, &e) && e.Code == localapi.CodeNotReachable
}

// An agent that refuses a call before it has come whole is heard.
func TestCallThatIsTooLargeIsRefused(t *testing.T) {
	agent, c := doors["socket"](t, noLog)
	_, err := c.BeginSignIn(t.Context(), strings.Repeat("x", 20<<20))
	var e *localapi.Error
	if !errors.As(err, &e) || e.Code != localapi.CodeUsage || len(agent.Log()) != 0 {
		t.Errorf("%v", err)
	}
}
