package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// quietFor is how long notifications are silent if nothing else is said, as in the window.
const quietFor = time.Hour

func (p *program) quietCommand() *cobra.Command {
	t := p.Words.T
	return &cobra.Command{
		Use: "quiet [DURATION]", Short: t("cli.quiet.short"), Long: t("cli.quiet.long"), Args: cobra.MaximumNArgs(1),
		Example: "  tabferry quiet\n  tabferry quiet 2h30m\n  tabferry quiet 0",
		RunE: func(cmd *cobra.Command, args []string) error {
			wait := quietFor
			if len(args) > 0 {
				var err error
				if wait, err = time.ParseDuration(args[0]); err != nil || wait < 0 {
					return p.noDuration(args[0])
				}
			}
			return p.quiet(cmd.Context(), wait)
		},
	}
}

// quiet silences notifications; zero ends the silence.
func (p *program) quiet(ctx context.Context, wait time.Duration) error {
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	minutes := int((wait + time.Minute - 1) / time.Minute)
	if err := agent.Quiet(ctx, minutes); err != nil {
		return err
	}
	switch {
	case p.json:
		return nil
	case minutes == 0:
		return p.print(p.Words.T("cli.quiet.over"))
	}
	return p.print(p.Words.T("cli.status.quiet", "Time", p.clock(p.Now().Add(time.Duration(minutes)*time.Minute))))
}
