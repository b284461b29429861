// Package application lets the desktop speak to the running program the way of the Desktop Entry
// Specification ("D-Bus Activation"): org.freedesktop.Application on the session bus, which brings a program
// to the front, hands it links and files, and runs the actions of its menu entry. With a service file the bus
// starts the program for that. Other systems have their own ways; there [Run] waits.
package application

import (
	"context"
	"log/slog"
)

// Params is what the service does. All must be given.
type Params struct {
	// Name is the bus name, which is also the name of the desktop entry: "io.github.tabferry.Tabferry".
	Name string
	// Activate brings the program to the front.
	Activate func(ctx context.Context) error
	// Open takes links and the addresses of files, at most MaxItems. They come from any program of the user's.
	Open func(ctx context.Context, uris []string) error
	// Actions are those of the desktop entry, by their names there.
	Actions map[string]func(ctx context.Context) error
	// Moved returns a channel that is closed when the session may have another bus: [session.Seat].
	Moved func() <-chan struct{}
	// Logger is told what failed: who called over the bus hears only whether it was understood.
	Logger *slog.Logger
}

// MaxItems bounds one call of Open.
const MaxItems = 100
