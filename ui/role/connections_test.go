//go:build !windows && !darwin

package role

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

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

// TestOneConnection: what people do most is one connection to the agent, which nobody knocks for before.
func TestOneConnection(t *testing.T) {
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
	socket, err := localapi.Listen(paths.Socket)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(session.AgentSockets(false)); n < 2 {
		t.Fatalf("%d places to look at: there is nothing to choose from", n)
	}
	door := &counting{Listener: socket}
	agent := localapitest.Serve(t, door, slog.New(slog.DiscardHandler))
	agent.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}})
	agent.Answer("Send", []localapi.OutboxEntry{{ID: "o", To: "Phone", URL: "https://a.example/", State: localapi.SendAlerted}})
	for _, args := range [][]string{{"status"}, {"send", "https://a.example/"}} {
		door.taken.Store(0)
		if code := Run(args); code != 0 || door.taken.Load() != 1 {
			t.Errorf("%s: exit %d after %d connections", args, code, door.taken.Load())
		}
	}
}
