//go:build darwin && cgo

package tray

import (
	"context"
	"log/slog"

	"fyne.io/systray"
)

// awaitTaskbar has nothing to wait for.
func awaitTaskbar(context.Context, *slog.Logger) bool { return true }

// loopEnder leaves it to the library: its loop always begins, and ends when told.
func loopEnder() (end, abandon func()) { return systray.Quit, func() {} }
