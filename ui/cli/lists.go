package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/device"
)

func (p *program) inboxCommand() *cobra.Command {
	var q localapi.InboxQuery
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "inbox", Short: t("cli.inbox.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.inbox(cmd.Context(), q) },
	}
	cmd.Flags().BoolVar(&q.Unread, "unread", false, t("cli.flag.unread"))
	cmd.Flags().IntVar(&q.Limit, "limit", 0, t("cli.flag.limit"))
	cmd.Flags().StringVar(&q.Text, "search", "", t("cli.flag.search"))
	cmd.AddCommand(
		&cobra.Command{Use: "open ID…", Short: t("cli.inbox.open.short"), Args: cobra.MinimumNArgs(1), ValidArgsFunction: p.completeIDs(receivedIDs), RunE: func(cmd *cobra.Command, args []string) error {
			return p.openReceived(cmd.Context(), args)
		}},
		p.idCommand("read ID…", t("cli.inbox.read.short"), receivedIDs, (*localapi.Client).MarkRead),
		p.idCommand("delete ID…", t("cli.inbox.delete.short"), receivedIDs, (*localapi.Client).DeleteReceived),
		&cobra.Command{Use: "forget-damaged", Short: t("cli.inbox.forget_damaged.short"), Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			agent, err := p.agent(cmd.Context())
			if err != nil {
				return err
			}
			return agent.ForgetDamaged(cmd.Context())
		}},
		&cobra.Command{Use: "forget-earlier", Short: t("cli.inbox.forget_earlier.short"), Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			agent, err := p.agent(cmd.Context())
			if err != nil {
				return err
			}
			return agent.ForgetEarlier(cmd.Context())
		}},
	)
	return cmd
}

// entryIDs are the ids that a shell is offered, each with what it stands for.
type entryIDs func(s localapi.Snapshot) []cobra.Completion

func receivedIDs(s localapi.Snapshot) (all []cobra.Completion) {
	for _, e := range s.Inbox.Recent {
		all = append(all, cobra.CompletionWithDesc(e.ID, i18n.OneLine(e.Host+" "+e.Title, maxCell)))
	}
	return all
}

func sentIDs(s localapi.Snapshot) (all []cobra.Completion) {
	for _, e := range s.Outbox.Recent {
		all = append(all, cobra.CompletionWithDesc(e.ID, i18n.OneLine(e.To+" "+e.Host, maxCell)))
	}
	return all
}

func callerIDs(s localapi.Snapshot) (all []cobra.Completion) {
	for _, c := range s.Callers {
		all = append(all, cobra.CompletionWithDesc(c.ID, i18n.OneLine(c.Name, maxCell)))
	}
	return all
}

// completeIDs offers ids to the shell, from an agent that runs already.
func (p *program) completeIDs(ids entryIDs) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		s, err := p.present().Snapshot(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ids(s), cobra.ShellCompDirectiveNoFileComp
	}
}

// idsAtOnce is how many entries one call is about: few enough that the agent answers soon.
const idsAtOnce = 1000

