// Package pairing is pairing by QR code as faces see it, on either side: showing a code for a phone
// that is let in, or reading one to be let in.
package pairing

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/pairing"
)

// Params is what a pairing may touch.
type Params struct {
	Account Account
	Board   *board.Board
	Clock   kit.Clock
	Logger  *slog.Logger
	Random  io.Reader
	// Server is the accounts server; Relay the pairing relay, or empty for the one it names.
	Server, Relay string
	HTTP          *http.Client
	UserAgent     string
	// Scopes is what is asked for when joining.
	Scopes []string
	// DeviceName is how the other side sees us.
	DeviceName func() string
	// Keep has the data kept from now on; Prepare begins with that.
	Keep, Prepare func(ctx context.Context)
	// Interrupt ends a sign-in under way in a browser.
	Interrupt func(ctx context.Context)
	// Paired hears that devices may have been added. It may not block.
	Paired func()
	// Go does something beside everything else, until the work on the store ends.
	Go func(func(ctx context.Context))
}

// Pairing owns the pairing under way. Make it with [New].
type Pairing struct {
	Params

	silence pairing.Silence

	mu   sync.Mutex
	run  *run // the one that is shown, nil for none
	last *run // the newest one begun; it may still be saying goodbye
	// let is until when a device that connects is the one that a person has let in here.
	let time.Duration
}

// letTime is how long a device that was let in may take to connect: it asks its person, too, before.
const letTime = 5 * time.Minute

// run is one pairing; one of its sides is set.
type run struct {
	authority  *pairing.Authority
	supplicant *pairing.Supplicant
	ended      chan struct{} // closed when it is over

	// silence is when the other side will have said nothing for silentTime, nil while nothing is waited for;
	// silent says that this moment has come. Both belong to who holds the lock of the Pairing.
	silence *time.Timer
	silent  bool
}

// silentTime is how long the other side may say nothing once a person here has said yes, before that is told.
// Nothing else tells that it has gone: its relay keeps quiet, and a person there may just be slow.
const silentTime = 45 * time.Second

func (p *Pairing) newRun() *run { return &run{ended: make(chan struct{})} }

// listen notes whether the other side is waited for, and reports whether it has been silent for too long.
func (p *Pairing) listen(r *run, s pairing.Status) (silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waits := s.ConfirmedHere && !s.ConfirmedThere && !s.State.Ended()
	switch {
	case waits && r.silence == nil:
		r.silence = time.AfterFunc(silentTime, func() {
			p.mu.Lock()
			r.silent = r.silence != nil
			p.mu.Unlock()
			p.show(r, r.status())
		})
	case !waits && r.silence != nil:
		r.silence.Stop()
		r.silence, r.silent = nil, false
	}
	return r.silent
}

func (r *run) cancel() {
	if r.authority != nil {
		r.authority.Cancel()
	} else {
		r.supplicant.Cancel()
	}
}

func (r *run) status() pairing.Status {
	if r.authority != nil {
		return r.authority.Status()
	}
	return r.supplicant.Status()
}

func (r *run) pair(ctx context.Context) error {
	if r.authority != nil {
		return r.authority.Run(ctx)
	}
	return r.supplicant.Run(ctx)
}

// New returns a pairing that is not under way.
func New(p Params) *Pairing { return &Pairing{Params: p} }

// detach begins to end the pairing under way: nothing of it is shown any more. The channel it returns
// is closed when its goodbye is over too.
func (p *Pairing) detach() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run = nil
	if p.last == nil {
		over := make(chan struct{})
		close(over)
		return over
	}
	p.last.cancel()
	return p.last.ended
}

// End ends the pairing under way and waits for it, and for one that is saying goodbye.
func (p *Pairing) End() { <-p.detach() }

func (p *Pairing) current() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run
}

