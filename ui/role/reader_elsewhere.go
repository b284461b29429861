//go:build !headless && (windows || darwin)

package role

import (
	"context"
	"log/slog"

	"github.com/tabferry/tabferry/ui/reader"
)

// tellReaders does nothing: there is no bridge to the screen readers of these systems (docs/decisions.md §36).
func tellReaders(context.Context, reader.Screen, *slog.Logger) {}
