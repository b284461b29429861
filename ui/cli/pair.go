package cli

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of codes
	_ "image/png"  // screenshots of codes
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

func (p *program) pairCommand() *cobra.Command {
	t := p.Words.T
	cmd := &cobra.Command{Use: "pair", Short: t("cli.pair.short")}
	cmd.AddCommand(
		&cobra.Command{
			Use: "show", Short: t("cli.pair.show.short"), Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return p.pairShow(cmd.Context()) },
		},
		&cobra.Command{
			Use: "join [URL|IMAGE|-]", Short: t("cli.pair.join.short"), Long: t("cli.pair.join.long"), Args: cobra.MaximumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return p.pairJoin(cmd.Context(), args) },
		},
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
func (p *program) pairJoin(ctx context.Context, args []string) error {
	address, err := p.pairingAddress(ctx, args)
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
			return "", err
		}
		return p.ReadCode(picture)
	}
	arg := args[0]
	if arg == "-" {
		line, err := readLine(p.in)
		if errors.Is(err, io.EOF) && line != "" {
			err = nil
		}
		return strings.TrimSpace(line), err
	}
	if isLink(arg) {
		return arg, nil
	}
	if p.ReadCode == nil {
		return "", p.missing()
	}
	picture, err := readPicture(arg)
	if err != nil {
		return "", &failure{exit: ExitUsage, code: localapi.CodeUsage, message: p.Words.T("cli.error.no_picture", "Name", plain(arg)), hint: plain(err.Error())}
	}
	return p.ReadCode(picture)
}

func readPicture(path string) (picture image.Image, err error) {
	file, err := os.Open(path) //nolint:gosec // the file the user named
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	picture, _, err = image.Decode(file)
	return picture, err
}

// errPairingOver ends the watching of a pairing.
var errPairingOver = errors.New("pairing over")

// followPairing tells the steps of a pairing, asks what must be asked, and takes it back when the
// command is interrupted.
func (p *program) followPairing(ctx context.Context, agent Agent) (err error) {
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
func (p *program) pairingStep(ctx context.Context, agent Agent, now localapi.Pairing) error {
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
			message += ": " + plain(now.Problem)
		}
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: message, hint: t("cli.hint.pair_again")}
	}
}

// showCode draws the code in the terminal, with where to scan it and how long it lives.
func (p *program) showCode(ctx context.Context, agent Agent, until time.Time) error {
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
func (p *program) askPairing(ctx context.Context, agent Agent, now localapi.Pairing) error {
	t := p.Words.T
	if now.ConfirmedHere {
		return nil
	}
	if now.Problem != "" {
		fmt.Fprintln(p.Err, plain(now.Problem))
	}
	if now.Peer != nil {
		fmt.Fprintln(p.Err, p.peerCard(*now.Peer))
	}
	question := t("cli.pair.ask_join")
	if now.Authority {
		question = t("cli.pair.ask_show")
	}
	yes, err := p.confirm(question)
	if err != nil {
		return err
	}
	if !yes {
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: t("cli.pair.declined")}
	}
	totp := ""
	if now.NeedsTOTP {
		if totp, err = p.ask(t("cli.pair.ask_totp")); err != nil {
			return err
		}
	}
	return agent.ConfirmPairing(ctx, totp)
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
			lines = append(lines, "  "+line[0]+": "+plain(line[1]))
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
