//go:build !windows && !darwin

package session

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// Here is the desktop of this process.
func Here() Desktop {
	d := Desktop{
		Display: os.Getenv("DISPLAY"), Authority: os.Getenv("XAUTHORITY"),
		Wayland: os.Getenv("WAYLAND_DISPLAY"), Bus: os.Getenv(busVariable),
	}
	if d.Wayland != "" && !filepath.IsAbs(d.Wayland) {
		d.Wayland = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), d.Wayland) // which another process may not have
	}
	if d.Bus == noBus {
		d.Bus = ""
	}
	return d
}

// take takes over what is better, and reports whether d has anything that works.
func take(d Desktop) bool {
	mine := Here()
	if d == mine { // as with each send: the bus is asked only where no display answers for both
		return d.shows() || d.speaks()
	}
	shows, speaks := d.shows(), d.speaks()
	move := shows && (mine.Display == d.Display && mine.Wayland == d.Wayland || !mine.shows())
	if move {
		setenv("DISPLAY", d.Display)
		setenv("XAUTHORITY", d.Authority)
		setenv("WAYLAND_DISPLAY", d.Wayland)
	}
	// The tray and the notifications of a display are on its own bus.
	if speaks && (move || !mine.speaks()) {
		setenv(busVariable, d.Bus)
	}
	return shows || speaks
}

// setenv sets or unsets a variable. The names are ours, and values come from an environment: what they
// may not hold, a zero, ends them there.
func setenv(name, value string) {
	value, _, _ = strings.Cut(value, "\x00")
	err := os.Setenv(name, value)
	if value == "" {
		err = os.Unsetenv(name)
	}
	if err != nil {
		panic("session: " + err.Error()) // the name is empty, or the value holds a zero
	}
}

// speaks reports whether the session bus answers.
func (d Desktop) speaks() bool {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	conn, err := connectBus(ctx, d.Bus)
	return err == nil && conn.Close() == nil
}

// shows reports whether somebody serves the display.
func (d Desktop) shows() bool {
	return d.Wayland != "" && serves(d.Wayland) || d.Display != "" && answersX(d.Display)
}

// probeTime is how long a display or a bus may take to answer.
const probeTime = time.Second

// serves reports whether somebody listens on a Unix socket: a compositor, an X server.
func serves(path string) bool {
	conn, err := net.DialTimeout("unix", path, probeTime)
	return err == nil && conn.Close() == nil
}

// answersX reports whether an X server listens where the display's name says.
func answersX(display string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	return xserver.Listens(ctx, display)
}