// Show begins to show a pairing code for a phone.
func (p *Pairing) Show(ctx context.Context) error {
	if !p.Board.SignedIn() {
		return board.ErrSignedOut
	}
	if _, err := p.Account.SessionToken(); errors.Is(err, account.ErrNoSessionToken) {
		return noSession.Refuse(localapi.CodeUnsupported)
	} else if err != nil {
		return board.Refusal(err)
	}
	profile, err := p.profile(ctx)
	if err != nil {
		return err
	}
	relay, err := p.relay(ctx)
	if err != nil {
		return board.Refusal(err)
	}
	p.End()
	r := p.newRun()
	r.authority, err = pairing.NewAuthority(pairing.AuthorityParams{
		Server: p.Server, Relay: relay, Granter: granter{p.Account}, TwoStep: twoStep{p.Account},
		Metadata: pairing.Metadata{Email: profile.Email, Avatar: profile.Avatar, DisplayName: profile.DisplayName, DeviceName: p.DeviceName()},
		Changed:  func(s pairing.Status) { p.show(r, s) },
		Random:   p.Random,
	})
	if err != nil {
		return refusal(err)
	}
	p.start(r)
	return nil
}

// profileTime is for the profile of the account that a device is to be let in to.
const profileTime = 20 * time.Second

// profile is whose account it is: who reads the code is to be shown that. Right after a sign-in it is not
// known yet.
func (p *Pairing) profile(ctx context.Context) (account.Profile, error) {
	if profile, _, ok := p.Account.CachedProfile(); ok && profile.Email != "" {
		return profile, nil
	}
	ctx, cancel := context.WithTimeout(ctx, profileTime)
	defer cancel()
	profile, err := p.Account.Profile(ctx, account.Fresh())
	switch {
	case err != nil && ctx.Err() == nil:
		return profile, board.Refusal(err)
	case err != nil, profile.Email == "":
		return profile, nameless.Refuse(localapi.CodeOffline)
	}
	return profile, nil
}

// Join begins to join the device whose code reads as address.
func (p *Pairing) Join(ctx context.Context, address string) error {
	if p.Board.SignedIn() {
		return board.ErrSignedIn
	}
	relay, err := p.relay(ctx)
	if err != nil {
		return board.Refusal(err)
	}
	p.End()
	p.Interrupt(ctx)
	uid := ""
	if profile, _, ok := p.Account.CachedProfile(); ok {
		uid = profile.UID
	}
	r := p.newRun()
	r.supplicant, err = pairing.NewSupplicant(pairing.SupplicantParams{
		Address: address, Server: p.Server, Relay: relay, UID: uid,
		Redeemer: redeemer{p.Account, account.EventBeginPairing{Scopes: p.Scopes}, p.Keep},
		Changed:  func(s pairing.Status) { p.show(r, s) },
		Random:   p.Random,
	})
	if err != nil {
		return refusal(err)
	}
	p.Prepare(ctx)
	p.start(r)
	return nil
}

// relay is how to reach the pairing relay.
func (p *Pairing) relay(ctx context.Context) (pairing.Relay, error) {
	if err := p.silence.Check(); err != nil {
		return pairing.Relay{}, refusal(err)
	}
	address := p.Relay
	if address == "" {
		var err error
		if address, err = p.Account.PairingRelayURL(ctx); err != nil {
			return pairing.Relay{}, err
		}
	}
	return pairing.Relay{URL: address, HTTPClient: p.HTTP, UserAgent: p.UserAgent, Silence: &p.silence}, nil
}

// start runs a pairing beside everything else.
func (p *Pairing) start(r *run) {
	p.mu.Lock()
	p.run, p.last = r, r
	p.mu.Unlock()
	p.show(r, r.status())
	p.Go(func(ctx context.Context) {
		defer close(r.ended)
		defer p.listen(r, pairing.Status{}) // nobody is waited for any more
		if err := r.pair(ctx); err != nil {
			p.Logger.Info("a pairing ended", "error", err)
		}
		p.Paired()
	})
}

