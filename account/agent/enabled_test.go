package agent_test

import (
	"context"
	"log/slog"
)

// enabled lets every record through to a handler.
type enabled struct{ slog.Handler }

func (enabled) Enabled(context.Context, slog.Level) bool { return true }
