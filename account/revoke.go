package account

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// revocationLife is how long a revocation is tried again. After it the credential has
// expired by itself, or the server is gone for good.
const revocationLife = 30 * 24 * time.Hour

// revocationKind says what is to be revoked.
type revocationKind string

const (
	revokeDevice  revocationKind = "device"  // the record ID, or Token's own when empty, with Token
	revokeRefresh revocationKind = "refresh" // the refresh token Token
	revokeAccess  revocationKind = "access"  // the access token Token
	revokeSession revocationKind = "session" // the session token Token
)

// revocation is a credential that must be revoked on the server and is no longer
// used for anything else.
type revocation struct {
	Kind  revocationKind `json:"kind"`
	ID    string         `json:"id,omitempty"`
	Token string         `json:"token"`
	Since time.Time      `json:"since"`
}

// queue adds to the revocations owed, once.
func (s *persisted) queue(now time.Time, r revocation) {
	if r.Token == "" || slices.ContainsFunc(s.Revocations, func(o revocation) bool {
		return o.Kind == r.Kind && o.ID == r.ID && o.Token == r.Token
	}) {
		return
	}
	r.Since = now.UTC().Truncate(time.Second)
	s.Revocations = append(s.Revocations, r)
}

// revoke puts a credential up for revocation.
func (t *tx) revoke(r revocation) { t.state.queue(t.a.clock.Now(), r) }

// revokeTokens puts up what a token endpoint gave.
func (t *tx) revokeTokens(tokens wire.Tokens) { t.a.revokeTokensIn(t.state, tokens) }

func (a *Account) revokeTokensIn(s *persisted, tokens wire.Tokens) {
	now := a.clock.Now()
	s.queue(now, revocation{Kind: revokeAccess, Token: tokens.AccessToken})
	s.queue(now, revocation{Kind: revokeRefresh, Token: tokens.RefreshToken})
	s.queue(now, revocation{Kind: revokeSession, Token: tokens.SessionToken})
}

// revokeAll puts up everything that the sign-in holds, in the order in which the
// server wants it: the device record takes refresh token and session along and
// tells the other devices.
func (t *tx) revokeAll() {
	s := t.state
	if r := s.RefreshToken; r != nil {
		if s.DeviceID != "" || slices.Contains(r.Scopes, ScopeOldSync) {
			// With the sync scope the server makes a record by itself.
			t.revoke(revocation{Kind: revokeDevice, ID: s.DeviceID, Token: r.Token})
		}
	}
	t.revokeTokensHeld()
}

// revokeTokensHeld puts up the tokens that the sign-in holds.
func (t *tx) revokeTokensHeld() {
	t.dropAccessTokens()
	if r := t.state.RefreshToken; r != nil {
		t.revoke(revocation{Kind: revokeRefresh, Token: r.Token})
	}
	t.revoke(revocation{Kind: revokeSession, Token: t.state.SessionToken})
}

// Disconnect signs out. The state without any credential is saved first, together
// with what must be revoked on the server; then the revocations are tried. Of the
// account only the profile seen last is kept, see [Account.LastSeenProfile]. What
// could not be revoked, for instance without a network, stays queued: see
// [Account.FlushRevocations].
//
// An error means that the state could not be saved, and that the account is still
// signed in; trouble with the server is none.
//
// POST /v1/account/device/destroy, /v1/oauth/destroy and /v1/session/destroy; fxa-client
// disconnect; docs/protocol/accounts-client.md §6.5, RFC 7009.
func (a *Account) Disconnect(ctx context.Context) error {
	return a.change(ctx, func(ctx context.Context, t *tx) error {
		t.dropFlows()
		t.revokeAll()
		t.state.wipeForDisconnect()
		t.forgetEverything()
		t.moveTo(Disconnected)
		if err := t.commit(ctx); err != nil {
			return err
		}
		t.afterwards(func() error {
			_, err := t.flush(ctx)
			return err
		})
		return nil
	})
}

// Forget drops everything about an account that does not exist any more: the
// sign-in, the profile, the e-mail hint. There is nothing left of it to revoke; what
// earlier sign-ins left to be revoked stays queued.
//
// No request; not in fxa-client; docs/protocol/relying-party.md §6.
func (a *Account) Forget(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.dropFlows()
		t.state.wipeForDisconnect()
		t.state.forgetLastSeen()
		t.forgetEverything()
		t.moveTo(Disconnected)
		return nil
	})
}