// show shows the status of a pairing, if it is still the present one.
func (p *Pairing) show(r *run, s pairing.Status) {
	if p.current() != r {
		return
	}
	if s.State.Ended() && s.State != pairing.Done && r.authority != nil {
		p.letIn(0) // whoever connects now is somebody else
	}
	if s.State == pairing.Done {
		p.Paired() // now, not when the goodbye is over too: a browser takes its time for that
	}
	shown := &localapi.Pairing{
		Authority: r.authority != nil, State: localapi.PairingState(s.State), Until: s.Until, RenewalsLeft: s.RenewalsLeft, Scanned: s.Joined,
		ConfirmedHere: s.ConfirmedHere, ConfirmedThere: s.ConfirmedThere, NeedsTOTP: s.NeedsTwoStep,
		Silent: p.listen(r, s),
	}
	if shown.Silent {
		shown.Problem, shown.ProblemSaid = gone.Say().Parts()
	}
	if s.Err != nil && !errors.Is(s.Err, pairing.ErrCancelled) { // by whom sees this; the other side's no is news
		said := sentence(s.Err)
		shown.Problem, shown.ProblemSaid = said.Text, said.Said
	}
	if peer := s.Peer; peer != nil {
		shown.Peer = &localapi.PairingPeer{
			Application: peer.Application, Known: peer.Known, DeviceName: peer.DeviceName, System: peer.System,
			Place: peer.Place, Address: peer.Address, Email: peer.Email,
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == r { // a person may have cleared it just now
		p.Board.Change(func(s *localapi.Snapshot) { s.Pairing = shown })
	}
}

// Code returns the address to draw while the code is shown. It is in no snapshot and no log.
func (p *Pairing) Code() (string, error) {
	r := p.current()
	if r != nil && r.authority != nil && r.authority.Status().State == pairing.Showing {
		if code, ok := r.authority.Code(); ok {
			return code.Address(), nil
		}
	}
	return "", noCode.Refuse(localapi.CodeConflict)
}

// Confirm says yes to the peer shown.
func (p *Pairing) Confirm(ctx context.Context, totp string) error {
	r := p.current()
	switch {
	case r == nil:
		return refusal(pairing.ErrNotNow)
	case r.authority != nil:
		p.letIn(p.Clock.Monotonic() + letTime) // before: it may be there sooner than the answer
		err := r.authority.Confirm(ctx, totp)
		if err != nil {
			p.letIn(0)
		}
		return r.late(err)
	default:
		return r.late(r.supplicant.Confirm(ctx))
	}
}

// late gives a yes that came after the end its reason: why the pairing has ended.
func (r *run) late(err error) error {
	if s := r.status(); (errors.Is(err, pairing.ErrEnded) || errors.Is(err, pairing.ErrNotNow)) && s.State.Ended() && s.Err != nil {
		return refusal(s.Err)
	}
	return refusal(err)
}

func (p *Pairing) letIn(until time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.let = until
}

// Expected reports whether a device that has connected just now is taken for the one that a person has let
// in here, which needs no warning. It is so once for each of them: a second one is a stranger.
func (p *Pairing) Expected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	expected := p.Clock.Monotonic() < p.let
	p.let = 0
	return expected
}

// Cancel declines the peer or ends the pairing, and clears an ended one. It is no longer shown at once;
// the goodbye to the other side, which the call waits for, takes its time.
func (p *Pairing) Cancel(ctx context.Context) error {
	over := p.detach()
	p.Board.Change(func(s *localapi.Snapshot) { s.Pairing = nil })
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// refusal turns a failure of pairing into a refusal.
func refusal(err error) error {
	var other *pairing.OtherServerError
	var busy *pairing.BusyError
	code, until := localapi.CodeConflict, time.Time{}
	switch {
	case err == nil, board.Ended(err):
		return err
	case errors.As(err, &other), errors.Is(err, pairing.ErrBadAddress), errors.Is(err, pairing.ErrTwoStepNeeded),
		errors.Is(err, pairing.ErrTwoStepWrong), errors.Is(err, pairing.ErrTwoStepUnchecked):
		code = localapi.CodeUsage
	case errors.As(err, &busy):
		code, until = localapi.CodeBackoff, busy.Until
	case errors.Is(err, pairing.ErrRelayUnreachable):
		code = localapi.CodeOffline
	case errors.Is(err, pairing.ErrNotNow), errors.Is(err, pairing.ErrEnded):
		return nothing.Refuse(code)
	}
	said := sentence(err)
	return &localapi.Error{Code: code, Message: said.Text, Said: said.Said, Until: until}
}
