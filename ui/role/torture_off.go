//go:build !torture

package role

import (
	"log/slog"

	"github.com/tabferry/tabferry/account"
)

// clock is the agent's clock: nil, the system's.
func clock() account.Clock { return nil }

// logOptions are those of the log file: nil, nothing below the level Info.
func logOptions() *slog.HandlerOptions { return nil }
