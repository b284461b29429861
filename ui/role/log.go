package role

import (
	"errors"
	"log/slog"

	"github.com/tabferry/tabferry/account/agent/diagnostics"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// keepLog opens the log of a role, and has the trace of a crash written beside it. end closes both;
// see desktop.KeepCrashes for why it must not be deferred.
func keepLog(paths session.Paths, role string) (log *diagnostics.Log, end func() error, err error) {
	file, err := desktop.OpenLog(paths.Logs, role)
	if err != nil {
		return nil, nil, err
	}
	endCrashes, err := desktop.KeepCrashes(paths.Logs, role)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	end = func() error { return errors.Join(endCrashes(), file.Close()) }
	return diagnostics.NewLog(slog.NewTextHandler(file, logOptions())), end, nil
}
