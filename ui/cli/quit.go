package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// How long quit --force waits for an agent that was asked to end, which takes it three seconds at most,
// and how often it looks.
const (
	quitTime = 5 * time.Second
	quitLook = 50 * time.Millisecond
)

func (p *program) quitCommand() *cobra.Command {
	force := false
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "quit", Short: t("cli.quit.short"), Long: t("cli.quit.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent := p.present()
			err := agent.Quit(cmd.Context())
			if absent(err) {
				return nil // none is fine
			}
			switch {
			case force && localapi.Silent(err):
				return p.kill(cmd.Context(), agent)
			case force && err == nil:
				return p.endAgent(cmd.Context(), agent)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, t("cli.flag.force"))
	return cmd
}

// absent reports whether an error says that no agent runs.
func absent(err error) bool {
	var e *localapi.Error
	return errors.As(err, &e) && e.Code == localapi.CodeNotReachable && !localapi.Silent(e)
}

// endAgent waits for the agent's end, and ends its process when that does not come.
func (p *program) endAgent(ctx context.Context, agent *localapi.Client) error {
	limited, cancel := context.WithTimeout(ctx, quitTime)
	defer cancel()
	for limited.Err() == nil {
		if _, err := agent.Snapshot(limited); absent(err) {
			return nil
		}
		select {
		case <-limited.Done():
		case <-time.After(quitLook):
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.kill(ctx, agent)
}

func (p *program) kill(ctx context.Context, agent *localapi.Client) error {
	if err := agent.Kill(ctx); err != nil && !absent(err) {
		return &failure{exit: ExitNotReachable, code: localapi.CodeNotReachable, message: p.Words.T("cli.error.not_ended"), hint: p.Words.T("cli.hint.not_ended")}
	}
	return nil
}