// idCommand is a command that does one thing to any number of entries.
func (p *program) idCommand(use, short string, ids entryIDs, do func(a *localapi.Client, ctx context.Context, ids ...string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.MinimumNArgs(1), ValidArgsFunction: p.completeIDs(ids), RunE: func(cmd *cobra.Command, ids []string) error {
		agent, err := p.agent(cmd.Context())
		if err != nil {
			return err
		}
		for some := range slices.Chunk(ids, idsAtOnce) {
			if err := do(agent, cmd.Context(), some...); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (p *program) inbox(ctx context.Context, q localapi.InboxQuery) error {
	if q.Limit < 0 {
		return p.badValue("limit", strconv.Itoa(q.Limit))
	}
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	if err := agent.Look(ctx); err != nil { // the entries are the agent's own; what it may miss comes later
		return err
	}
	entries, err := pages(ctx, agent, q)
	if err != nil {
		return err
	}
	if p.json {
		if entries == nil {
			entries = []localapi.InboxEntry{}
		}
		return p.printJSON(entries)
	}
	if len(entries) == 0 {
		return p.noneReceived(ctx, agent, q)
	}
	t := p.Words.T
	var rows [][]string
	for _, e := range entries {
		mark := "*"
		if e.Read {
			mark = ""
		}
		rows = append(rows, []string{mark, p.ago(e.At), p.device(e.From), p.whatCame(e), e.ID, strings.Join(linksOf(e), " ")})
	}
	return p.table([]string{"", t("cli.column.when"), t("cli.column.from"), t("cli.column.what"), t("cli.column.id"), t("cli.column.link")}, rows)
}

// noneReceived tells an inbox in which nothing fits from an empty one.
func (p *program) noneReceived(ctx context.Context, agent *localapi.Client, q localapi.InboxQuery) error {
	any, err := agent.Inbox(ctx, localapi.InboxQuery{Limit: 1})
	switch {
	case err != nil:
		return err
	case len(any) == 0:
		return p.print(p.Words.T("cli.inbox.empty"))
	case q.Text == "":
		return p.print(p.Words.T("cli.inbox.none_unread"))
	}
	return p.print(p.Words.T("cli.inbox.none_fits"))
}

// pages returns as many entries as are asked for, in as many calls as that takes.
func pages(ctx context.Context, agent *localapi.Client, q localapi.InboxQuery) (all []localapi.InboxEntry, err error) {
	for left := q.Limit; ; left -= localapi.MaxInboxPage {
		q.Limit = min(left, localapi.MaxInboxPage)
		page, err := agent.Inbox(ctx, q)
		all = append(all, page...)
		if err != nil || left <= localapi.MaxInboxPage || len(page) < q.Limit {
			return all, err
		}
		q.Before = page[len(page)-1].ID
	}
}

// whatCame says what an entry is, its host first.
func (p *program) whatCame(e localapi.InboxEntry) string {
	switch e.Kind {
	case localapi.KindClose:
		return p.Words.N("cli.inbox.close", len(e.URLs))
	case localapi.KindUnreadable:
		return p.Words.T("cli.inbox.unreadable")
	}
	return strings.Trim(e.Host+" · "+e.Title, " ·")
}

func linksOf(e localapi.InboxEntry) []string {
	if e.Kind == localapi.KindClose {
		return e.URLs
	}
	return []string{e.URL}
}

// openReceived opens received tabs in the browser and marks them as read.
func (p *program) openReceived(ctx context.Context, ids []string) error {
	if p.Open == nil {
		return p.missing()
	}
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	snapshot, err := agent.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		entry, err := p.received(ctx, agent, id)
		if err != nil {
			return err
		}
		if !entry.CanOpen {
			return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.error.cannot_open", "ID", i18n.Plain(id))}
		}
		if err := p.Open(ctx, snapshot.Settings.Browser, entry.URL); err != nil {
			return err
		}
		if err := agent.MarkRead(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// received finds one received entry, page by page.
func (p *program) received(ctx context.Context, agent *localapi.Client, id string) (localapi.InboxEntry, error) {
	q := localapi.InboxQuery{Limit: localapi.MaxInboxPage}
	for {
		page, err := agent.Inbox(ctx, q)
		if err != nil {
			return localapi.InboxEntry{}, err
		}
		for _, e := range page {
			if e.ID == id {
				return e, nil
			}
		}
		if len(page) < q.Limit {
			return localapi.InboxEntry{}, &failure{exit: ExitFailed, code: localapi.CodeNotFound, message: p.Words.T("cli.error.no_entry", "ID", i18n.Plain(id))}
		}
		q.Before = page[len(page)-1].ID
	}
}

func (p *program) outboxCommand() *cobra.Command {
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "outbox", Short: t("cli.outbox.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.outbox(cmd.Context()) },
	}
	cmd.AddCommand(
		p.idCommand("retry ID…", t("cli.outbox.retry.short"), sentIDs, (*localapi.Client).Retry),
		p.idCommand("delete ID…", t("cli.outbox.delete.short"), sentIDs, (*localapi.Client).DeleteSent),
	)
	return cmd
}

func (p *program) outbox(ctx context.Context) error {
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	entries, err := agent.Outbox(ctx)
	if err != nil {
		return err
	}
	if p.json {
		if entries == nil {
			entries = []localapi.OutboxEntry{}
		}
		return p.printJSON(entries)
	}
	if len(entries) == 0 {
		return p.print(p.Words.T("cli.outbox.empty"))
	}
	t := p.Words.T
	var rows [][]string
	for _, e := range entries {
		rows = append(rows, []string{p.ago(e.At), p.device(e.To), p.sendState(e), e.ID, e.URL})
	}
	return p.table([]string{t("cli.column.when"), t("cli.column.to"), t("cli.column.state"), t("cli.column.id"), t("cli.column.link")}, rows)
}

func (p *program) devicesCommand() *cobra.Command {
	ids, wait := false, deviceListTime
	cmd := &cobra.Command{
		Use: "devices", Short: p.Words.T("cli.devices.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.devices(cmd.Context(), ids, wait) },
	}
	cmd.Flags().DurationVar(&wait, "wait", deviceListTime, p.Words.T("cli.flag.wait_devices"))
	cmd.AddCommand(p.disconnectCommand())
	cmd.Flags().BoolVar(&ids, "ids", false, p.Words.T("cli.flag.ids"))
	return cmd
}

// devices lists the devices, with their ids if asked for or if names repeat.
func (p *program) devices(ctx context.Context, ids bool, wait time.Duration) error {
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	p.look(ctx, agent)
	list, err := p.knownDevices(ctx, agent, wait)
	if err != nil {
		return err
	}
	devices := list.Items
	if p.json {
		if devices == nil {
			devices = []localapi.Device{}
		}
		return p.printJSON(devices)
	}
	ids = ids || slices.ContainsFunc(devices, func(d localapi.Device) bool { return device.Twice(d, devices) })
	t := p.Words.T
	head := []string{t("cli.column.name"), t("cli.column.type"), t("cli.column.last_seen"), ""}
	if ids {
		head = append(head, t("cli.column.id"))
	}
	var rows [][]string
	for _, d := range devices {
		var marks []string
		if d.This {
			marks = append(marks, t("common.this_device"))
		} else if !d.CanReceiveTabs {
			marks = append(marks, t("cli.devices.cannot_receive"))
		}
		if d.PushOff && !d.This {
			marks = append(marks, t("cli.devices.push_off"))
		}
		row := []string{p.device(d.Name), device.Type(p.Words, d.Type), p.ago(d.LastAccess), strings.Join(marks, ", ")}
		if ids {
			row = append(row, d.ID)
		}
		rows = append(rows, row)
	}
	if err := p.table(head, rows); err != nil || !p.old(list.ListState) {
		return err
	}
	return p.print(p.asOf(list.ListState))
}

func (p *program) renameCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rename NAME", Short: p.Words.T("cli.rename.short"), Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := strings.TrimSpace(args[0])
			if name == "" {
				return p.usage(p.Words.T("cli.error.empty_name"))
			}
			if !utf8.ValidString(name) {
				return p.usage(p.Words.T("cli.error.name_no_text"))
			}
			agent, err := p.agent(cmd.Context())
			if err != nil {
				return err
			}
			if err := agent.RenameDevice(cmd.Context(), name); err != nil {
				return err
			}
			if p.json {
				return nil
			}
			return p.print(p.Words.T("cli.rename.done", "Name", i18n.Plain(name)))
		},
	}
}
