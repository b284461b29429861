package role

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
)

// windowArgs are the arguments that start a window in this way.
func windowArgs(start cli.WindowStart) []string {
	args := roleArgs(start.Demo, "window")
	if start.Pane != "" {
		args = append(args, "--pane", start.Pane)
	}
	return append(append(args, "--"), start.Items...)
}

// openWindow starts a window, the program that has one, or this one if it has, and returns once it is
// there, or says why not. One that is open on this display already takes over.
func openWindow(ctx context.Context, program string, start cli.WindowStart) error {
	process, err := desktop.Spawn(program, windowArgs(start))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !process.Begun() {
		select {
		case <-process.Done():
			return process.Err()
		case <-ctx.Done():
			return fmt.Errorf("the window does not appear: %w", ctx.Err())
		case <-time.After(startPoll):
		}
	}
	return process.Err() // it may have ended so fast
}

// windowProgram is the program that has the window.
func windowProgram() (string, error) {
	program, err := desktop.FindProgram(windowName)
	if errors.Is(err, desktop.ErrNoProgram) && hasWindow {
		return os.Executable()
	}
	return program, err
}
