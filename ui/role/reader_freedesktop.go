//go:build !headless && !windows && !darwin

package role

import (
	"context"
	"log/slog"

	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/reader"
	"github.com/tabferry/tabferry/ui/reader/atspi"
)

// tellReaders tells screen readers of the window until ctx ends; the toolkit tells them nothing here. It
// does nothing where there is no session bus.
func tellReaders(ctx context.Context, screen reader.Screen, logger *slog.Logger) {
	err := atspi.Serve(ctx, atspi.Params{
		Connect: session.ConnectBus, Screen: screen, Name: "Tabferry", Version: version, Logger: logger,
	})
	if err != nil && ctx.Err() == nil {
		logger.Info("screen readers are not told of the window", "error", err)
	}
}
