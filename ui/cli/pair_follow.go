package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// errPairingOver ends the watching of a pairing.
var errPairingOver = errors.New("pairing over")

// pairingRun is a pairing that is followed.
type pairingRun struct {
	*program
	agent *localapi.Client
	showing
	told      localapi.Pairing // the step that was told last
	begun     bool
	confirmed bool // it was said that the other device has to confirm
}

// followPairing tells the steps of a pairing, asks what must be asked, and takes it back when the
// command is interrupted. What went wrong is said before that, because taking back is slow.
func (p *program) followPairing(ctx context.Context, agent *localapi.Client, o showing) error {
	ctx, cancel := p.limited(ctx, o.wait)
	defer cancel()
	r := &pairingRun{program: p, agent: agent, showing: o}
	over, err := r.follow(ctx)
	if over || err == nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	exit := p.report(err)
	if err := abandon(ctx, agent.CancelPairing); err != nil {
		p.report(err)
	}
	return &failure{exit: exit, quiet: true}
}

// follow reads the steps. It reports whether nothing is left to be taken back.
func (r *pairingRun) follow(ctx context.Context) (over bool, err error) {
	for update, err := range r.agent.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			return false, err
		}
		now := update.Snapshot.Pairing
		if now == nil {
			if r.begun {
				return true, r.ended("cli.pair.cancelled", "") // another face cleared it away
			}
			continue
		}
		if r.begun && now.State == r.told.State && now.Until.Equal(r.told.Until) && now.Problem == r.told.Problem && now.Scanned == r.told.Scanned {
			continue
		}
		r.begun, r.told = true, *now
		err := r.step(ctx, *now)
		if errors.Is(err, errPairingOver) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, ctx.Err()
}

// PairingStep is what pair show and pair join print with --json: one line for each step.
type PairingStep struct {
	localapi.Pairing
	// CodeAddress is what the code reads as, while it is shown. It is a secret: whoever has it can ask to be let in.
	CodeAddress string `json:"codeAddress,omitempty"`
}

// step does what one step of a pairing asks for.
func (r *pairingRun) step(ctx context.Context, now localapi.Pairing) error {
	if r.json && now.State != localapi.PairShowing {
		if err := r.printLine(PairingStep{Pairing: now}); err != nil {
			return err
		}
	}
	if now.Silent {
		fmt.Fprintln(r.Err, i18n.Plain(now.Problem))
		return nil
	}
	switch now.State {
	case localapi.PairOpening, localapi.PairJoining:
		r.say("cli.pair.connecting")
	case localapi.PairShowing:
		return r.show(ctx, now)
	case localapi.PairAsked, localapi.PairConfirming:
		return r.ask(ctx, now)
	case localapi.PairWaiting:
		if !r.confirmed {
			r.say("cli.pair.waiting")
		}
	case localapi.PairGranting:
		r.say("cli.pair.granting")
	case localapi.PairRedeeming:
		r.say("cli.pair.redeeming")
	case localapi.PairDone:
		r.say("cli.pair.done")
		return errPairingOver
	case localapi.PairTimedOut:
		return r.ended("cli.pair.timed_out", "")
	case localapi.PairCancelled:
		return r.ended("cli.pair.cancelled", "")
	default:
		return r.ended("cli.pair.failed", now.Problem)
	}
	return nil
}

func (r *pairingRun) say(key string) { fmt.Fprintln(r.Err, r.Words.T(key)) }

// ended says how a pairing ended that came to nothing.
func (r *pairingRun) ended(key, why string) error {
	message := r.Words.T(key)
	if why != "" {
		message += ": " + i18n.Plain(why)
	}
	return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: message, hint: r.Words.T("cli.hint.pair_again")}
}

// show shows the code in the terminal, with where to scan it and how long it lives; and once somebody has
// scanned it, that.
func (r *pairingRun) show(ctx context.Context, now localapi.Pairing) error {
	if now.Scanned {
		r.say("cli.pair.scanned")
		if r.json {
			return r.printLine(PairingStep{Pairing: now})
		}
		return nil
	}
	address, err := r.agent.PairingCode(ctx)
	if err != nil {
		var e *localapi.Error
		if errors.As(err, &e) && (e.Code == localapi.CodeNotFound || e.Code == localapi.CodeConflict) {
			return nil // it was used meanwhile: the next update says so
		}
		return err
	}
	switch {
	case r.json:
		err = r.printLine(PairingStep{Pairing: now, CodeAddress: address})
	case r.address:
		err = r.print(address)
	default:
		err = r.draw(address, r.invert)
	}
	if err != nil {
		return err
	}
	r.say("cli.pair.scan")
	if !now.Until.IsZero() {
		fmt.Fprintln(r.Err, r.Words.T("cli.pair.until", "Time", now.Until.In(r.Now().Location()).Format("15:04:05")))
	}
	return nil
}

// ask shows who is at the other end and asks. No is the answer to anything but yes.
func (r *pairingRun) ask(ctx context.Context, now localapi.Pairing) error {
	t := r.Words.T
	if now.ConfirmedHere {
		return nil
	}
	if now.Problem != "" {
		fmt.Fprintln(r.Err, i18n.Plain(now.Problem))
	}
	if now.Peer != nil {
		fmt.Fprintln(r.Err, r.peerCard(*now.Peer))
	}
	question := t("cli.pair.ask_join")
	if now.Authority {
		question = t("cli.pair.ask_show")
	}
	said, err := r.whileAsked(ctx, r.agent, func() (said answer) {
		if said.yes, said.err = r.confirm(question); said.yes && now.NeedsTOTP {
			said.totp, said.err = r.program.ask(t("cli.pair.ask_totp"))
		}
		return said
	})
	switch {
	case err != nil:
		return err
	case said.moot:
		fmt.Fprintln(r.Err) // the question stands on an open line
		return nil
	case said.err != nil:
		return said.err
	case !said.yes:
		return &failure{exit: ExitFailed, code: localapi.CodeConflict, message: t("cli.pair.declined")}
	}
	if err := r.agent.ConfirmPairing(ctx, said.totp); err != nil {
		return r.refused(ctx, err)
	}
	if !now.ConfirmedThere {
		r.say("cli.pair.confirm_there")
	}
	r.confirmed = true
	return nil
}

// refused says why a yes did not count: mostly the pairing came to its end while the person answered.
func (r *pairingRun) refused(ctx context.Context, refusal error) error {
	var e *localapi.Error
	if !errors.As(refusal, &e) || e.Code != localapi.CodeConflict {
		return refusal
	}
	s, err := r.agent.Snapshot(ctx)
	switch {
	case err != nil:
		return err
	case s.Pairing == nil:
		return r.ended("cli.pair.cancelled", "")
	case s.Pairing.State.Ended():
		return r.step(ctx, *s.Pairing)
	}
	return refusal
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
