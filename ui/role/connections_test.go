//go:build !windows && !darwin

package role

import (
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// counting counts the connections that a listener takes.
type counting struct {
	net.Listener
	taken atomic.Int32
}

func (c *counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.taken.Add(1)
	}
	return conn, err
}

// meetingPlace is a home with more than one place for an agent's socket, and a scripted agent in one of them.
func meetingPlace(t *testing.T) (*counting, *localapitest.Agent) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir); xdg.Reload() })
	for name, value := range map[string]string{"HOME": dir, "XDG_DATA_HOME": "", "XDG_RUNTIME_DIR": filepath.Join(dir, "run"), "DISPLAY": ":7"} {
		t.Setenv(name, value)
	}
	if err := os.Mkdir(filepath.Join(dir, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	xdg.Reload()
	paths := session.LocatePaths(false)
	if err := paths.Make(); err != nil {
		t.Fatal(err)
	}
	socket, err := localapi.Listen(t.Context(), paths.Socket)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(session.AgentSockets(false)); n < 2 {
		t.Fatalf("%d places to look at: there is nothing to choose from", n)
	}
	door := &counting{Listener: socket}
	return door, localapitest.Serve(t, door, slog.New(slog.DiscardHandler))
}

// TestOneConnection: what people do most is one connection to the agent, which nobody knocks for before.
func TestOneConnection(t *testing.T) {
	door, agent := meetingPlace(t)
	agent.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}})
	agent.Answer("Send", []localapi.OutboxEntry{{ID: "o", To: "Phone", URL: "https://a.example/", State: localapi.SendAlerted}})
	for _, args := range [][]string{{"status"}, {"send", "https://a.example/"}} {
		door.taken.Store(0)
		if code := Run(args); code != 0 || door.taken.Load() != 1 {
			t.Errorf("%s: exit %d after %d connections", args, code, door.taken.Load())
		}
	}
}

// runVariable has this program, once more, be the command line that it holds.
const runVariable = "TABFERRY_TEST_RUN"

// TestInterrupt: a command that leaves nothing is ended by the system; others end what they do.
func TestInterrupt(t *testing.T) {
	if line := os.Getenv(runVariable); line != "" {
		os.Exit(Run(strings.Fields(line)))
	}
	door, agent := meetingPlace(t)
	agent.Hold("Snapshot")
	agent.Hold("Send")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for line, dies := range map[string]bool{"status": true, "send https://a.example/": true, "devices": false, "watch": false} {
		cmd := exec.Command(program, "-test.run=^TestInterrupt$")
		cmd.Env = append(os.Environ(), runVariable+"="+line)
		before := door.taken.Load()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(time.Minute); door.taken.Load() == before && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if door.taken.Load() == before {
			t.Errorf("%s has not asked the agent within a minute", line)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // how it ended is looked at
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() != dies {
			t.Errorf("%s: %v", line, cmd.ProcessState)
		}
	}
}
