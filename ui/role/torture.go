//go:build torture

package role

import (
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account"
)

// clockFile is the environment variable that names a file with a duration, for example "-48h": how far
// the clock of this build for packaging/torture is off. The file is read each time somebody asks.
const clockFile = "TABFERRY_TORTURE_CLOCK"

// bentClock tells a wrong wall time. Its monotonic time is right: that is what setting a clock does.
type bentClock struct{ start time.Time }

func clock() account.Clock { return bentClock{time.Now()} }

func (bentClock) Now() time.Time {
	text, err := os.ReadFile(os.Getenv(clockFile)) // #nosec G304 G703 -- this build is for tests alone
	if err != nil {
		return time.Now()
	}
	off, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return time.Now()
	}
	return time.Now().Add(off).Round(0)
}

func (c bentClock) Monotonic() time.Duration { return time.Since(c.start) }

// logOptions lets everything into the log file, for the search for secrets in it.
func logOptions() *slog.HandlerOptions { return &slog.HandlerOptions{Level: slog.LevelDebug} }
