package role

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/desktop"
)

// renewTime is how long a face waits for the next agent: the first ends in three seconds at most. One that
// has something to do takes longer, and nobody waits for that.
const renewTime = 6 * time.Second

// matchVersions has an agent that is older than this program make room for the next one, and says what
// there is to say about versions that differ.
func matchVersions(ctx context.Context, demo bool, running localapi.Snapshot, note func(string)) error {
	say := func(key string) {
		note(i18n.New("").T("cli.version."+key, "Running", running.Version, "Version", version))
	}
	switch semver.Compare("v"+running.Version, "v"+version) {
	case 0:
		return nil
	case 1:
		say("newer")
		return nil
	}
	err := speaking(agentClient(demo), new(i18n.Speaker)).Renew(ctx, version)
	var refusal *localapi.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == localapi.CodeConflict:
		note(strings.TrimSpace(refusal.Message + "\n" + refusal.Hint))
	case err != nil: // one from before there was such a call
		say("older")
	case renewed(ctx, demo, running.PID):
		say("renewed")
	default:
		say("waits")
	}
	return ctx.Err()
}

// renewed waits for another process to be the agent.
func renewed(ctx context.Context, demo bool, old int) bool {
	ctx, cancel := context.WithTimeout(ctx, renewTime)
	defer cancel()
	for {
		if s, err := askAgent(ctx, demo); err == nil && s.PID != old {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(startPoll):
		}
	}
}

// askTime is how long a program may take to say its version.
const askTime = 5 * time.Second

// successorVersion is the version of the program that lies where this one was started from.
func successorVersion(ctx context.Context) (string, error) {
	program, err := desktop.SelfProgram()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output() // #nosec G204 -- ourselves, or what was installed over us
	if err != nil {
		return "", err
	}
	words := strings.Fields(string(out)) // Tabferry 0.2.0 (…)
	if len(words) < 2 || words[0] != "Tabferry" || !semver.IsValid("v"+words[1]) {
		return "", errors.New("it says no version")
	}
	return words[1], nil
}

// startSuccessor starts the agent that takes over.
func startSuccessor(demo bool) error {
	program, err := desktop.SelfProgram()
	if err != nil {
		return err
	}
	process, err := desktop.Spawn(program, roleArgs(demo, "agent"))
	if err != nil {
		return fmt.Errorf("starting the next agent: %w", err)
	}
	return process.Forget()
}
