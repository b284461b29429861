package role

import (
	"errors"
	"io"
	"log/slog"

	"github.com/tabferry/tabferry/account/agent/diagnostics"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// keepLog opens the log of a role, and has the trace of a crash written beside it. end closes both;
// see desktop.KeepCrashes for why it must not be deferred. A disk that takes neither keeps no role from beginning,
// which says what is wrong with the disk: the log is in memory then, for diagnostics.
func keepLog(paths session.Paths, role string) (log *diagnostics.Log, end func() error) {
	var to io.Writer = io.Discard
	var ends []func() error
	endCrashes, noCrashes := desktop.KeepCrashes(paths.Logs, role)
	if noCrashes == nil {
		ends = append(ends, endCrashes)
	}
	file, noLog := desktop.OpenLog(paths.Logs, role)
	if noLog == nil {
		to, ends = file, append(ends, file.Close)
	}
	log = diagnostics.NewLog(slog.NewTextHandler(to, logOptions()))
	if err := errors.Join(noLog, noCrashes); err != nil {
		slog.New(log).Error("there is no log, or no place for the trace of a crash", "error", err)
	}
	return log, func() (err error) {
		for _, end := range ends {
			err = errors.Join(err, end())
		}
		return err
	}
}
