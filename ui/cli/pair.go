package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
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
	clipboard := false
	join := &cobra.Command{
		Use: "join [URL|IMAGE|-]", Short: t("cli.pair.join.short"), Long: t("cli.pair.join.long"), Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return p.pairJoin(cmd.Context(), args, clipboard) },
	}
	join.Flags().BoolVar(&clipboard, "clipboard", false, t("cli.flag.clipboard"))
	cmd.AddCommand(
		&cobra.Command{
			Use: "show", Short: t("cli.pair.show.short"), Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return p.pairShow(cmd.Context()) },
		},
		join,
	)
	return cmd
}

// pairShow shows a code and lets a device that scans it sign in, after asking.
func (p *program) pairShow(ctx context.Context) error {
	if p.DrawCode == nil {
		return p.missing()
	}
	agent, err := p.agent(ctx)
	if err != nil {
		return err
	}
	if err := agent.ShowPairing(ctx); err != nil {
		return err
	}
	return p.followPairing(ctx, agent)
}

// pairJoin signs this computer in by the code that another device shows.
func (p *program) pairJoin(ctx context.Context, args []string, clipboard bool) error {
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
	return p.followPairing(ctx, agent)
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
		if errors.Is(err, io.EOF) && line != "" {
			err = nil
		}
		return strings.TrimSpace(line), err
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
	address, err := p.codeInFile(arg)
	if err != nil {
		return "", &failure{exit: ExitUsage, code: localapi.CodeUsage, message: p.Words.T("cli.error.no_picture", "Name", i18n.Plain(arg)), hint: i18n.Plain(err.Error())}
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

// errPairingOver ends the watching of a pairing.
var errPairingOver = errors.New("pairing over")

// followPairing tells the steps of a pairing, asks what must be asked, and takes it back when the
// command is interrupted.
func (p *program) followPairing(ctx context.Context, agent *localapi.Client) (err error) {
	over := false
	defer func() {
		if !over {
			err = errors.Join(err, abandon(ctx, agent.CancelPairing))
		}
	}()
	told := localapi.Pairing{}
	begun := false
	for update, err := range agent.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			return err
		}
		now := update.Snapshot.Pairing
		if now == nil {
			if begun {
				over = true // another face cleared it away
				return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.pair.cancelled")}
			}
			continue
		}
		if now.State == told.State && now.Until.Equal(told.Until) && now.Problem == told.Problem {
			continue
		}
		begun, told = true, *now
		err := p.pairingStep(ctx, agent, *now)
		if errors.Is(err, errPairingOver) {
			over = true
			if p.json {
				return p.printJSON(now)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pairingStep does what one step of a pairing asks for.
func (p *program) pairingStep(ctx context.Context, agent *localapi.Client, now localapi.Pairing) error {
	t := p.Words.T
	say := func(text string) error { fmt.Fprintln(p.Err, text); return nil }
	switch now.State {
	case localapi.PairOpening, localapi.PairJoining:
		return say(t("cli.pair.connecting"))
	case localapi.PairShowing:
		return p.showCode(ctx, agent, now.Until)
	case localapi.PairAsked, localapi.PairConfirming:
		return p.askPairing(ctx, agent, now)
	case localapi.PairWaiting, localapi.PairGranting:
		return say(t("cli.pair.waiting"))
	case localapi.PairRedeeming:
		return say(t("cli.pair.redeeming"))
	case localapi.PairDone:
		if err := say(t("cli.pair.done")); err != nil {
			return err
		}
		return errPairingOver
	case localapi.PairTimedOut:
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: t("cli.pair.timed_out"), hint: t("cli.hint.pair_again")}
	case localapi.PairCancelled:
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: t("cli.pair.cancelled"), hint: t("cli.hint.pair_again")}
	default:
		message := t("cli.pair.failed")
		if now.Problem != "" {
			message += ": " + i18n.Plain(now.Problem)
		}
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: message, hint: t("cli.hint.pair_again")}
	}
}

// showCode draws the code in the terminal, with where to scan it and how long it lives.
func (p *program) showCode(ctx context.Context, agent *localapi.Client, until time.Time) error {
	address, err := agent.PairingCode(ctx)
	if err != nil {
		var e *localapi.Error
		if errors.As(err, &e) && (e.Code == localapi.CodeNotFound || e.Code == localapi.CodeConflict) {
			return nil // it was used meanwhile: the next update says so
		}
		return err
	}
	code, err := p.DrawCode(address)
	if err != nil {
		return fmt.Errorf("draw the code: %w", err)
	}
	fmt.Fprint(p.Out, blocks(code))
	fmt.Fprintln(p.Err, p.Words.T("cli.pair.scan"))
	if !until.IsZero() {
		fmt.Fprintln(p.Err, p.Words.T("cli.pair.until", "Time", until.In(p.Now().Location()).Format("15:04:05")))
	}
	return nil
}

// askPairing shows who is at the other end and asks. No is the answer to anything but yes.
func (p *program) askPairing(ctx context.Context, agent *localapi.Client, now localapi.Pairing) error {
	t := p.Words.T
	if now.ConfirmedHere {
		return nil
	}
	if now.Problem != "" {
		fmt.Fprintln(p.Err, i18n.Plain(now.Problem))
	}
	if now.Peer != nil {
		fmt.Fprintln(p.Err, p.peerCard(*now.Peer))
	}
	question := t("cli.pair.ask_join")
	if now.Authority {
		question = t("cli.pair.ask_show")
	}
	said, err := p.whileAsked(ctx, agent, func() (said answer) {
		if said.yes, said.err = p.confirm(question); said.yes && now.NeedsTOTP {
			said.totp, said.err = p.ask(t("cli.pair.ask_totp"))
		}
		return said
	})
	switch {
	case err != nil:
		return err
	case said.moot:
		fmt.Fprintln(p.Err) // the question stands on an open line
		return nil
	case said.err != nil:
		return said.err
	case !said.yes:
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: t("cli.pair.declined")}
	}
	return agent.ConfirmPairing(ctx, said.totp)
}

