package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
)

func (p *program) pairCommand() *cobra.Command {
	t := p.Words.T
	cmd := &cobra.Command{Use: "pair", Short: t("cli.pair.short")}
	clipboard, wait := false, time.Duration(0)
	join := &cobra.Command{
		Use: "join [URL|IMAGE|-]", Short: t("cli.pair.join.short"), Long: t("cli.pair.join.long"), Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return p.pairJoin(cmd.Context(), args, clipboard, wait) },
	}
	join.Flags().BoolVar(&clipboard, "clipboard", false, t("cli.flag.clipboard"))
	join.Flags().DurationVar(&wait, "wait", 0, t("cli.flag.wait_pair"))
	var o showing
	show := &cobra.Command{
		Use: "show", Short: t("cli.pair.show.short"), Long: t("cli.pair.show.long"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.pairShow(cmd.Context(), o) },
	}
	show.Flags().BoolVar(&o.address, "address", false, t("cli.flag.address"))
	show.Flags().BoolVar(&o.invert, "invert", false, t("cli.flag.invert"))
	show.Flags().DurationVar(&o.wait, "wait", 0, t("cli.flag.wait_pair"))
	cmd.AddCommand(show, join)
	return cmd
}

// showing is how a code is shown.
type showing struct {
	address, invert bool
	wait            time.Duration
}

// pairShow shows a code and lets a device that scans it sign in, after asking.
func (p *program) pairShow(ctx context.Context, o showing) error {
	if p.DrawCode == nil {
		return p.missing()
	}
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	ctx, watched := p.whileRead(ctx)
	defer watched()
	if err := agent.ShowPairing(ctx); err != nil {
		return err
	}
	if o.address || p.json {
		fmt.Fprintln(p.Err, p.Words.T("cli.pair.secret"))
	}
	return p.followPairing(ctx, agent, o)
}

// pairJoin signs this computer in by the code that another device shows.
func (p *program) pairJoin(ctx context.Context, args []string, clipboard bool, wait time.Duration) error {
	address, err := "", error(nil)
	switch {
	case !clipboard:
		address, err = p.pairingAddress(ctx, args)
	case len(args) > 0:
		return p.usage(p.Words.T("cli.error.clipboard_alone"))
	default:
		address, err = p.codeOnClipboard(ctx)
	}
	if err != nil {
		return err
	}
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	if err := agent.JoinPairing(ctx, address); err != nil {
		return err
	}
	return p.followPairing(ctx, agent, showing{wait: wait})
}

// pairingAddress gets the code's text: as given, from standard input, a picture, or the screen.
func (p *program) pairingAddress(ctx context.Context, args []string) (string, error) {
	if len(args) == 0 {
		if p.GrabScreen == nil || p.ReadCode == nil {
			return "", p.missing()
		}
		picture, err := p.GrabScreen(ctx)
		if err != nil {
			return "", p.noCode("cli.error.no_screen", err)
		}
		address, err := p.ReadCode(picture)
		return address, p.noCode("cli.error.no_code_on_screen", err)
	}
	arg := args[0]
	if arg == "-" {
		line, err := readLine(p.in)
		if line = strings.TrimSpace(line); errors.Is(err, io.EOF) {
			err = nil
		}
		if err == nil && line == "" {
			err = &failure{exit: ExitUsage, code: localapi.CodeUsage, message: p.Words.T("cli.error.no_code_in_input"), hint: p.Words.T("cli.hint.give_code")}
		}
		return line, err
	}
	address, why := link.One(arg)
	if why == link.Fine {
		return address, nil
	}
	if strings.Contains(arg, "://") {
		return "", p.notALink(arg, why) // it would be named whole as a file, with its key
	}
	if p.ReadPicture == nil {
		return "", p.missing()
	}
	address, err := orLeave(ctx, func() (string, error) { return p.codeInFile(arg) }) // it may be a pipe
	if errors.Is(err, context.Canceled) {
		return "", err
	}
	if err != nil {
		hint := p.Words.T("cli.hint.picture")
		if system := (*fs.PathError)(nil); errors.As(err, &system) {
			hint = i18n.Plain(err.Error())
		}
		return "", &failure{exit: ExitUsage, code: localapi.CodeUsage, message: p.Words.T("cli.error.no_picture", "Name", i18n.Plain(arg)), hint: hint}
	}
	return address, nil
}

// codeInFile reads the code in a picture file.
func (p *program) codeInFile(path string) (address string, err error) {
	file, err := os.Open(path) // #nosec G304 -- the file the user named
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return p.ReadPicture(file)
}

// codeOnClipboard reads the code in the picture on the clipboard.
func (p *program) codeOnClipboard(ctx context.Context) (string, error) {
	if p.ClipboardPicture == nil || p.ReadPicture == nil {
		return "", p.missing()
	}
	picture, err := p.ClipboardPicture(ctx)
	if err != nil {
		return "", p.noCode("cli.error.no_clipboard_picture", err)
	}
	address, err := p.ReadPicture(bytes.NewReader(picture))
	return address, p.noCode("cli.error.no_code_on_clipboard", err)
}

// noCode says why no code was found, in the user's language, with the ways that remain.
func (p *program) noCode(message string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T(message), hint: p.Words.T("cli.hint.give_code")}
}
