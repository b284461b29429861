//go:build headless

package role

import (
	"context"
	"fmt"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// hasWindow reports whether this build has the window.
const hasWindow = false

// runWindow hands over to the build that has the window, and returns once the window is there: the
// terminal or launcher that started us has then done its work.
func runWindow(ctx context.Context, start cli.WindowStart) error {
	if session.FindDisplay() == session.NoDisplay {
		return errNoDisplay
	}
	program, err := desktop.FindProgram(windowProgram)
	if err != nil {
		return fmt.Errorf("this build has no window: %w (install %s beside it)", err, windowProgram)
	}
	if err := ensureAgent(ctx, start.Demo); err != nil {
		return err
	}
	process, err := desktop.Spawn(program, windowArgs(start))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	client := localapi.Dial(session.LocatePaths(start.Demo).Socket)
	for {
		select {
		case <-process.Done(): // an open window took over, or it failed
			return process.Err()
		case <-ctx.Done():
			return fmt.Errorf("the window does not appear: %w", ctx.Err())
		case <-time.After(startPoll):
		}
		if shown, err := client.ShowWindow(ctx, start.Pane); err == nil && shown {
			return nil
		}
	}
}
