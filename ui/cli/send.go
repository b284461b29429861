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
	"github.com/tabferry/tabferry/ui/device"
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
	p.completeDevices(cmd, false)
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
	p.completeDevices(cmd, true)
	return cmd
}

// completeDevices offers device names to the shell, from an agent that runs already.
func (p *program) completeDevices(cmd *cobra.Command, closing bool) {
	err := cmd.RegisterFlagCompletionFunc("to", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		s, err := p.present().Snapshot(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, d := range localapi.Able(s.Devices.Items, closing) {
			name := i18n.Plain(d.Name)
			if device.Twice(d, s.Devices.Items) { // the id, and what it stands for behind a tab
				name = d.ID + "\t" + device.Name(p.Words, d, s.Devices.Items, p.Now(), 40)
			}
			names = append(names, name)
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
	request := localapi.SendRequest{Links: links, Private: s.private, Close: s.close}
	begun := time.Now()
	agent := p.present()
	entries, err := p.sendAtOnce(ctx, agent, request, s)
	if needsCare(err) {
		entries, err = p.sendWithCare(ctx, request, s, isCode(err, localapi.CodeNoDevice))
	}
	if err != nil && len(entries) == 0 {
		return err
	}
	refused := err // what was queued before is told
	if err := p.untilAccepted(ctx, agent, entries, s.wait-time.Since(begun)); err != nil {
		return err
	}
	if err := p.tellSent(entries); refused == nil {
		return err
	}
	return refused
}

// linksAtOnce is how many links go with the one call that does it all.
const linksAtOnce = 50

// errTooMuch says that the links want several calls.
var errTooMuch = errors.New("too much for one call")

// sendAtOnce asks an agent that runs to find the devices, send and wait, all in one call.
func (p *program) sendAtOnce(ctx context.Context, agent *localapi.Client, r localapi.SendRequest, s sending) ([]localapi.OutboxEntry, error) {
	size := 0
	for _, l := range r.Links {
		size += len(l.URL)
	}
	if len(r.Links) > linksAtOnce || size > bytesAtOnce {
		return nil, errTooMuch
	}
	r.To = &localapi.Choice{Names: s.to, All: s.all}
	r.WaitMillis = int(min(max(s.wait, 0), localapi.MaxSendWait).Milliseconds())
	r.Start = &localapi.Start{Version: p.Version}
	if p.Here != nil {
		r.Start.Desktop = p.Here()
	}
	return agent.Send(ctx, r)
}

// isCode reports whether the agent refused for a reason.
func isCode(err error, code localapi.Code) bool {
	var e *localapi.Error
	return errors.As(err, &e) && e.Code == code
}

// needsCare reports whether what one call could not do may be done step by step: there is no agent yet, it
// is of another version, the devices are not known yet, or not by that name.
func needsCare(err error) bool {
	var e *localapi.Error
	if errors.Is(err, errTooMuch) {
		return true
	}
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case localapi.CodeNotReachable:
		return !localapi.Silent(e)
	case localapi.CodeUnsupported, localapi.CodeOffline, localapi.CodeNoDevice, localapi.CodeUsage:
		return true
	default:
		return false
	}
}

// sendWithCare starts an agent if need be, waits for its devices, finds the ones that are meant and hands
// the links over in as many calls as that takes. Devices that were not looked for in a new list are, before
// anybody is told that there is none.
func (p *program) sendWithCare(ctx context.Context, r localapi.SendRequest, s sending, looked bool) ([]localapi.OutboxEntry, error) {
	agent, err := p.agent(ctx)
	if err != nil {
		return nil, err
	}
	find := func(known []localapi.Device) error {
		chosen, err := p.targets(known, s)
		for _, d := range chosen {
			r.Devices = append(r.Devices, d.ID)
		}
		return err
	}
	if err := p.lookUp(ctx, agent, !looked, find); err != nil {
		return nil, err
	}
	return queue(ctx, agent, r)
}

// What one call carries at most, so that the agent answers soon.
const (
	sendsAtOnce = 1000
	bytesAtOnce = 1 << 20
)

// queue hands the links to the agent in as many calls as that takes, and returns the entries in the order
// of the links, those before a refusal included.
func queue(ctx context.Context, agent *localapi.Client, r localapi.SendRequest) (entries []localapi.OutboxEntry, err error) {
	for rest := r.Links; len(rest) > 0; rest = rest[len(r.Links):] {
		n, size := 0, 0
		for n < len(rest) && (n == 0 || (n+1)*len(r.Devices) <= sendsAtOnce && size+len(rest[n].URL) <= bytesAtOnce) {
			size += len(rest[n].URL)
			n++
		}
		r.Links = rest[:n]
		some, err := agent.Send(ctx, r)
		if err != nil {
			return entries, err
		}
		entries = append(entries, some...)
	}
	return entries, nil
}

// untilAccepted brings the entries up to date until none waits any more or the time is over.
func (p *program) untilAccepted(ctx context.Context, agent *localapi.Client, entries []localapi.OutboxEntry, wait time.Duration) error {
	f := follow(entries)
	if wait <= 0 || len(f.waiting) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for update, err := range agent.Watch(limited, localapi.FaceCommand) {
		if err == nil {
			f.take(update.Snapshot.Outbox.Recent)
			if f.behind(update.Snapshot.Outbox.Waiting, time.Now()) {
				err = f.ask(limited, agent)
			}
		}
		switch {
		case err != nil && ctx.Err() == nil && limited.Err() != nil:
			return f.ask(ctx, agent) // the time is over: what is known now is the answer
		case err != nil:
			return err
		case len(f.waiting) == 0:
			return nil
		}
	}
	return f.ask(ctx, agent)
}

// following are entries that are looked after, and where those stand that still wait.
type following struct {
	entries []localapi.OutboxEntry
	waiting map[string]int
	again   time.Time // when the whole list may be asked for again
}

func follow(entries []localapi.OutboxEntry) *following {
	f := &following{entries: entries, waiting: make(map[string]int)}
	for i, e := range entries {
		if e.State == localapi.SendWaiting {
			f.waiting[e.ID] = i
		}
	}
	return f
}

// take takes over what is news.
func (f *following) take(news []localapi.OutboxEntry) {
	for _, e := range news {
		if i, ok := f.waiting[e.ID]; ok {
			f.entries[i] = e
			if e.State != localapi.SendWaiting {
				delete(f.waiting, e.ID)
			}
		}
	}
}

// askEvery spaces out the calls for the whole list, whose length is nobody's to choose.
const askEvery = time.Second

// behind reports whether the whole list is worth asking for: much of what waited here, of which a snapshot
// shows the newest entries only, does not wait any more, or may not.
func (f *following) behind(waiting int, now time.Time) bool {
	return len(f.waiting) > 0 && (waiting <= len(f.waiting)/2 || len(f.waiting) > localapi.RecentEntries && now.After(f.again))
}

// ask looks at the whole list. Who is not in it any more was deleted by somebody and is not waited for.
func (f *following) ask(ctx context.Context, agent *localapi.Client) error {
	if len(f.waiting) == 0 {
		return nil
	}
	began := time.Now()
	all, err := agent.Outbox(ctx)
	if err != nil {
		return err
	}
	f.take(all)
	there := make(map[string]bool, len(all))
	for _, e := range all {
		there[e.ID] = true
	}
	for id := range f.waiting {
		if !there[id] {
			delete(f.waiting, id)
		}
	}
	now := time.Now()
	f.again = now.Add(max(askEvery, 10*now.Sub(began)))
	return nil
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