// OnAuthIssues drops every credential after the server has ended the sign-in, and
// keeps what the next sign-in can go on with: profile, scopes, device id,
// capabilities and the index of the last command. Calling it again is harmless.
//
// No request; fxa-client on_auth_issues; docs/protocol/accounts-client.md §11.
func (a *Account) OnAuthIssues(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error { return t.onAuthIssues() })
}

// authIssuesOfSignIn is OnAuthIssues for the server's answer to a question: if nobody is signed in any more,
// because somebody signed out or the account was forgotten while it was asked, the answer is about nobody.
func (a *Account) authIssuesOfSignIn(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		if t.state.authState() == AuthStateDisconnected {
			return nil
		}
		return t.onAuthIssues()
	})
}

func (t *tx) onAuthIssues() error {
	t.dropFlows()
	t.revokeTokensHeld()
	t.state.wipeForAuthIssues()
	t.forgetEverything()
	t.moveTo(AuthIssues)
	return nil
}

// FlushRevocations tries to revoke what earlier sign-outs and replaced tokens left
// to be revoked, and returns how many are left. The error is why trying ended early:
// ErrNetwork, a BackoffError, ErrUnavailable, ErrBlocked. Credentials that the server does not
// know any more count as revoked, and so do those queued for 30 days.
//
// POST /v1/account/device/destroy, /v1/oauth/destroy and /v1/session/destroy; not in fxa-client;
// docs/protocol/accounts-client.md §6.5, RFC 7009.
func (a *Account) FlushRevocations(ctx context.Context) (left int, err error) {
	if len(a.state().Revocations) == 0 && !a.owing.Load() {
		return 0, nil
	}
	err = a.change(ctx, func(ctx context.Context, t *tx) error {
		later, err := t.flush(ctx)
		if err != nil {
			return err
		}
		return later
	})
	return len(a.state().Revocations), err
}

// flush works through the queue and commits what was done; without an answer it stops. later
// is why something is left; err is a failure to save.
func (t *tx) flush(ctx context.Context) (later, err error) {
	queue := t.state.Revocations
	t.state.Revocations = nil
	lost := false
	for _, r := range queue {
		// What seems too old is tried once more: the clock may have been set, and a token that nobody revoked is alive.
		old := t.a.clock.Now().Sub(r.Since) > revocationLife
		if !lost && ctx.Err() == nil { // else it would wait for the same
			err := t.a.revokeOne(ctx, r)
			if err == nil {
				continue
			}
			lost = errors.Is(err, ErrNetwork)
			if !old && (later == nil || errors.Is(later, ErrBlocked)) {
				later = err // what passes by itself is what to wait for
			}
		}
		if !old || ctx.Err() != nil {
			t.state.Revocations = append(t.state.Revocations, r)
		}
	}
	return later, t.commit(ctx)
}

// revokeOne revokes a credential. An error means that trying again may help.
func (a *Account) revokeOne(ctx context.Context, r revocation) error {
	var err error
	switch r.Kind {
	case revokeDevice:
		err = a.revokeDevice(ctx, r)
	case revokeRefresh:
		err = a.wire.DestroyToken(ctx, r.Token, wire.HintRefresh)
	case revokeAccess:
		err = a.wire.DestroyToken(ctx, r.Token, wire.HintAccess)
	case revokeSession:
		var cred wire.Credential
		if cred, err = sessionCredential(r.Token); err == nil {
			err = a.wire.DestroySession(ctx, cred)
		}
	}
	if err != nil && (retryable(err) || errors.Is(err, ErrBlocked)) {
		return err
	}
	return nil // done, or refused for good: there is nothing left that could be done
}

// revokeDevice removes a device record, after looking up which when its id was
// never learned.
func (a *Account) revokeDevice(ctx context.Context, r revocation) error {
	cred := wire.Bearer(r.Token)
	if r.ID != "" {
		return a.wire.DestroyDevice(ctx, cred, r.ID)
	}
	list, err := a.wire.Devices(ctx, cred, time.Time{})
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.IsCurrentDevice {
			return a.wire.DestroyDevice(ctx, cred, d.ID)
		}
	}
	return nil
}

// sortedKeys returns the keys of a map in a repeatable order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
