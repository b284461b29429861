//go:build !windows && !darwin

package desktop

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/term"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// alertTime bounds how long a notification server may take: starting one is in it.
const alertTime = 5 * time.Second

// markup escapes what a notification's body would be read as.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// alert shows a notification if a menu started this program: nobody reads its standard error then. The
// desktop keeps it when we have ended. Without a server for notifications there is nobody to tell.
func alert(words string) {
	if !fromMenu(os.Getenv) || term.IsTerminal(int(os.Stderr.Fd())) { // #nosec G115 -- 2
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), alertTime)
	defer cancel()
	conn, err := session.ConnectBus(ctx)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }() // the desktop has it, or nobody has
	const server = "org.freedesktop.Notifications"
	_ = conn.Object(server, "/org/freedesktop/Notifications").CallWithContext(ctx, server+".Notify", 0,
		"Tabferry", uint32(0), AppID, "Tabferry", markup.Replace(words), []string{},
		map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant(AppID)}, int32(-1)).Err
}

// fromMenu reports whether a desktop's menu, panel or search started this process: GLib's desktops write its
// process id down, others hand it what the start is known by (the Startup Notification specification
// and Wayland's xdg-activation).
func fromMenu(getenv func(string) string) bool {
	return getenv("GIO_LAUNCHED_DESKTOP_FILE_PID") == strconv.Itoa(os.Getpid()) ||
		getenv("DESKTOP_STARTUP_ID") != "" || getenv("XDG_ACTIVATION_TOKEN") != ""
}
