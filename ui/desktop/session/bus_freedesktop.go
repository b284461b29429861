//go:build !windows && !darwin

package session

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/adrg/xdg"
	"github.com/godbus/dbus/v5"
)

const (
	busVariable = "DBUS_SESSION_BUS_ADDRESS"
	// noBus is an address that no library connects to, and that keeps each from starting a bus.
	noBus = "disabled:"
)

// Settle decides which session bus this process and what it starts speak to, before anything asks for
// one, and where home is if nobody says. D-Bus libraries, those below the keyring, the tray and the toolkit among them, start a bus of
// their own when none is named: it stays behind, and with it the keyring daemon it started. Here one
// is found where systemd and its kin put it, or there is none.
func Settle() error {
	if err := settleHome(); err != nil {
		return err
	}
	address := os.Getenv(busVariable)
	if address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return nil
	}
	return os.Setenv(busVariable, findBus())
}

// settleHome takes the home folder from the system's list of users where the environment has none, or a path
// that means another folder in every program: a service started so would keep its data in the root folder.
func settleHome() error {
	if filepath.IsAbs(os.Getenv("HOME")) {
		return nil
	}
	u, err := user.Current()
	if err != nil || !filepath.IsAbs(u.HomeDir) {
		return errors.New("there is no home folder: HOME is not set")
	}
	err = os.Setenv("HOME", u.HomeDir)
	xdg.Reload()
	return err
}

// Environ is the environment for programs of the person's own, such as a browser: as we found it.
func Environ() []string {
	var all []string
	for _, line := range os.Environ() {
		if line != busVariable+"="+noBus {
			all = append(all, line)
		}
	}
	return all
}

// findBus looks into the runtime folders.
func findBus() string {
	for _, dir := range runtimeFolders() {
		socket := filepath.Join(dir, "bus")
		if info, err := os.Stat(socket); err == nil && info.Mode()&fs.ModeSocket != 0 {
			return "unix:path=" + dbus.EscapeBusAddressValue(socket)
		}
	}
	return noBus
}

// runtimeFolders are the user's runtime folders, as the environment says and as systemd and elogind have
// them: cron, su and sudo name none.
func runtimeFolders() []string {
	var dirs []string
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), filepath.Join("/run/user", strconv.Itoa(os.Getuid()))} {
		if filepath.IsAbs(dir) && checkOurs(dir) == nil {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// NoBus reports whether there is no session bus to speak to.
func NoBus() bool { return os.Getenv(busVariable) == noBus }

// CheckRuntime says why the runtime folder that the environment names is not used, if so: after su it is
// another user's.
func CheckRuntime() error {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return nil
	}
	return checkOurs(dir)
}

// errNoBus says that there is nothing to connect to.
var errNoBus = errors.New("there is no session bus")

// ConnectBus connects to the session bus, and never starts one. The connection ends with ctx.
func ConnectBus(ctx context.Context) (*dbus.Conn, error) {
	return connectBus(ctx, os.Getenv(busVariable))
}

func connectBus(ctx context.Context, address string) (*dbus.Conn, error) {
	if address == "" || address == noBus || strings.HasPrefix(address, "autolaunch:") {
		return nil, errNoBus
	}
	return dbus.Connect(address, dbus.WithContext(ctx))
}
