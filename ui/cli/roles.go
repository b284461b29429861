package cli

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
)

func (p *program) windowCommand() *cobra.Command {
	var start WindowStart
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "window [LINK|FILE…]", Short: t("cli.window.short"), Args: p.itemsOrNothing,
		RunE: func(cmd *cobra.Command, args []string) error {
			start.Items = args
			return p.window(cmd.Context(), start)
		},
	}
	cmd.Flags().StringVar(&start.Pane, "pane", "", t("cli.flag.pane"))
	choices(cmd, "pane", panes...)
	cmd.Flags().BoolVar(&start.Hidden, "hidden", false, t("cli.flag.hidden"))
	return cmd
}

// panes are what the window can show first.
var panes = []string{"send", "inbox", "devices", "pair", "account", "settings"}

// window makes sure that an agent runs and becomes the window.
func (p *program) window(ctx context.Context, start WindowStart) error {
	if start.Pane != "" && !slices.Contains(panes, start.Pane) {
		return p.badValue("pane", start.Pane)
	}
	start.Demo = p.demo
	for i, item := range start.Items {
		if address, why := link.One(item); why == link.Fine {
			start.Items[i] = address
			continue
		}
		if path, ok := link.FilePath(item); ok {
			item = path
		}
		// A window that is open already may have another working folder.
		if path, err := filepath.Abs(item); err == nil {
			start.Items[i] = path
		}
	}
	if start.Hidden {
		_, err := p.agent(ctx)
		return err
	}
	if p.RunWindow == nil {
		return p.missing()
	}
	run := p.RunWindow
	p.role = func(ctx context.Context) error { return run(ctx, start) }
	return nil
}

func (p *program) agentCommand() *cobra.Command {
	return &cobra.Command{
		Use: "agent", Short: p.Words.T("cli.agent.short"), Long: p.Words.T("cli.agent.long"), Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if p.RunAgent == nil {
				return p.missing()
			}
			run, demo := p.RunAgent, p.demo
			p.role = func(ctx context.Context) error { return run(ctx, demo) }
			return nil
		},
	}
}

func (p *program) demoCommand() *cobra.Command {
	t := p.Words.T
	cmd := &cobra.Command{Use: "demo", Short: t("cli.demo.short")}
	add := func(use, short string, args cobra.PositionalArgs, do func(ctx context.Context, args []string) error) {
		cmd.AddCommand(&cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			if p.Demo == nil {
				return p.missing()
			}
			return do(cmd.Context(), args)
		}})
	}
	add("serve", t("cli.demo.serve.short"), cobra.NoArgs, func(ctx context.Context, _ []string) error { return p.Demo.Serve(ctx) })
	add("stop", t("cli.demo.stop.short"), cobra.NoArgs, func(ctx context.Context, _ []string) error { return p.Demo.Stop(ctx) })
	add("send-me URL", t("cli.demo.send_me.short"), cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		address, why := link.One(args[0])
		if why != link.Fine {
			return p.notALink(args[0], why)
		}
		return p.Demo.SendMe(ctx, address)
	})
	add("scan [URL]", t("cli.demo.scan.short"), cobra.MaximumNArgs(1), p.demoScan)
	add("show-code", t("cli.demo.show_code.short"), cobra.NoArgs, func(ctx context.Context, _ []string) error {
		address, err := p.Demo.ShowCode(ctx)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(CodeText{address})
		}
		return p.print(address)
	})
	add("report", t("cli.demo.report.short"), cobra.NoArgs, func(ctx context.Context, _ []string) error {
		report, err := p.Demo.Report(ctx)
		if err != nil {
			return err
		}
		return p.printJSON(report)
	})
	return cmd
}

// demoScan makes the demo phone scan: the code given, or the one our own demo agent shows.
func (p *program) demoScan(ctx context.Context, args []string) error {
	if len(args) == 1 {
		return p.Demo.Scan(ctx, args[0])
	}
	address, err := p.Client(true).PairingCode(ctx)
	var e *localapi.Error
	if errors.As(err, &e) && (e.Code == localapi.CodeNotFound || e.Code == localapi.CodeConflict) {
		return &failure{exit: ExitFailed, code: e.Code, message: p.Words.T("cli.error.no_code_shown"), hint: p.Words.T("cli.hint.show_code")}
	}
	if err != nil {
		return err
	}
	return p.Demo.Scan(ctx, address)
}
