//go:build headless

package role

import (
	"context"
	"fmt"

	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// hasWindow reports whether this build has the window.
const hasWindow = false

// runWindow hands over to the build that has the window, and returns once the window is there: the
// terminal or launcher that started us has then done its work.
func runWindow(ctx context.Context, start cli.WindowStart, report desktop.Report) error {
	release, err := session.HoldDisplay()
	defer release()
	if err != nil {
		return err
	}
	program, err := windowProgram()
	if err != nil {
		return fmt.Errorf("this build has no window: %w (install %s beside it)", err, windowName)
	}
	if err := ensureAgent(ctx, start.Demo, func(words string) { fmt.Fprintln(report, words) }); err != nil {
		return err
	}
	return openWindow(ctx, program, start)
}
