package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// lookTime is how long a command that lists something waits for what is newer than that: with a server that
// does not answer it shows what is known, and of when.
const lookTime = 3 * time.Second

func (p *program) refreshCommand() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "refresh", Short: p.Words.T("cli.refresh.short"), Long: p.Words.T("cli.refresh.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := p.limited(cmd.Context(), wait)
			defer cancel()
			return p.refresh(ctx)
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", 0, p.Words.T("cli.flag.wait_pair"))
	return cmd
}

// refresh asks the server for everything anew, and tells what it has said.
func (p *program) refresh(ctx context.Context) error {
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	if err := agent.Refreshed(ctx, localapi.RefreshAll); err != nil {
		return err
	}
	s, err := agent.Snapshot(ctx)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(s)
	}
	return p.print(p.Words.T("cli.refresh.done", "Devices", p.Words.N("cli.status.devices", len(s.Devices.Items))))
}

// look has the agent fetch lists that are too old to be shown, and waits a little for them. That this may fail
// is seen in the lists.
func (p *program) look(ctx context.Context, agent *localapi.Client) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	_ = agent.Refreshed(ctx, localapi.RefreshLooking)
}

// old reports whether a list must be shown with its age.
func (p *program) old(l localapi.ListState) bool {
	return l.Known && !l.At.IsZero() && p.Now().Sub(l.At) > localapi.FreshFor
}

// asOf says of when a list is, and why no newer one could be had.
func (p *program) asOf(l localapi.ListState) string {
	text := p.Words.T("cli.list.as_of", "Ago", p.ago(l.At))
	if l.Problem != "" {
		text += " " + i18n.Plain(l.Problem)
	}
	return text
}
