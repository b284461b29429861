package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// TestMissingDemo: without the program that has the demo world every command says what is missing
// and what to do, and none that the agent could not be reached.
func TestMissingDemo(t *testing.T) {
	missing := func() error { return fmt.Errorf("%w (program not found)", cli.ErrNoDemo) }
	for _, args := range [][]string{{"--demo", "agent"}, {"--demo", "window"}, {"--demo", "signin"}} {
		var out, problems bytes.Buffer
		code := cli.Run(t.Context(), cli.Params{
			Client:      func(bool) *localapi.Client { return localapi.Dial(t.TempDir() + "/none.sock") },
			EnsureAgent: func(context.Context, bool) error { return missing() },
			RunAgent:    func(context.Context, bool) error { return missing() },
			RunWindow:   func(context.Context, cli.WindowStart) error { return missing() },
			Out:         &out, Err: &problems, Words: i18n.New("en"),
		}, args)
		if code != cli.ExitFailed || !strings.Contains(problems.String(), "tabferry-demo") || !strings.Contains(problems.String(), "make demo") {
			t.Errorf("%v: exit %d, %q", args, code, problems.String())
		}
	}
}
