package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/pairing"
)

// pairs is the pairing under way, on either side of it.
type pairs struct {
	mu   sync.Mutex
	run  *pairRun // the one that is shown, nil for none
	last *pairRun // the newest one begun; it may still be saying goodbye
}

// pairRun is one pairing; one of its sides is set.
type pairRun struct {
	authority  *pairing.Authority
	supplicant *pairing.Supplicant
	ended      chan struct{} // closed when Run has returned
}

func (r *pairRun) cancel() {
	if r.authority != nil {
		r.authority.Cancel()
	} else {
		r.supplicant.Cancel()
	}
}

// begin makes run the present pairing.
func (p *pairs) begin(run *pairRun) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run, p.last = run, run
}

// detach begins to end the pairing under way: nothing of it is shown any more. The channel it gives
// is closed when its goodbye is over too.
func (p *pairs) detach() <-chan struct{} {
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

// end ends the pairing under way and waits for it, and for one that is saying goodbye.
func (p *pairs) end() { <-p.detach() }

func (p *pairs) current() *pairRun {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run
}

// ShowPairing begins to show a pairing code for a phone.
func (a *Agent) ShowPairing(ctx context.Context) error {
	e, err := a.signedInEngine(ctx)
	if err != nil {
		return err
	}
	if _, err := e.acct.SessionToken(); err != nil {
		return explain(err)
	}
	relay, err := e.relay(ctx)
	if err != nil {
		return e.called(err)
	}
	e.pairs.end()
	profile, _, _ := e.acct.CachedProfile()
	run := &pairRun{ended: make(chan struct{})}
	run.authority, err = pairing.NewAuthority(pairing.AuthorityParams{
		Server: e.service.Server, Relay: relay, Granter: granter{e}, TwoStep: twoStep{e},
		Metadata: pairing.Metadata{Email: profile.Email, Avatar: profile.Avatar, DisplayName: profile.DisplayName, DeviceName: e.deviceName()},
		Changed:  func(s pairing.Status) { e.showPairing(run, s) },
		Random:   a.params.Random,
	})
	if err != nil {
		return explainPairing(err)
	}
	e.startPairing(run, run.authority.Run)
	return nil
}

// JoinPairing begins to join the device whose code reads as address.
func (a *Agent) JoinPairing(ctx context.Context, address string) error {
	e, err := a.initialised(ctx)
	if err != nil {
		return err
	}
	if e.signedIn() {
		return &localapi.Error{Code: localapi.CodeConflict, Message: "Somebody is signed in already.", Hint: "sign out first to change the account"}
	}
	relay, err := e.relay(ctx)
	if err != nil {
		return e.called(err)
	}
	e.pairs.end()
	e.giveUpSignIn(ctx, "")
	uid := ""
	if p, _, ok := e.acct.CachedProfile(); ok {
		uid = p.UID
	}
	run := &pairRun{ended: make(chan struct{})}
	run.supplicant, err = pairing.NewSupplicant(pairing.SupplicantParams{
		Address: address, Server: e.service.Server, Relay: relay, Redeemer: redeemer{e}, UID: uid,
		Changed: func(s pairing.Status) { e.showPairing(run, s) },
		Random:  a.params.Random,
	})
	if err != nil {
		return explainPairing(err)
	}
	e.worthKeeping(ctx)
	e.startPairing(run, run.supplicant.Run)
	return nil
}

// relay is how to reach the pairing relay.
func (e *engine) relay(ctx context.Context) (pairing.Relay, error) {
	address := e.service.PairingServer
	if address == "" {
		var err error
		if address, err = e.acct.PairingRelayURL(ctx); err != nil {
			return pairing.Relay{}, err
		}
	}
	return pairing.Relay{URL: address, HTTPClient: e.http, UserAgent: e.a.params.UserAgent}, nil
}

// startPairing runs a pairing beside everything else.
func (e *engine) startPairing(run *pairRun, pair func(context.Context) error) {
	e.pairs.begin(run)
	first := pairing.Status{}
	if run.authority != nil {
		first = run.authority.Status()
	} else {
		first = run.supplicant.Status()
	}
	e.showPairing(run, first)
	e.running.Go(func() {
		defer close(run.ended)
		if err := pair(e.ctx); err != nil {
			e.a.params.Logger.Info("a pairing ended", "error", err)
		}
		e.sync()
		e.lists.mark(true, true, false)
	})
}

// showPairing shows the newest status of a pairing, if it is still the present one.
func (e *engine) showPairing(run *pairRun, s pairing.Status) {
	if e.pairs.current() != run {
		return
	}
	if s.State == pairing.Done {
		// Now, not when the goodbye is over too: a browser takes its time for that.
		e.sync()
		e.lists.mark(true, true, false)
	}
	shown := &localapi.Pairing{
		Authority: run.authority != nil, State: localapi.PairingState(s.State), Until: s.Until, RenewalsLeft: s.RenewalsLeft,
		ConfirmedHere: s.ConfirmedHere, ConfirmedThere: s.ConfirmedThere, NeedsTOTP: s.NeedsTwoStep, Problem: pairing.Sentence(s.Err),
	}
	if errors.Is(s.Err, pairing.ErrCancelled) { // by whom sees this; the other side's no is news
		shown.Problem = ""
	}
	if p := s.Peer; p != nil {
		shown.Peer = &localapi.PairingPeer{
			Application: p.Application, Known: p.Known, DeviceName: p.DeviceName, System: p.System,
			Place: p.Place, Address: p.Address, Email: p.Email,
		}
	}
	e.change(func(m *model) {
		if e.pairs.current() == run { // a person may have cleared it just now
			m.pairing = shown
		}
	})
}

// PairingCode gives the address to draw while the code is shown. It is in no snapshot and no log.
func (a *Agent) PairingCode(ctx context.Context) (string, error) {
	e, err := a.current(ctx)
	if err != nil {
		return "", err
	}
	run := e.pairs.current()
	if run != nil && run.authority != nil && run.authority.Status().State == pairing.Showing {
		if code, ok := run.authority.Code(); ok {
			return code.Address(), nil
		}
	}
	return "", &localapi.Error{Code: localapi.CodeConflict, Message: "No code is shown now.", Hint: "begin with a new one"}
}

// ConfirmPairing says yes to the peer shown.
func (a *Agent) ConfirmPairing(ctx context.Context, totp string) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	run := e.pairs.current()
	switch {
	case run == nil:
		err = pairing.ErrNotNow
	case run.authority != nil:
		err = run.authority.Confirm(ctx, totp)
	default:
		err = run.supplicant.Confirm(ctx)
	}
	return explainPairing(err)
}

