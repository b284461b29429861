package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
)

// defaultWait is how long send waits for the server to accept (architecture, decision 14).
const defaultWait = 5 * time.Second

// sending holds the flags of send and close.
type sending struct {
	to      []string
	all     bool
	private bool
	wait    time.Duration
	close   bool
}

func (p *program) sendCommand() *cobra.Command {
	var s sending
	t := p.Words.T
	cmd := &cobra.Command{
		Use:     "send URL…",
		Short:   t("cli.send.short"),
		Long:    t("cli.send.long"),
		Example: "  tabferry send https://example.org\n  tabferry send --to phone https://example.org https://example.com\n  grep -o 'https://[^ ]*' notes.txt | tabferry send -",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.send(cmd.Context(), s, args) },
	}
	cmd.Flags().StringArrayVar(&s.to, "to", nil, t("cli.flag.to"))
	cmd.Flags().BoolVar(&s.all, "all", false, t("cli.flag.all"))
	cmd.Flags().BoolVar(&s.private, "private", false, t("cli.flag.private"))
	cmd.Flags().DurationVar(&s.wait, "wait", defaultWait, t("cli.flag.wait"))
	p.completeDevices(cmd, canReceive)
	return cmd
}

func (p *program) closeCommand() *cobra.Command {
	s := sending{close: true}
	t := p.Words.T
	cmd := &cobra.Command{
		Use:   "close URL…",
		Short: t("cli.close.short"),
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return p.send(cmd.Context(), s, args) },
	}
	cmd.Flags().StringArrayVar(&s.to, "to", nil, t("cli.flag.to"))
	cmd.Flags().DurationVar(&s.wait, "wait", defaultWait, t("cli.flag.wait"))
	p.completeDevices(cmd, canClose)
	return cmd
}

// completeDevices offers device names to the shell, from an agent that runs already.
func (p *program) completeDevices(cmd *cobra.Command, fits able) {
	err := cmd.RegisterFlagCompletionFunc("to", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		s, err := p.present().Snapshot(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, d := range s.Devices.Items {
			if fits(d) {
				names = append(names, i18n.Plain(d.Name))
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag was defined a line ago
	}
}

// send queues the links and waits until the server has accepted them.
func (p *program) send(ctx context.Context, s sending, args []string) error {
	if s.all && len(s.to) > 0 {
		return p.usage(p.Words.T("cli.error.to_and_all"))
	}
	links, err := p.links(args)
	if err != nil {
		return err
	}
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	devices, err := p.knownDevices(ctx, agent)
	if err != nil {
		return err
	}
	fits := canReceive
	if s.close {
		fits = canClose
	}
	chosen, err := p.targets(devices, s.to, s.all, fits)
	if err != nil {
		return err
	}
	request := localapi.SendRequest{Links: links, Private: s.private, Close: s.close}
	for _, d := range chosen {
		request.Devices = append(request.Devices, d.ID)
	}
	entries, err := agent.Send(ctx, request)
	if err != nil {
		return err
	}
	entries, err = p.untilAccepted(ctx, agent, entries, s.wait)
	if err != nil {
		return err
	}
	return p.tellSent(entries)
}

// untilAccepted follows the entries until none waits any more or the time is over.
func (p *program) untilAccepted(ctx context.Context, agent *localapi.Client, entries []localapi.OutboxEntry, wait time.Duration) ([]localapi.OutboxEntry, error) {
	if wait <= 0 || !anyWaiting(entries) {
		return entries, nil
	}
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for update, err := range agent.Watch(limited, localapi.FaceCommand) {
		if err == nil {
			err = follow(limited, agent, entries, update.Snapshot.Outbox.Recent)
		}
		if err != nil {
			if ctx.Err() == nil && limited.Err() != nil {
				return entries, nil // the time is over: what is known now is the answer
			}
			return entries, err
		}
		if !anyWaiting(entries) {
			break
		}
	}
	return entries, nil
}

// follow brings the entries up to date; one that is too old for the snapshot is asked for.
func follow(ctx context.Context, agent *localapi.Client, entries, recent []localapi.OutboxEntry) error {
	now := make(map[string]localapi.OutboxEntry, len(recent))
	for _, e := range recent {
		now[e.ID] = e
	}
	for i, e := range entries {
		if e.State != localapi.SendWaiting {
			continue
		}
		if fresh, ok := now[e.ID]; ok {
			entries[i] = fresh
			continue
		}
		fresh, err := agent.Sent(ctx, e.ID)
		var refusal *localapi.Error
		if errors.As(err, &refusal) && refusal.Code == localapi.CodeNotFound {
			continue // somebody deleted it: it will not be sent, and stays "waiting" here
		}
		if err != nil {
			return err
		}
		entries[i] = fresh
	}
	return nil
}

func anyWaiting(entries []localapi.OutboxEntry) bool {
	for _, e := range entries {
		if e.State == localapi.SendWaiting {
			return true
		}
	}
	return false
}

// tellSent says how far each entry has come, and returns the error that sets the exit code.
func (p *program) tellSent(entries []localapi.OutboxEntry) error {
	exit := ExitOK
	for _, e := range entries {
		switch {
		case e.State == localapi.SendFailed && e.NextTry.IsZero():
			exit = ExitFailed
		case (e.State == localapi.SendWaiting || e.State == localapi.SendFailed) && exit == ExitOK:
			exit = ExitWaiting
		}
		if p.json {
			continue
		}
		if err := p.print(p.sentLine(e)); err != nil {
			return err
		}
	}
	if p.json {
		if err := p.printJSON(entries); err != nil {
			return err
		}
	}
	if exit != ExitOK {
		return &failure{exit: exit, quiet: true}
	}
	return nil
}

// sentLine is one entry in words: device, host, state.
func (p *program) sentLine(e localapi.OutboxEntry) string {
	host := e.Host
	if host == "" || strings.HasSuffix(host, ":") {
		host = link.WithoutQuery(e.URL)
	}
	return i18n.Plain(p.device(e.To) + ": " + host + ": " + p.sendState(e))
}

// sendState says an entry's state in words, never more than the server said.
func (p *program) sendState(e localapi.OutboxEntry) string {
	t := p.Words.T
	var text string
	switch e.State {
	case localapi.SendWaiting:
		text = t("cli.sent.waiting")
	case localapi.SendAccepted:
		text = t("cli.sent.accepted")
	case localapi.SendAlerted:
		text = t("cli.sent.alerted")
	case localapi.SendPushOff:
		text = t("cli.sent.push_off")
	case localapi.SendFailed:
		text = t("cli.sent.failed")
		if !e.NextTry.IsZero() {
			text = t("cli.sent.failed_retry", "Time", e.NextTry.In(p.Now().Location()).Format("15:04:05"))
		}
	default:
		text = string(e.State)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if e.MayBeTwice {
		text += " (" + t("cli.sent.may_be_twice") + ")"
	}
	return text
}
