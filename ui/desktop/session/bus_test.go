//go:build linux

package session_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// TestNoBusIsStarted: with a recording dbus-launch on the path, nothing that any library of ours does
// calls it.
func TestNoBusIsStarted(t *testing.T) {
	dir := home(t)
	if _, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus")); err == nil {
		t.Skip("this user has a bus")
	}
	called := filepath.Join(dir, "called")
	script := "#!/bin/sh\ntouch '" + called + "'\necho DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere\n"
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, address := range []string{"", "autolaunch:", "autolaunch:scope=user"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		if _, err := session.ConnectBus(t.Context()); err == nil {
			t.Errorf("%q: a bus out of nowhere", address)
		}
		if err := session.Settle(); err != nil {
			t.Fatal(err)
		}
		if _, err := dbus.SessionBus(); err == nil { // what keyring, tray and toolkit call
			t.Errorf("%q: a library found a bus out of nowhere", address)
		}
		for _, line := range session.Environ() {
			if line == "DBUS_SESSION_BUS_ADDRESS=disabled:" {
				t.Errorf("%q: a browser would be told that there is no bus", address)
			}
		}
	}
	if _, err := os.Stat(called); !errors.Is(err, fs.ErrNotExist) {
		t.Error("dbus-launch was called")
	}
}

func TestBusIsFoundInTheRuntimeFolder(t *testing.T) {
	dir := home(t)
	socket := filepath.Join(dir, "run", "bus")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip("the temporary folder is too deep for a socket")
	}
	defer l.Close()
	if err := session.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); got != "unix:path="+dbus.EscapeBusAddressValue(socket) {
		t.Errorf("the bus at %q", got)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/elsewhere")
	if err := session.Settle(); err != nil || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "unix:path=/elsewhere" {
		t.Errorf("what is named was replaced: %v", err)
	}
}