// CancelPairing declines the peer or ends the pairing, and clears an ended one. It is no longer shown
// at once; the goodbye to the other side, which the call waits for, takes its time.
func (a *Agent) CancelPairing(ctx context.Context) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	over := e.pairs.detach()
	e.change(func(m *model) { m.pairing = nil })
	select {
	case <-over:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	e.sync()
	return nil
}

// explainPairing turns a failure of pairing into a refusal.
func explainPairing(err error) error {
	var other *pairing.OtherServerError
	code := localapi.CodeConflict
	switch {
	case err == nil, ctxEnded(err):
		return err
	case errors.As(err, &other), errors.Is(err, pairing.ErrBadAddress), errors.Is(err, pairing.ErrTwoStepNeeded),
		errors.Is(err, pairing.ErrTwoStepWrong), errors.Is(err, pairing.ErrTwoStepUnchecked):
		code = localapi.CodeUsage
	case errors.Is(err, pairing.ErrRelayUnreachable):
		code = localapi.CodeOffline
	case errors.Is(err, pairing.ErrNotNow), errors.Is(err, pairing.ErrEnded):
		return &localapi.Error{Code: code, Message: "There is nothing to confirm now."}
	}
	return &localapi.Error{Code: code, Message: pairing.Sentence(err)}
}

// granter lets a phone in to our account.
type granter struct{ e *engine }

// Grant has the server make a code for the phone.
func (g granter) Grant(ctx context.Context, r pairing.Request) (pairing.Grant, error) {
	code, err := g.e.acct.AuthorizeCode(ctx, account.AuthorizationParams{
		ClientID: r.ClientID, Scopes: r.Scopes(), State: r.State, AccessType: "offline",
		CodeChallenge: r.CodeChallenge, CodeChallengeMethod: r.CodeChallengeMethod, KeysJWK: r.KeysJWK,
	})
	g.e.heard(err)
	return pairing.Grant{Code: code}, err
}

// twoStep is the account's two-step authentication.
type twoStep struct{ e *engine }

// Required asks the server whether it is on.
func (t twoStep) Required(ctx context.Context) (bool, error) { return t.e.acct.NeedsTOTP(ctx) }

// Verify checks a code.
func (t twoStep) Verify(ctx context.Context, code string) error {
	right, err := t.e.acct.VerifyTOTP(ctx, code)
	if err == nil && !right {
		return pairing.ErrTwoStepWrong
	}
	return err
}

// redeemer signs us in with what another device gives.
type redeemer struct{ e *engine }

// Begin prepares a sign-in and gives what to ask the other device for.
func (r redeemer) Begin(ctx context.Context, address string) (pairing.Request, error) {
	state, err := r.e.acct.ProcessEvent(ctx, account.EventBeginPairing{PairingURL: address, Scopes: scopes, Entrypoint: entrypoint})
	r.e.sync()
	if state.Kind != account.Authenticating {
		return pairing.Request{}, err
	}
	return pairing.RequestFromURL(state.OAuthURL)
}

// Redeem completes it.
func (r redeemer) Redeem(ctx context.Context, code, state string) (pairing.Redeemed, error) {
	after, err := r.e.acct.ProcessEvent(ctx, account.EventCompleteOAuth{Code: code, State: state})
	r.e.heard(err)
	if after.Kind != account.Connected {
		if err == nil {
			err = account.ErrNoAuthFlow
		}
		return pairing.Redeemed{}, err
	}
	p, err := r.whoIsIt(ctx)
	if err != nil {
		return pairing.Redeemed{}, err
	}
	return pairing.Redeemed{UID: p.UID, Email: p.Email}, nil
}

// A sign-in that is good is not given up because the profile could not be had at the first try.
const (
	profileTries = 3
	profilePause = time.Second
)

// whoIsIt asks for the profile of the account that has just been signed in.
func (r redeemer) whoIsIt(ctx context.Context) (account.Profile, error) {
	for try := 1; ; try++ {
		p, err := r.e.acct.Profile(ctx, account.Fresh())
		r.e.heard(err)
		if err == nil || try == profileTries || ctxEnded(err) {
			return p, err
		}
		select {
		case <-time.After(profilePause):
		case <-ctx.Done():
			return p, err
		}
	}
}

// Abandon undoes it, or what Begin prepared.
func (r redeemer) Abandon(ctx context.Context) error {
	var err error
	switch r.e.acct.State().Kind {
	case account.Authenticating:
		_, err = r.e.acct.ProcessEvent(ctx, account.EventCancelOAuth{})
	case account.Connected:
		_, err = r.e.acct.ProcessEvent(ctx, account.EventDisconnect{})
	case account.Uninitialized, account.Disconnected, account.AuthIssues:
	}
	r.e.sync()
	return err
}
