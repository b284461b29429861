package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

func (p *program) unlockCommand() *cobra.Command {
	var keep string
	var memory bool
	t := p.Words.T
	cmd := &cobra.Command{
		Use: "unlock", Short: t("cli.unlock.short"), Long: t("cli.unlock.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if memory {
				keep = string(localapi.MemoryOnly)
			}
			return p.unlock(cmd.Context(), keep)
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", t("cli.flag.keep"))
	choices(cmd, "keep", keepings()...)
	cmd.Flags().BoolVar(&memory, "memory-only", false, t("cli.flag.memory_only"))
	cmd.MarkFlagsMutuallyExclusive("keep", "memory-only")
	return cmd
}

// unlock opens the store, or decides how a new one is protected.
func (p *program) unlock(ctx context.Context, keep string) error {
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	s, err := agent.Snapshot(ctx)
	if err != nil {
		return err
	}
	locked, err := p.unlockStorage(ctx, agent, s.Storage, keep)
	switch {
	case err != nil, p.json:
		return err
	case !locked:
		return p.print(p.Words.T("cli.unlock.not_locked"))
	}
	return p.print(p.Words.T("cli.unlock.done"))
}

// unlockStorage does what the state of the storage asks for, and reports whether it asked for anything.
func (p *program) unlockStorage(ctx context.Context, agent *localapi.Client, s localapi.Storage, keep string) (asked bool, err error) {
	open := s.Kept && !s.Locked
	if keep != "" {
		return true, p.keepBy(ctx, agent, localapi.Protection(keep))
	}
	switch s.Protection {
	case localapi.Undecided:
		switch {
		case s.Locked:
			return true, p.openAgain(ctx, agent)
		case !p.terminal():
			return true, p.choosePassphrase(ctx, agent)
		}
		return true, p.choose(ctx, agent)
	case localapi.ProtectedByPassphrase:
		if s.Locked {
			return true, p.unlockByPassphrase(ctx, agent)
		}
	}
	if s.Locked || s.WaitingForKeyring || s.Protection == localapi.ProtectedByKeyring && !open {
		return true, p.keyringOrChoose(ctx, agent, s.Locked)
	}
	return false, nil
}

func (p *program) unlockByPassphrase(ctx context.Context, agent *localapi.Client) error {
	passphrase, err := p.secret(ctx, p.Words.T("cli.unlock.ask"))
	if err != nil {
		return err
	}
	return agent.Unlock(ctx, passphrase)
}

// openAgain tries a file once more that could not be opened. Where it is of no use any more, it asks how
// to begin anew.
func (p *program) openAgain(ctx context.Context, agent *localapi.Client) error {
	refused := agent.Unlock(ctx, "")
	s, err := agent.Snapshot(ctx)
	switch {
	case err != nil:
		return err
	case s.Storage.Locked && s.Storage.Protection == localapi.ProtectedByPassphrase:
		return p.unlockByPassphrase(ctx, agent)
	case refused == nil || !s.Storage.BeginAnew:
		return refused
	}
	return p.orChoose(ctx, agent, refused)
}

// keyringOrChoose asks the keyring, and where that is of no use for something new, how else to keep it.
func (p *program) keyringOrChoose(ctx context.Context, agent *localapi.Client, locked bool) error {
	err := agent.Unlock(ctx, "")
	if err == nil || locked {
		return err
	}
	return p.orChoose(ctx, agent, err)
}

// beforeSignIn sees that what a sign-in brings is kept, or that a person has said that it need not be.
// The demo holds nothing worth a question.
func (p *program) beforeSignIn(ctx context.Context, agent *localapi.Client, s localapi.Snapshot, keep string) error {
	switch st := s.Storage; {
	case localapi.Protection(keep).Resulting() == st.Protection && (st.Locked || st.Kept):
		return nil
	case keep != "":
		return p.keepBy(ctx, agent, localapi.Protection(keep))
	case st.Locked, st.Kept, s.Demo, st.Protection != localapi.ProtectedByKeyring && st.Protection != localapi.Undecided:
		return nil
	}
	return p.keyringOrChoose(ctx, agent, false)
}

// orChoose says why the keyring or the file is of no use, and asks how to keep things instead. Who
// cannot be asked is told which flag says it.
func (p *program) orChoose(ctx context.Context, agent *localapi.Client, refused error) error {
	var e *localapi.Error
	if !errors.As(refused, &e) || e.Code != localapi.CodeLocked {
		return refused
	}
	message := i18n.Plain(e.Message)
	if !p.terminal() {
		return &failure{exit: ExitNotSignedIn, code: localapi.CodeLocked, message: message, hint: p.Words.T("cli.hint.keep")}
	}
	fmt.Fprintln(p.Err, message)
	return p.choose(ctx, agent)
}

// choose asks how things are to be kept.
func (p *program) choose(ctx context.Context, agent *localapi.Client) error {
	fmt.Fprintln(p.Err, p.Words.T("cli.keep.ways"))
	answer, err := p.ask(p.Words.T("cli.keep.ask"))
	if err != nil {
		return err
	}
	return p.keepBy(ctx, agent, localapi.Protection(strings.ToLower(answer)))
}

// keepBy has things kept in one of the ways that --keep names.
func (p *program) keepBy(ctx context.Context, agent *localapi.Client, way localapi.Protection) error {
	switch way {
	case localapi.ProtectedByPassphrase:
		return p.choosePassphrase(ctx, agent)
	case localapi.ProtectedByKeyring, localapi.ByNewKeyring, localapi.MemoryOnly:
		return agent.Protect(ctx, way, "")
	default:
		return p.usage(p.Words.T("cli.error.keep", "Text", i18n.Plain(string(way))))
	}
}

// keepings are the ways that keepBy knows.
func keepings() []string {
	return []string{string(localapi.ProtectedByKeyring), string(localapi.ByNewKeyring), string(localapi.ProtectedByPassphrase), string(localapi.MemoryOnly)}
}

// choosePassphrase asks for a new passphrase twice.
func (p *program) choosePassphrase(ctx context.Context, agent *localapi.Client) error {
	first, err := p.secret(ctx, p.Words.T("cli.unlock.choose"))
	if errors.Is(err, io.EOF) {
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.error.no_answer"), hint: p.Words.T("cli.hint.keep")}
	}
	if err != nil {
		return err
	}
	again, err := p.secret(ctx, p.Words.T("cli.unlock.again"))
	if err != nil {
		return err
	}
	if first == "" || first != again {
		return p.usage(p.Words.T("cli.error.passphrases_differ"))
	}
	return agent.Protect(ctx, localapi.ProtectedByPassphrase, first)
}

// terminal reports whether a person can be asked.
func (p *program) terminal() bool {
	file, ok := p.In.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) // a file descriptor fits
}
