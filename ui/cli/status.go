package cli

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

func (p *program) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: p.Words.T("cli.status.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.status(cmd.Context()) },
	}
}

// status says how things are. Asking must not change them: no agent is started for it.
func (p *program) status(ctx context.Context) error {
	agent := p.present()
	if p.json {
		s, err := agent.Snapshot(ctx)
		if err == nil {
			err = p.lookIfOld(ctx, agent, s.Devices.ListState)
		}
		if err != nil {
			return err
		}
		return p.printJSON(s)
	}
	s, err := agent.Summary(ctx)
	if err == nil {
		err = p.lookIfOld(ctx, agent, s.Devices)
	}
	if err != nil {
		return err
	}
	return p.print(strings.Join(p.statusLines(s), "\n"))
}

// lookIfOld has an old list asked for anew; what is printed says of when it is.
func (p *program) lookIfOld(ctx context.Context, agent *localapi.Client, list localapi.ListState) error {
	if !p.old(list) {
		return nil
	}
	return agent.Look(ctx)
}

// statusLines says a summary in words.
func (p *program) statusLines(s localapi.Summary) []string {
	t := p.Words.T
	var lines []string
	add := func(text, problem string) {
		if problem != "" {
			text = t("cli.status.problem", "Text", text, "Problem", problem)
		}
		lines = append(lines, i18n.Plain(text))
	}
	switch {
	case s.Storage.WaitingForKeyring:
		add(t("cli.status.keyring"), "")
	case s.Storage.Locked:
		add(t("cli.error.locked"), s.Storage.Problem)
	case s.Storage.Problem != "" && s.Storage.Protection != localapi.Undecided:
		add(s.Storage.Problem, "")
	}
	p.keptLines(s.Storage, add)
	p.accountLines(s, add)
	if s.Account.State == localapi.SignedIn {
		p.serviceLines(s, add)
	}
	if s.QuietUntil.After(p.Now()) {
		add(t("cli.status.quiet", "Time", s.QuietUntil.In(p.Now().Location()).Format("15:04")), "")
	}
	if s.Demo {
		add(t("cli.status.demo"), "")
	}
	return lines
}

// accountLines says who is signed in, or why nobody is and what to do.
func (p *program) accountLines(s localapi.Summary, add func(text, problem string)) {
	t, a := p.Words.T, s.Account
	switch {
	case s.Storage.WaitingForKeyring:
	case s.Storage.Locked: // who is signed in stands in what is locked
		add(t("cli.status.unlock"), "")
	case a.State == localapi.SignedIn && a.Email == "":
		add(t("cli.signin.done_unknown"), "")
	case a.State == localapi.SignedIn:
		add(t("cli.signin.done", "Email", a.Email), "")
	case a.State == localapi.SigningIn:
		add(t("cli.status.signing_in"), "")
	case a.Unexplained(): // nobody should sign in before the answer is there
		add(a.Cause, "")
		add(t("cli.status.asking"), "")
	case a.State == localapi.NeedsSignIn:
		add(t("cli.status.needs_sign_in"), a.Cause)
		add(t("cli.status.signin"), "")
	default:
		add(t("cli.error.not_signed_in"), a.Cause)
		add(t("cli.status.signin"), "")
	}
}

// keptLines says how things are kept, and what could not be read any more.
func (p *program) keptLines(s localapi.Storage, add func(text, problem string)) {
	switch {
	case s.Protection == localapi.MemoryOnly:
		add(p.Words.T("cli.status.kept_memory"), "")
	case s.Protection == localapi.Undecided && !s.Locked:
		add(p.Words.T("cli.status.kept_undecided"), s.Problem)
	case s.Protection == localapi.ProtectedByPassphrase:
		add(p.Words.T("cli.status.kept_passphrase"), "")
	case s.Protection == localapi.ProtectedByKeyring && s.Kept:
		add(p.Words.T("cli.status.kept_keyring"), "")
	case s.Protection == localapi.ProtectedByKeyring:
		add(p.Words.T("cli.status.kept_planned"), "")
	}
	if s.Damaged > 0 {
		add(p.Words.N("cli.status.damaged", s.Damaged), "")
	}
	if e := s.Earlier; e.People > 0 {
		add(p.Words.N("cli.status.earlier", e.People, "Entries", strconv.Itoa(e.Entries), "Since", e.Since.In(p.Now().Location()).Format(time.DateOnly)), "")
	}
}

// serviceLines says how sending and receiving are doing.
func (p *program) serviceLines(s localapi.Summary, add func(text, problem string)) {
	t, n := p.Words.T, p.Words.N
	connection, problem := p.connectionWords(s)
	if s.Connection.Online && s.Connection.BackoffUntil.After(p.Now()) {
		problem = p.Words.T("cli.hint.backoff", "Time", p.until(s.Connection.BackoffUntil))
	}
	add(connection, problem)
	if facts := p.pushFacts(s.Connection.Push); facts != "" {
		add(facts, "")
	}
	if s.Account.DevicesUnavailable {
		add(t("cli.error.devices_unavailable"), "")
	} else if s.Devices.Known {
		add(n("cli.status.devices", s.DeviceCount), s.Devices.Problem)
		if p.old(s.Devices) {
			add(t("cli.list.as_of", "Ago", p.ago(s.Devices.At)), "")
		}
	}
	add(n("cli.status.unread", s.Unread), "")
	if s.Waiting > 0 {
		add(n("cli.status.waiting", s.Waiting), "")
	}
}

