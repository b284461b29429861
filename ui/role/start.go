package role

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// startTime is how long another role may take to answer after its start; a cold disk and a waiting
// keyring are in it.
const startTime = 15 * time.Second

// offerTime is how long an agent may take to look at a desktop, which it does in milliseconds unless a
// program of that desktop hangs.
const offerTime = time.Second

// startPoll is how often a starting role is asked whether it is there.
const startPoll = 20 * time.Millisecond

// ensureAgent starts an agent unless one answers. With one of another version it comes to terms, and says
// how in a note.
func ensureAgent(ctx context.Context, demo bool, note func(string)) error {
	running, err := askAgent(ctx, demo)
	if localapi.Silent(err) {
		return err // it hangs in its place: another one could not begin
	}
	if err == nil {
		return matchVersions(ctx, demo, running, note)
	}
	answers := func(ctx context.Context) bool {
		_, err := askAgent(ctx, demo)
		return err == nil
	}
	if answers(ctx) {
		return nil
	}
	if demo { // better said here than by an agent that ends
		if _, err := demoProgram(); err != nil {
			return err
		}
	}
	program, err := roleProgram()
	if err != nil {
		return err
	}
	return begin(ctx, program, "agent", session.LocatePaths(demo), answers, roleArgs(demo, "agent")...)
}

// agentClient is the way to the agent, wherever one of this installation listens.
func agentClient(demo bool) *localapi.Client { return localapi.Dial(session.AgentSockets(demo)...) }

// askAgent asks the agent how it is, where a start elsewhere may have put it meanwhile.
func askAgent(ctx context.Context, demo bool) (localapi.Snapshot, error) {
	return agentClient(demo).Snapshot(ctx)
}

// offerDesktop tells the agent which desktop this process was started on. It may have been started before
// there was one. An agent of an earlier version does not know the call: it stays where it is.
func offerDesktop(ctx context.Context, demo bool) {
	here := session.Here()
	if here == (session.Desktop{}) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, offerTime)
	defer cancel()
	_ = agentClient(demo).UseDesktop(ctx, localapi.Desktop(here)) // nothing that was asked for depends on it
}

// begin starts a role, `program args…`, and waits until it answers.
func begin(ctx context.Context, program, role string, paths session.Paths, answers func(context.Context) bool, args ...string) error {
	process, err := desktop.Spawn(program, args)
	if err != nil {
		return fmt.Errorf("starting the %s: %w", role, err)
	}
	defer func() { _ = process.Forget() }() // an empty file among the temporary ones
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !answers(ctx) {
		select {
		case <-process.Done():
			// It may have lost the race against another start of the same role.
			if answers(ctx) {
				return nil
			}
			return ended(role, paths, process.Err())
		case <-ctx.Done():
			return fmt.Errorf("the %s does not answer: %w", role, ctx.Err())
		case <-time.After(startPoll):
		}
	}
	return nil
}

// ended says why a role ended at once, and where it has its log.
func ended(role string, paths session.Paths, err error) error {
	if err == nil {
		err = errors.New("it gave no reason")
	}
	log := filepath.Join(paths.Logs, role+".log")
	if _, statErr := os.Stat(log); statErr != nil {
		return fmt.Errorf("the %s ended at once: %w (its log would be %s)", role, err, log)
	}
	return fmt.Errorf("the %s ended at once: %w (log: %s)", role, err, log)
}

// roleArgs are the arguments of a role.
func roleArgs(demo bool, args ...string) []string {
	if demo {
		return append([]string{"--demo"}, args...)
	}
	return args
}

// roleProgram is the program that plays the roles without a window: the lean one where it is installed,
// else this one. An AppImage is started anew: what is mounted goes with the process that it was mounted for.
func roleProgram() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if image, err := desktop.SelfProgram(); err != nil || image != self {
		return image, err
	}
	program, err := desktop.FindProgram(leanName)
	if errors.Is(err, desktop.ErrNoProgram) {
		return self, nil
	}
	return program, err
}
