package pairing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/pairing"
)

// Account is what pairing asks of the account.
type Account interface {
	State() account.State
	ProcessEvent(context.Context, account.Event) (account.State, error)
	SessionToken() (string, error)
	CachedProfile() (account.Profile, time.Time, bool)
	Profile(context.Context, ...account.ReadOption) (account.Profile, error)
	PairingRelayURL(context.Context) (string, error)
	AuthorizeCode(context.Context, account.AuthorizationParams) (string, error)
	NeedsTOTP(context.Context) (bool, error)
	VerifyTOTP(ctx context.Context, code string) (bool, error)
}

// granter lets a phone in to our account.
type granter struct{ Account }

// Grant has the server make a code for the phone.
func (g granter) Grant(ctx context.Context, r pairing.Request) (pairing.Grant, error) {
	code, err := g.AuthorizeCode(ctx, account.AuthorizationParams{
		ClientID: r.ClientID, Scopes: r.Scopes(), State: r.State, AccessType: "offline",
		CodeChallenge: r.CodeChallenge, CodeChallengeMethod: r.CodeChallengeMethod, KeysJWK: r.KeysJWK,
	})
	return pairing.Grant{Code: code}, err
}

// twoStep is the account's two-step authentication.
type twoStep struct{ Account }

// Required asks the server whether it is on.
func (t twoStep) Required(ctx context.Context) (bool, error) { return t.NeedsTOTP(ctx) }

// Verify checks a code.
func (t twoStep) Verify(ctx context.Context, code string) error {
	right, err := t.VerifyTOTP(ctx, code)
	if err == nil && !right {
		return pairing.ErrTwoStepWrong
	}
	return err
}

// redeemer signs us in with what another device gives.
type redeemer struct {
	Account
	begin account.EventBeginPairing
	keep  func(ctx context.Context)
}

// Begin prepares a sign-in and returns what to ask the other device for.
func (r redeemer) Begin(ctx context.Context, address string) (pairing.Request, error) {
	r.begin.PairingURL = address
	state, err := r.ProcessEvent(ctx, r.begin)
	if state.Kind != account.Authenticating {
		return pairing.Request{}, err
	}
	return pairing.RequestFromURL(state.OAuthURL)
}

// Redeem completes it.
func (r redeemer) Redeem(ctx context.Context, code, state string) (pairing.Redeemed, error) {
	r.keep(ctx) // what comes now must outlive us
	after, err := r.ProcessEvent(ctx, account.EventCompleteOAuth{Code: code, State: state})
	if after.Kind != account.Connected {
		switch {
		case err == nil:
			err = account.ErrNoAuthFlow
		case errors.Is(err, account.ErrOtherAccount):
			err = fmt.Errorf("%w: %w", pairing.ErrOtherAccount, err)
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
		p, err := r.Profile(ctx, account.Fresh())
		if err == nil || try == profileTries || board.Ended(err) {
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
	switch r.State().Kind {
	case account.Authenticating:
		_, err = r.ProcessEvent(ctx, account.EventCancelOAuth{})
	case account.Connected:
		_, err = r.ProcessEvent(ctx, account.EventDisconnect{})
	case account.Uninitialized, account.Disconnected, account.AuthIssues:
	}
	return err
}
