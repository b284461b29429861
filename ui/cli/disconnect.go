package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

func (p *program) disconnectCommand() *cobra.Command {
	var yes bool
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "disconnect NAME", Short: t("cli.disconnect.short"), Long: t("cli.disconnect.long"), Args: cobra.ExactArgs(1),
		ValidArgsFunction: p.completeIDs(func(s localapi.Snapshot) (all []cobra.Completion) {
			for _, d := range s.Devices.Items {
				if !d.This {
					all = append(all, cobra.CompletionWithDesc(d.ID, i18n.OneLine(d.Name, maxCell)))
				}
			}
			return all
		}),
		RunE: func(cmd *cobra.Command, args []string) error { return p.disconnect(cmd.Context(), args[0], yes) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, t("cli.flag.yes"))
	return cmd
}

// disconnect signs another device out of the account, after asking.
func (p *program) disconnect(ctx context.Context, name string, yes bool) error {
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	p.look(ctx, agent)
	var d localapi.Device
	err = p.lookUp(ctx, agent, true, func(known []localapi.Device) (err error) {
		others := slices.DeleteFunc(slices.Clone(known), func(d localapi.Device) bool { return d.This })
		d, err = p.byName(others, known, name)
		if f := (*failure)(nil); errors.As(err, &f) {
			f.hint = p.Words.T("cli.hint.several", "Names", nameList(others))
		}
		return err
	})
	if err != nil {
		return err
	}
	if !yes {
		if yes, err = p.confirm(p.Words.T("cli.disconnect.ask", "Device", i18n.Plain(p.device(d.Name)))); err != nil {
			return err
		}
	}
	if !yes {
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.disconnect.kept")}
	}
	if err := agent.DisconnectDevice(ctx, d.ID); err != nil || p.json {
		return err
	}
	return p.print(p.Words.T("cli.disconnect.done", "Device", i18n.Plain(p.device(d.Name))))
}