// answer is what a person said to the question of a pairing.
type answer struct {
	yes  bool
	totp string
	err  error
	moot bool // the question was settled elsewhere
}

// whileAsked asks for as long as there is something to answer: the other side may take its request
// back, the time may run out, another face may answer. Reading a terminal cannot be interrupted, so
// then the question is left behind; the command ends soon after.
func (p *program) whileAsked(ctx context.Context, agent *localapi.Client, ask func() answer) (answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer, 1)
	go func() { answers <- ask() }()
	over := make(chan error, 1)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for update, err := range agent.Watch(ctx, localapi.FaceCommand) {
			now := update.Snapshot.Pairing
			if err == nil && now != nil && !now.ConfirmedHere && (now.State == localapi.PairAsked || now.State == localapi.PairConfirming) {
				continue
			}
			over <- err
			return
		}
	}()
	defer func() { cancel(); <-watched }()
	select {
	case said := <-answers:
		return said, nil
	case err := <-over:
		if err != nil && ctx.Err() == nil {
			return <-answers, nil // the agent will be missed when the answer is given
		}
		return answer{moot: true}, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// peerCard lists what is known of the other side, one line each.
func (p *program) peerCard(peer localapi.PairingPeer) string {
	t := p.Words.T
	application := peer.Application
	if application != "" && !peer.Known {
		application = t("cli.pair.unknown_application", "Name", application)
	}
	var lines []string
	for _, line := range [][2]string{
		{t("cli.pair.peer.account"), peer.Email},
		{t("cli.pair.peer.device"), peer.DeviceName},
		{t("cli.pair.peer.application"), application},
		{t("cli.pair.peer.system"), peer.System},
		{t("cli.pair.peer.place"), peer.Place},
		{t("cli.pair.peer.address"), peer.Address},
	} {
		if line[1] != "" {
			lines = append(lines, "  "+line[0]+": "+i18n.Plain(line[1]))
		}
	}
	return strings.Join(lines, "\n")
}

// quietModules is the white border a code needs (ISO/IEC 18004: four modules).
const quietModules = 4

// blocks draws a code with half-block characters, two modules above each other in one. Black on
// bright white is set by escape codes, so that it scans on dark and light terminals alike.
func blocks(code image.Image) string {
	b := code.Bounds()
	dark := func(x, y int) bool {
		if x < b.Min.X || y < b.Min.Y || x >= b.Max.X || y >= b.Max.Y {
			return false
		}
		r, g, bl, _ := code.At(x, y).RGBA()
		return r+g+bl < 3*0x8000
	}
	var s strings.Builder
	for y := b.Min.Y - quietModules; y < b.Max.Y+quietModules; y += 2 {
		s.WriteString("\x1b[30;107m") // black on bright white
		for x := b.Min.X - quietModules; x < b.Max.X+quietModules; x++ {
			switch upper, lower := dark(x, y), dark(x, y+1); {
			case upper && lower:
				s.WriteString("█")
			case upper:
				s.WriteString("▀")
			case lower:
				s.WriteString("▄")
			default:
				s.WriteString(" ")
			}
		}
		s.WriteString("\x1b[0m\n")
	}
	return s.String()
}
