//go:build desktop && linux

package application

import (
	"bufio"
	"context"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

const name = "io.github.tabferry.Tabferry"

// startBus runs a bus for the test alone.
func startBus(t *testing.T) (stop func()) {
	t.Helper()
	address := "unix:path=" + filepath.Join(t.TempDir(), "bus")
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address="+address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("dbus-daemon is needed: %v", err)
	}
	stop = sync.OnceFunc(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // reports the kill
	})
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(line))
	return stop
}

// run serves the bus for the test; what it did comes over the channel.
func run(t *testing.T, moved <-chan struct{}) <-chan string {
	t.Helper()
	did := make(chan string, 32)
	say := func(what string) func(context.Context) error {
		return func(context.Context) error { did <- what; return nil }
	}
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		Run(ctx, Params{
			Name: name, Activate: say("activate"), Actions: map[string]func(context.Context) error{"pair-phone": say("pair-phone")},
			Open: func(_ context.Context, uris []string) error { did <- strings.Join(uris, " "); return nil },
			Moved: func() <-chan struct{} {
				select {
				case <-moved:
					return nil // once is enough
				default:
					return moved
				}
			}, Logger: slog.New(slog.DiscardHandler),
		})
	})
	t.Cleanup(ended.Wait)
	t.Cleanup(cancel)
	return did
}

// next is what was done next.
func next(t *testing.T, did <-chan string) string {
	t.Helper()
	select {
	case what := <-did:
		return what
	case <-time.After(time.Minute):
		t.Fatal("nothing was done")
		return ""
	}
}

// gdbus calls as any program would.
func gdbus(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command("gdbus", append([]string{"call", "--session", "--dest", name, "--object-path", "/io/github/tabferry/Tabferry", "--method"}, args...)...).CombinedOutput()
	return string(out), err
}

func TestTheDesktopCalls(t *testing.T) {
	startBus(t)
	did := run(t, nil)
	owned(t)
	for _, c := range []struct {
		call []string
		want string
	}{
		{[]string{iface + ".Activate", "{}"}, "activate"},
		{[]string{iface + ".Activate", "{'desktop-startup-id': <'x'>}"}, "activate"},
		{[]string{iface + ".Open", "['https://a.example/?q=1', 'file:///tmp/x']", "{}"}, "https://a.example/?q=1 file:///tmp/x"},
		{[]string{iface + ".ActivateAction", "pair-phone", "[]", "{}"}, "pair-phone"},
	} {
		if out, err := gdbus(t, c.call...); err != nil {
			t.Errorf("%q: %v: %s", c.call, err, out)
			continue
		}
		if got := next(t, did); got != c.want {
			t.Errorf("%q did %q", c.call, got)
		}
	}
	for _, call := range [][]string{{iface + ".ActivateAction", "format-disk", "[]", "{}"}, {iface + ".Open", "@as []", "{}"}, {iface + ".Quit"}} {
		if out, err := gdbus(t, call...); err == nil {
			t.Errorf("%q is answered: %s", call, out)
		}
	}
	out, err := gdbus(t, "org.freedesktop.DBus.Introspectable.Introspect")
	for _, want := range []string{"Activate", "Open", "ActivateAction"} {
		if err != nil || !strings.Contains(out, `<method name="`+want+`"`) {
			t.Errorf("it does not say that it can %s: %v", want, err)
		}
	}
	if len(did) != 0 {
		t.Errorf("done besides: %q", <-did)
	}
}

// owned waits until the name is taken.
func owned(t *testing.T) {
	t.Helper()
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Auth(nil); err != nil {
		t.Fatal(err)
	}
	if err := conn.Hello(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var yes bool
		if err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&yes); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
	}
	t.Fatal("nobody has the name")
}

// Being told of a desktop on the same bus changes nothing there.
func TestTheSessionStays(t *testing.T) {
	startBus(t)
	moved := make(chan struct{})
	run(t, moved)
	owned(t)
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	owner := func() (unique string) {
		if err := conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, name).Store(&unique); err != nil {
			t.Fatal(err)
		}
		return unique
	}
	before := owner()
	close(moved)
	if out, err := gdbus(t, iface+".ActivateAction", "pair-phone", "[]", "{}"); err != nil { // answered after it was told
		t.Fatal(out, err)
	}
	if is := owner(); is != before {
		t.Errorf("%s has given the name to %s", before, is)
	}
}

// The session may get another bus while the program runs: it is found there.
func TestTheSessionMoves(t *testing.T) {
	stop := startBus(t)
	moved := make(chan struct{})
	did := run(t, moved)
	owned(t)
	stop()
	startBus(t)
	close(moved)
	owned(t)
	if out, err := gdbus(t, iface+".Activate", "{}"); err != nil {
		t.Fatal(out, err)
	}
	if diff := cmp.Diff("activate", next(t, did)); diff != "" {
		t.Error(diff)
	}
}
