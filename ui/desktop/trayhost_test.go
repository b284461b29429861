//go:build desktop && linux

package desktop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"github.com/tabferry/tabferry/ui/desktop"
)

func TestFindTrayHost(t *testing.T) {
	dir, err := os.MkdirTemp("", "tf") // short: it holds a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	address := "unix:path=" + filepath.Join(dir, "bus")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	want := func(expect desktop.TrayHost) {
		t.Helper()
		if got := desktop.FindTrayHost(t.Context()); got != expect {
			t.Errorf("tray host %s, want %s", got, expect)
		}
	}
	want(desktop.TrayHostUnknown) // no bus

	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--address="+address)
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := daemon.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = daemon.Wait() // says "killed"
	})
	var conn *dbus.Conn
	for deadline := time.Now().Add(time.Minute); conn == nil; {
		if conn, err = dbus.Connect(address); err != nil {
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	want(desktop.TrayHostAbsent) // a bus without a watcher

	const watcher = "org.kde.StatusNotifierWatcher"
	properties, err := prop.Export(conn, "/StatusNotifierWatcher", prop.Map{watcher: {
		"IsStatusNotifierHostRegistered": {Value: false, Emit: prop.EmitTrue},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(watcher, 0); err != nil {
		t.Fatal(err)
	}
	want(desktop.TrayHostAbsent) // a watcher without a host
	properties.SetMust(watcher, "IsStatusNotifierHostRegistered", true)
	want(desktop.TrayHostPresent)
}