// connectionWords says how the way to the servers is, and what is wrong with it where that is not said thereby.
func (p *program) connectionWords(s localapi.Summary) (words, problem string) {
	t, c := p.Words.T, s.Connection
	ago := p.ago(c.LastContact)
	switch {
	case !c.Online && c.Since.IsZero(): // not a word of anybody yet
		return t("cli.status.connecting"), ""
	case !c.Online && c.Push.Connected:
		return t("cli.status.no_server", "Ago", ago), ""
	case !c.Online:
		contact := t("cli.status.last_contact", "Ago", ago)
		return t("cli.status.offline"), strings.TrimSpace(c.Problem + " " + contact)
	case c.Push.Expired:
		return t("cli.status.online_expired"), c.Problem
	case !c.Push.Connected && !c.Push.NextRetry.IsZero() && s.Storage.Problem == "": // with a disk that fails, push is not what is amiss
		return t("cli.status.online_no_push"), c.Problem
	default:
		return t("cli.status.online"), c.Problem
	}
}

// pushFacts says how the push connection is doing; empty when nothing is known of it, or when the accounts server alerts us elsewhere, so that it is of no use.
func (p *program) pushFacts(push localapi.Push) string {
	t := p.Words.T
	var facts []string
	switch {
	case push.Expired:
	case push.Connected && !push.ConnectedSince.IsZero():
		facts = append(facts, t("cli.status.push_since", "Time", p.clock(push.ConnectedSince)))
		if !push.LastMessage.IsZero() {
			facts = append(facts, t("cli.status.push_message", "Ago", p.ago(push.LastMessage)))
		}
		if !push.LastPong.IsZero() {
			facts = append(facts, t("cli.status.push_pong", "Ago", p.ago(push.LastPong)))
		}
	case !push.Connected && !push.NextRetry.IsZero():
		facts = append(facts, t("cli.status.push_next", "Time", p.clock(push.NextRetry)))
	}
	if len(facts) == 0 {
		return ""
	}
	return t("cli.status.push", "Facts", strings.Join(facts, "; "))
}

func (p *program) watchCommand() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "watch", Short: p.Words.T("cli.watch.short"), Long: p.Words.T("cli.watch.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.watch(cmd.Context(), wait) },
	}
	cmd.Flags().DurationVar(&wait, "wait", 0, p.Words.T("cli.flag.wait_pair"))
	return cmd
}

// watch prints what happens until it is interrupted, nobody reads it any more, the time is over or the agent
// ends.
func (p *program) watch(ctx context.Context, wait time.Duration) error {
	ctx, unwatch := p.whileRead(ctx)
	defer unwatch()
	ctx, cancel := p.limited(ctx, wait)
	defer cancel()
	for update, err := range p.present().Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			if ctx.Err() != nil {
				return nil // interrupting is how a person ends this command
			}
			return err
		}
		if p.json {
			if err := p.printLine(update); err != nil {
				return err
			}
		}
		for _, e := range update.Events {
			if !p.json {
				if err := p.tellEvent(e); err != nil {
					return err
				}
			}
			if e.Kind == localapi.Quitting {
				return nil
			}
		}
	}
	return nil
}

// tellEvent says one event in a line or several.
func (p *program) tellEvent(e localapi.Event) error {
	t := p.Words.T
	at := e.At.In(p.Now().Location()).Format("15:04:05 ")
	switch e.Kind {
	case localapi.TabsReceived, localapi.CloseRequested:
		for _, entry := range e.Entries {
			line := at + p.device(entry.From) + ": " + p.whatCame(entry) + "  " + strings.Join(linksOf(entry), " ")
			if err := p.print(strings.TrimSpace(i18n.Plain(line))); err != nil {
				return err
			}
		}
		return nil
	case localapi.DeviceConnected:
		return p.print(i18n.Plain(at + t("cli.watch.device_connected", "Device", p.device(e.Device))))
	case localapi.SignedOutElsewhere:
		return p.print(at + t("cli.watch.signed_out_elsewhere"))
	case localapi.SignInAgain:
		return p.print(at + t("cli.watch.sign_in_again"))
	case localapi.AccountDeleted:
		return p.print(at + t("cli.watch.account_deleted"))
	case localapi.SendGivenUp:
		if e.Send == nil {
			return nil
		}
		return p.print(i18n.Plain(at + p.sentLine(*e.Send)))
	case localapi.Quitting:
		return p.print(at + t("cli.watch.quitting"))
	default:
		return nil // ShowWindow and what later agents add: not for this face
	}
}

func (p *program) diagnosticsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diagnostics", Short: p.Words.T("cli.diagnostics.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := p.present().Diagnostics(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return p.printJSON(DiagnosticsText{text})
			}
			return p.print(strings.TrimRight(text, "\n"))
		},
	}
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: p.Words.T("cli.version.short"), Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return p.printVersion() },
	}
}

// printVersion says what this program is.
func (p *program) printVersion() error {
	if p.json {
		return p.printJSON(VersionInfo{p.Version, JSONVersion, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, p.Build, p.About})
	}
	return p.print(fmt.Sprintf("Tabferry %s (%s, %s/%s)\n%s\n%s", p.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, p.Build, p.About))
}

// String is about the program for a person's eyes.
func (a About) String() string {
	return fmt.Sprintf("contact: %s\nvulnerabilities: %s\nOAuth client: %s (sign-in pages say %q)", a.Contact, a.Security, a.ClientID, a.ClientName)
}

// String is the build for a person's eyes.
func (b Build) String() string {
	revision := "of no known revision"
	if b.Revision != "" {
		revision = "of revision " + b.Revision
	}
	if b.Modified {
		revision += ", modified"
	}
	return b.Kind + " build " + revision
}
