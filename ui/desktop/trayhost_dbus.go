//go:build !windows && !darwin

package desktop

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// trayAskTime bounds the question; a healthy bus answers in milliseconds.
const trayAskTime = 2 * time.Second

// FindTrayHost asks the session bus for a StatusNotifier watcher with a host (the freedesktop
// StatusNotifierItem specification). A watcher without a host shows nothing.
func FindTrayHost(ctx context.Context) TrayHost {
	ctx, cancel := context.WithTimeout(ctx, trayAskTime)
	defer cancel()
	conn, err := session.ConnectBus(ctx)
	if err != nil {
		return TrayHostUnknown
	}
	defer func() { _ = conn.Close() }() // the answer is in; a bus that is gone needs no goodbye
	const watcher = "org.kde.StatusNotifierWatcher"
	var registered dbus.Variant
	err = conn.Object(watcher, "/StatusNotifierWatcher").CallWithContext(ctx,
		"org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, watcher, "IsStatusNotifierHostRegistered").Store(&registered)
	if err != nil {
		return TrayHostAbsent
	}
	if there, ok := registered.Value().(bool); !ok || !there {
		return TrayHostAbsent
	}
	return TrayHostPresent
}
