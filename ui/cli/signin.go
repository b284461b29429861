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

// signInTime is how long signin waits for the browser: long enough to find a password and a
// second factor, short enough not to hang in a script for ever.
const signInTime = 15 * time.Minute

// cancelTime bounds the call that takes an abandoned sign-in or pairing back.
const cancelTime = 2 * time.Second

func (p *program) signInCommand() *cobra.Command {
	var email, keep string
	var noBrowser bool
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "signin", Short: t("cli.signin.short"), Long: t("cli.signin.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.signIn(cmd.Context(), email, keep, noBrowser) },
	}
	cmd.Flags().StringVar(&email, "email", "", t("cli.flag.email"))
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, t("cli.flag.no_browser"))
	cmd.Flags().StringVar(&keep, "keep", "", t("cli.flag.keep"))
	return cmd
}

func (p *program) signIn(ctx context.Context, email, keep string, noBrowser bool) error {
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
	if err := p.beforeSignIn(ctx, agent, before, keep); err != nil {
		return err
	}
	page, err := agent.BeginSignIn(ctx, email)
	if err != nil {
		return err
	}
	if err := p.showSignInPage(ctx, page, before.Settings.Browser, noBrowser); err != nil {
		return errors.Join(err, abandon(ctx, agent.CancelSignIn))
	}
	after, err := p.untilSignedIn(ctx, agent, page)
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
func (p *program) untilSignedIn(ctx context.Context, agent *localapi.Client, page localapi.SignIn) (localapi.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, signInTime)
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
				return w.snapshot, nil
			}
			message := p.Words.T("cli.error.signin_ended")
			if cause := w.snapshot.Account.Cause; cause != "" {
				message += ": " + i18n.Plain(cause)
			}
			return w.snapshot, &failure{exit: ExitNotSignedIn, code: localapi.CodeSignIn, message: message, hint: p.Words.T("cli.hint.signin")}
		}
	}
}

// outcome is how a wait for the agent ended.
type outcome struct {
	snapshot localapi.Snapshot
	err      error
}

// watchSignIn follows the agent until the sign-in is over, well or not.
func watchSignIn(ctx context.Context, agent *localapi.Client) outcome {
	begun := false
	for update, err := range agent.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			return outcome{err: err}
		}
		s := update.Snapshot
		begun = begun || s.SignIn != nil
		if s.Account.State == localapi.SignedIn {
			return outcome{snapshot: s}
		}
		// The agent may still finish the exchange after its page is done: it says SigningIn then.
		if begun && s.SignIn == nil && s.Account.State != localapi.SigningIn {
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
