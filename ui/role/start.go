package role

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// startTime is how long another role may take to answer after its start; a cold disk and a waiting
// keyring are in it.
const startTime = 15 * time.Second

// startPoll is how often a starting role is asked whether it is there.
const startPoll = 20 * time.Millisecond

// ensureAgent starts an agent unless one answers.
func ensureAgent(ctx context.Context, demo bool) error {
	ask := func(ctx context.Context) error {
		client := localapi.Dial(session.LocatePaths(demo).Socket) // where a start elsewhere may have put it meanwhile
		defer client.Close()
		_, err := client.Snapshot(ctx)
		return err
	}
	if err := ask(ctx); localapi.Silent(err) {
		return err // it hangs in its place: another one could not begin
	}
	answers := func(ctx context.Context) bool { return ask(ctx) == nil }
	return ensure(ctx, "agent", answers, roleArgs(demo, "agent")...)
}

// ensure starts `tabferry args…` unless the role answers, and waits until it does.
func ensure(ctx context.Context, role string, answers func(context.Context) bool, args ...string) error {
	if answers(ctx) {
		return nil
	}
	program, err := roleProgram()
	if err != nil {
		return err
	}
	process, err := desktop.Spawn(program, args)
	if err != nil {
		return fmt.Errorf("starting the %s: %w", role, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !answers(ctx) {
		select {
		case <-process.Done():
			// It may have lost the race against another start of the same role.
			if answers(ctx) {
				return nil
			}
			return fmt.Errorf("the %s ended at once: %w", role, errors.Join(process.Err(), errEnded))
		case <-ctx.Done():
			return fmt.Errorf("the %s does not answer: %w", role, ctx.Err())
		case <-time.After(startPoll):
		}
	}
	return nil
}

var errEnded = errors.New("see its log for the reason")

// roleArgs are the arguments of a role.
func roleArgs(demo bool, args ...string) []string {
	if demo {
		return append([]string{"--demo"}, args...)
	}
	return args
}

// windowArgs are the arguments that start a window in this way.
func windowArgs(start cli.WindowStart) []string {
	args := roleArgs(start.Demo, "window")
	if start.Pane != "" {
		args = append(args, "--pane", start.Pane)
	}
	return append(append(args, "--"), start.Items...)
}

var errNoDisplay = errors.New("there is no display to show a window on (DISPLAY and WAYLAND_DISPLAY are not set)")

// openWindow starts a window: the program that has one, or this one if it has.
func openWindow(demo bool, pane string) error {
	program, err := desktop.FindProgram(windowProgram)
	if errors.Is(err, desktop.ErrNoProgram) && hasWindow {
		program, err = os.Executable()
	}
	if err != nil {
		return err
	}
	_, err = desktop.Spawn(program, windowArgs(cli.WindowStart{Demo: demo, Pane: pane}))
	return err
}

// roleProgram is the program that plays the roles without a window: the lean one where it is
// installed, else this one.
func roleProgram() (string, error) {
	program, err := desktop.FindProgram(leanProgram)
	if errors.Is(err, desktop.ErrNoProgram) {
		return os.Executable()
	}
	return program, err
}
