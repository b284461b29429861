package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// signInTime is how long signin waits for the browser if nothing else was said: long enough to find a password and a
// second factor, short enough not to hang in a script for ever.
const signInTime = 15 * time.Minute

// cancelTime bounds the call that takes an abandoned sign-in or pairing back.
const cancelTime = 2 * time.Second

func (p *program) signInCommand() *cobra.Command {
	var s signing
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "signin", Short: t("cli.signin.short"), Long: t("cli.signin.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.signIn(cmd.Context(), s) },
	}
	cmd.Flags().StringVar(&s.email, "email", "", t("cli.flag.email"))
	cmd.Flags().BoolVar(&s.noBrowser, "no-browser", false, t("cli.flag.no_browser"))
	cmd.Flags().StringVar(&s.keep, "keep", "", t("cli.flag.keep"))
	choices(cmd, "keep", keepings()...)
	cmd.Flags().DurationVar(&s.wait, "wait", signInTime, t("cli.flag.wait_signin"))
	return cmd
}

// signing holds the flags of signin.
type signing struct {
	email, keep string
	noBrowser   bool
	wait        time.Duration
}

func (p *program) signIn(ctx context.Context, flags signing) error {
	email := flags.email
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	before, err := agent.Snapshot(ctx)
	if err != nil {
		return err
	}
	if before.Account.State == localapi.SignedIn {
		return p.tellAccount(before)
	}
	if err := p.beforeSignIn(ctx, agent, before, flags.keep); err != nil {
		return err
	}
	if email == "-" { // what stands among the arguments can be read by every user of the machine
		if email, err = p.ask(p.Words.T("cli.signin.email")); err != nil {
			return err
		}
	}
	if email == "" && before.Account.State == localapi.NeedsSignIn {
		email = before.Account.Email // only that account can go on here
	}
	page, err := agent.BeginSignIn(ctx, email)
	if err != nil {
		return err
	}
	if err := p.showSignInPage(ctx, page, before.Settings.Browser, flags.noBrowser); err != nil {
		return errors.Join(err, abandon(ctx, agent.CancelSignIn))
	}
	after, err := p.untilSignedIn(ctx, agent, page, flags.wait)
	if err != nil {
		return errors.Join(err, abandon(ctx, agent.CancelSignIn))
	}
	return p.tellAccount(after)
}

// abandon takes back what was begun, also when ctx has ended.
func abandon(ctx context.Context, cancel func(context.Context) error) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer stop()
	return cancel(ctx)
}

// showSignInPage opens the page, or tells where it is.
func (p *program) showSignInPage(ctx context.Context, page localapi.SignIn, browser string, noBrowser bool) error {
	if noBrowser || p.Open == nil {
		fmt.Fprintln(p.Err, p.Words.T("cli.signin.open_this"))
		fmt.Fprintln(p.Err, page.URL)
		return nil
	}
	if err := p.Open(ctx, browser, page.URL); err != nil {
		if ctx.Err() != nil {
			return err
		}
		fmt.Fprintln(p.Err, plain(err.Error()))
		fmt.Fprintln(p.Err, p.Words.T("cli.signin.open_this"))
		fmt.Fprintln(p.Err, page.URL)
		return nil
	}
	fmt.Fprintln(p.Err, p.Words.T("cli.signin.continue"))
	return nil
}

