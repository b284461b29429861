//go:build !windows && !darwin

package tray

import (
	"os"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"
)

// joined is the session bus that the tray library is on; it uses the process's shared connection.
type joined struct {
	conn    *dbus.Conn
	address string
}

// note remembers the connection that the library makes when it starts; there may be none.
func (j *joined) note() {
	j.address = os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if conn, err := dbus.SessionBus(); err == nil {
		j.conn = conn
	}
}

// rejoin has the library begin again if there is another bus now, or one at last. What it shows is kept
// inside the library.
func (j *joined) rejoin() {
	if j.conn != nil {
		if j.conn.Connected() && j.address == os.Getenv("DBUS_SESSION_BUS_ADDRESS") {
			return
		}
		_ = j.conn.Close() // it may have closed by itself
		j.conn = nil
	}
	if j.note(); j.conn != nil {
		start, _ := systray.RunWithExternalLoop(nil, nil)
		start()
	}
}