// untilSignedIn waits for the agent to be signed in, and where the browser cannot come back by
// itself hands pasted addresses over meanwhile.
func (p *program) untilSignedIn(ctx context.Context, agent *localapi.Client, page localapi.SignIn, wait time.Duration) (localapi.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	pasted := make(chan error, 1)
	if !page.Loopback {
		fmt.Fprintln(p.Err, p.Words.T("cli.signin.paste"))
		// Reading standard input cannot be interrupted; the goroutine ends with it or the process.
		go func() { pasted <- p.completeFromInput(ctx, agent, page.RedirectPrefix) }()
	}
	watch := make(chan outcome, 1)
	go func() { watch <- watchSignIn(ctx, agent) }()
	for {
		select {
		case err := <-pasted:
			if err == nil || errors.Is(err, io.EOF) {
				pasted = nil // handed over, or nobody there to paste: the browser or the window may finish
				continue
			}
			cancel()
			<-watch
			return localapi.Snapshot{}, err
		case w := <-watch:
			if errors.Is(w.err, context.DeadlineExceeded) {
				return w.snapshot, &failure{exit: ExitFailed, code: localapi.CodeSignIn, message: p.Words.T("cli.error.signin_time"), hint: p.Words.T("cli.hint.signin")}
			}
			if w.err != nil {
				return w.snapshot, w.err
			}
			if w.snapshot.Account.State == localapi.SignedIn {
				return p.untilKnown(ctx, agent, w.snapshot), nil
			}
			message := p.Words.T("cli.error.signin_ended")
			if cause := w.snapshot.Account.Cause; cause != "" {
				message += ": " + i18n.Plain(cause)
			}
			return w.snapshot, &failure{exit: ExitNotSignedIn, code: localapi.CodeSignIn, message: message, hint: p.Words.T("cli.hint.signin")}
		}
	}
}

// profileTime is how long a sign-in that is done waits for the address that it is for.
const profileTime = 5 * time.Second

// untilKnown waits for the profile, which comes a moment after the sign-in. Without one what there is must do.
func (p *program) untilKnown(ctx context.Context, agent *localapi.Client, s localapi.Snapshot) localapi.Snapshot {
	if s.Account.Email != "" {
		return s
	}
	ctx, cancel := context.WithTimeout(ctx, profileTime)
	defer cancel()
	for update, err := range agent.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			return s
		}
		if s = update.Snapshot; s.Account.Email != "" || s.Account.State != localapi.SignedIn {
			return s
		}
	}
	return s
}

// outcome is how a wait for the agent ended.
type outcome struct {
	snapshot localapi.Snapshot
	err      error
}

// watchSignIn follows a sign-in that the agent has begun until it is over, well or not: it may be before the first
// snapshot comes.
func watchSignIn(ctx context.Context, agent *localapi.Client) outcome {
	for update, err := range agent.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			return outcome{err: err}
		}
		s := update.Snapshot
		if s.Account.State == localapi.SignedIn {
			return outcome{snapshot: s}
		}
		// The agent may still finish the exchange after its page is done: it says SigningIn then.
		if s.SignIn == nil && s.Account.State != localapi.SigningIn {
			return outcome{snapshot: s}
		}
	}
	return outcome{err: ctx.Err()}
}

// completeFromInput reads lines until one is the final address of the sign-in.
func (p *program) completeFromInput(ctx context.Context, agent *localapi.Client, prefix string) error {
	for {
		line, err := readLine(p.in)
		if line = strings.TrimSpace(line); line != "" {
			if !strings.HasPrefix(line, prefix) {
				fmt.Fprintln(p.Err, p.Words.T("cli.signin.wrong_address", "Prefix", i18n.Plain(prefix)))
			} else {
				return agent.CompleteSignIn(ctx, line)
			}
		}
		if err != nil {
			return err
		}
	}
}

// tellAccount says who is signed in.
func (p *program) tellAccount(s localapi.Snapshot) error {
	if p.json {
		return p.printJSON(s.Account)
	}
	if s.Account.Email == "" {
		return p.print(p.Words.T("cli.signin.done_unknown"))
	}
	return p.print(p.Words.T("cli.signin.done", "Email", i18n.Plain(s.Account.Email)))
}

func (p *program) signOutCommand() *cobra.Command {
	var purge bool
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "signout", Short: t("cli.signout.short"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, err := p.agent(cmd.Context())
			if err != nil {
				return err
			}
			if err := agent.SignOut(cmd.Context(), purge); err != nil {
				return err
			}
			if p.json {
				return nil
			}
			if purge {
				return p.print(t("cli.signout.purged"))
			}
			return p.print(t("cli.signout.done"))
		},
	}
	cmd.Flags().BoolVar(&purge, "purge", false, t("cli.flag.purge"))
	return cmd
}
