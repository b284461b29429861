package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// CompleteOAuthFlow finishes the sign-in whose page came back with code and state.
// It exchanges the code for tokens, takes over the scoped keys, and when an account
// was held already keeps its scopes and device record and retires its old token.
//
// It may be called again with the same code and state after ErrNetwork, a
// BackoffError, ErrUnavailable or a SaveError: what was reached is kept. A state
// that is not ours is ErrNoAuthFlow or ErrWrongAuthFlow; a code that is no longer
// good is ErrSignInExpired, and the sign-in must begin anew, except that a code the
// server does not know as the page's leaves it open: anybody can make one up. A sign-in to another
// account than the one held is ErrOtherAccount and changes nothing.
//
// Whether the key for the account's devices came along is told by
// [Account.SyncKeyMissing].
//
// POST /v1/oauth/token, then GET /v1/account/devices, POST /v1/account/device and POST
// /v1/oauth/destroy where an account was held; fxa-client complete_oauth_flow;
// docs/protocol/accounts-client.md §4.2, RFC 6749 section 4.1.3, RFC 7636.
func (a *Account) CompleteOAuthFlow(ctx context.Context, code, state string) error {
	return a.change(ctx, func(ctx context.Context, t *tx) error {
		f, err := a.flowFor(state)
		if err != nil {
			return err
		}
		if err := t.redeem(ctx, &f, code); err != nil {
			switch {
			case foreignCode(err) && f.lost != code:
				return fmt.Errorf("%w: %w", errForeignCode, err)
			case codeSpent(err):
				a.forgetFlow(state)
			case errors.Is(err, ErrNetwork):
				f.lost = code
				a.keepFlow(state, f)
			}
			return err
		}
		a.keepFlow(state, f)
		if err := t.signIn(ctx, f); err != nil {
			if !retryable(err) {
				// Nothing can be done with these tokens any more.
				a.forgetFlow(state)
				t.discard(ctx, *f.redeemed)
			}
			return err
		}
		return nil
	})
}

// codeSpent reports whether a refusal of the token endpoint was about the code, so
// that trying again is of no use.
func codeSpent(err error) bool {
	var r *RemoteError
	return errors.As(err, &r) && !r.Foreign && r.Status == http.StatusBadRequest &&
		slices.Contains([]int{162, 166, 172, 173, 174, 175}, r.Errno)
}

// errForeignCode says that a code is not the page's, whose own may still come.
var errForeignCode = newSentinel(ErrSignInExpired, "the code is not that of the sign-in")

// foreignCode reports whether the server refused a code that it did not give to this
// sign-in. One that was used is refused in the same way.
func foreignCode(err error) bool {
	var r *RemoteError
	return codeSpent(err) && errors.As(err, &r) && slices.Contains([]int{172, 173, 175}, r.Errno)
}

// retryable reports whether the same call may succeed later without anybody doing
// anything.
func retryable(err error) bool {
	var save *SaveError
	return errors.Is(err, ErrNetwork) || errors.Is(err, ErrUnavailable) || errors.As(err, &save) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// keepFlow notes how far a sign-in has come, unless it was ended meanwhile.
func (a *Account) keepFlow(state string, f flow) {
	a.remember(func(m *memory) {
		if _, ok := m.flows[state]; ok {
			m.flows[state] = f
		}
	})
}

func (a *Account) forgetFlow(state string) {
	a.remember(func(m *memory) { delete(m.flows, state) })
}

// redeem exchanges the code unless that was done before.
func (t *tx) redeem(ctx context.Context, f *flow, code string) error {
	if f.redeemed != nil {
		return nil
	}
	if code == "" {
		return fmt.Errorf("authorization code is empty: %w", ErrInvalidArgument)
	}
	cred, err := t.sessionCredential()
	if err != nil {
		cred = wire.Credential{}
	}
	tokens, err := t.a.wire.RedeemCode(ctx, cred, code, f.verifier)
	if t.state.SessionToken != "" && errors.Is(err, ErrAuthentication) {
		// A dead session is refused before the code is looked at.
		f.sessionDead = true
		tokens, err = t.a.wire.RedeemCode(ctx, wire.Credential{}, code, f.verifier)
	}
	if err != nil {
		return err
	}
	f.redeemed = &tokens
	return nil
}

// signIn takes over what a code was exchanged for and commits.
func (t *tx) signIn(ctx context.Context, f flow) error {
	tokens := *f.redeemed
	granted, err := openKeys(f, tokens)
	if err != nil {
		return err
	}
	if tokens.RefreshToken == "" {
		return fmt.Errorf("the sign-in brought no refresh token: %w", ErrOther)
	}
	if err := t.sameAccount(ctx, tokens, &f); err != nil {
		return err
	}
	s := t.state
	t.takeSession(f, tokens)
	before := t.ownRecord(ctx)
	t.revoke(revocation{Kind: revokeAccess, Token: tokens.AccessToken}) // covers too much to be kept
	fresh := refreshToken{Token: tokens.RefreshToken, Scopes: normalScopes(tokens.Scope)}
	if s.RefreshToken != nil {
		if fresh, err = t.widen(ctx, fresh); err != nil {
			return err
		}
	}
	t.replaceRefresh(fresh)
	for scope, key := range granted {
		if s.ScopedKeys == nil {
			s.ScopedKeys = make(map[string]ScopedKey)
		}
		s.ScopedKeys[scope] = key
	}
	s.AuthIssues = false
	if s.Profile != nil {
		s.Profile.Stale = true
	}
	t.onCommit(func(m *memory) { m.flows = nil })
	if err := t.commit(ctx); err != nil {
		return err
	}
	t.settle(ctx, before)
	return nil
}

// takeSession decides between the session token held and the one that came with the
// tokens. One that the page delivered since the sign-in began wins; one from an
// earlier sign-in dies with the device record that it belongs to, and is replaced.
func (t *tx) takeSession(f flow, tokens wire.Tokens) {
	s := t.state
	if f.sessionDead {
		s.setSession("", "")
	}
	switch {
	case tokens.SessionToken == "":
	case s.SessionToken == "":
		s.setSession(tokens.SessionToken, "")
	case s.SessionToken == f.session:
		t.revoke(revocation{Kind: revokeSession, Token: s.SessionToken})
		s.setSession(tokens.SessionToken, "")
	case !slices.Contains(tokens.Scopes(), ScopeOldSync):
		// With the sync scope the server has tied the copy to our device record,
		// which would go with it.
		t.revoke(revocation{Kind: revokeSession, Token: tokens.SessionToken})
	}
}

// openKeys decrypts the scoped keys that came with the tokens.
func openKeys(f flow, tokens wire.Tokens) (map[string]ScopedKey, error) {
	if tokens.KeysJWE == "" {
		return nil, nil
	}
	text, err := keys.DecryptJWE(f.key, tokens.KeysJWE)
	if err != nil {
		return nil, fmt.Errorf("open the account's keys: %w: %w", ErrCrypto, err)
	}
	parsed, err := keys.ParseScopedKeys(text)
	if err != nil {
		return nil, fmt.Errorf("read the account's keys: %w: %w", ErrCrypto, err)
	}
	granted := make(map[string]ScopedKey, len(parsed))
	for scope, key := range parsed {
		if key.Scope != scope {
			return nil, fmt.Errorf("a key names another scope than it is given for: %w", ErrCrypto)
		}
		granted[scope] = ScopedKey(key)
	}
	if key, ok := granted[ScopeOldSync]; ok {
		raw, err := key.KeyBytes()
		if err == nil && len(raw) != syncKeyBytes {
			err = fmt.Errorf("the sync key has %d bytes: %w", len(raw), ErrCrypto)
		}
		if err == nil {
			_, err = keys.KIDHex(key.KID)
		}
		if err != nil {
			return nil, fmt.Errorf("read the account's keys: %w: %w", ErrCrypto, err)
		}
	}
	return granted, nil
}

// syncKeyBytes is the size of the key of ScopeOldSync: 32 bytes to encrypt with
// and 32 to authenticate with.
const syncKeyBytes = 64

// discard puts up tokens for revocation that nothing can be done with, drops every
// edit since the last commit but those of the server, and tries at once.
func (t *tx) discard(ctx context.Context, tokens wire.Tokens) {
	t.state = t.a.state().clone()
	t.received, t.done = nil, nil
	for _, f := range t.salvage {
		f(t.state)
	}
	t.irrevocable(func(s *persisted) { t.a.revokeTokensIn(s, tokens) })
	if t.commit(ctx) != nil {
		return // the next change begins with it
	}
	t.afterwards(func() error {
		_, err := t.flush(ctx)
		return err
	})
}

// heldUID is whose account is held: the profile tells, else the server. Empty when
// none is, or when nobody tells.
func (t *tx) heldUID(ctx context.Context) (string, error) {
	if held := t.state.uid(); held != "" || t.state.RefreshToken == nil {
		return held, nil
	}
	i, err := t.a.wire.Introspect(ctx, t.state.RefreshToken.Token)
	if err != nil && retryable(err) {
		return "", err
	}
	return i.Subject, nil
}

// sessionUID is whose session is held, when the page delivered it during the sign-in f
// or before the first: it tells with the token, and else the server does.
func (t *tx) sessionUID(ctx context.Context, f *flow) (string, error) {
	s := t.state
	if s.SessionToken == "" || s.SessionUID != "" || f == nil || f.sessionDead ||
		s.RefreshToken != nil && s.SessionToken == f.session {
		return s.SessionUID, nil
	}
	cred, err := s.sessionCredential()
	if err != nil {
		return "", nil // not a token at all; it was refused before
	}
	status, err := t.a.wire.SessionStatus(ctx, cred)
	if err != nil && retryable(err) {
		return "", err
	}
	return status.UID, nil
}

// sameAccount refuses tokens of another account than the one held, held last or told
// of by the page: tokens, keys and device records of two accounts must not be mixed. f
// is the sign-in that brought them; nil when a session did.
func (t *tx) sameAccount(ctx context.Context, tokens wire.Tokens, f *flow) error {
	held, err := t.heldUID(ctx)
	if err != nil {
		return err
	}
	session := ""
	if f != nil {
		if session, err = t.sessionUID(ctx, f); err != nil {
			return err
		}
	}
	if held == "" && session == "" {
		return nil
	}
	comes, err := t.subject(ctx, tokens)
	switch {
	case err != nil && retryable(err):
		return err
	case err != nil || comes == "":
		return nil // a server that does not tell is believed
	case held != "" && held != comes, session != "" && session != comes:
		return ErrOtherAccount
	}
	return nil
}

// subject asks whose tokens these are.
func (t *tx) subject(ctx context.Context, tokens wire.Tokens) (string, error) {
	i, err := t.a.wire.Introspect(ctx, tokens.RefreshToken)
	if err != nil || i.Subject != "" || !slices.Contains(tokens.Scopes(), ScopeProfile) {
		return i.Subject, err
	}
	p, err := t.a.wire.Profile(ctx, tokens.AccessToken, "") // older servers do not introspect so
	return p.UID, err
}

// widen makes sure that a new refresh token covers what the old one did. A token
// for the union replaces it where the server grants one to the session; without a
// session, or when refused, only what was just granted remains.
func (t *tx) widen(ctx context.Context, fresh refreshToken) (refreshToken, error) {
	union := normalScopes(append(slices.Clone(fresh.Scopes), t.state.RefreshToken.Scopes...)...)
	if slices.Equal(union, fresh.Scopes) {
		return fresh, nil
	}
	cred, err := t.sessionCredential()
	if err != nil {
		return fresh, nil
	}
	tokens, err := t.a.wire.SessionRefresh(ctx, cred, joinScopes(withoutSession(union)))
	switch {
	case err != nil && retryable(err):
		return fresh, err
	case err != nil:
		return fresh, nil
	}
	t.revoke(revocation{Kind: revokeAccess, Token: tokens.AccessToken})
	if tokens.RefreshToken == "" {
		return fresh, fmt.Errorf("the session brought no refresh token: %w", ErrNoRefreshToken)
	}
	t.revoke(revocation{Kind: revokeRefresh, Token: fresh.Token})
	return sessionRefresh(tokens, union), nil
}

// withoutSession leaves ScopeSession out of what a session is asked to grant: it
// would make one more session, which nobody needs.
func withoutSession(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == ScopeSession })
}

// sessionRefresh is the refresh token that a session granted for the wanted scopes.
func sessionRefresh(tokens wire.Tokens, wanted []string) refreshToken {
	scopes := tokens.Scopes()
	if slices.Contains(wanted, ScopeSession) {
		scopes = append(scopes, ScopeSession)
	}
	return refreshToken{Token: tokens.RefreshToken, Scopes: normalScopes(scopes...)}
}

// replaceRefresh puts a new refresh token in the place of the old one, which is to
// be revoked, and drops what depended on that.
func (t *tx) replaceRefresh(fresh refreshToken) {
	s := t.state
	if s.RefreshToken != nil && s.RefreshToken.Token != fresh.Token {
		t.revoke(revocation{Kind: revokeRefresh, Token: s.RefreshToken.Token})
	}
	s.RefreshToken, s.Scopes = &fresh, slices.Clone(fresh.Scopes)
	t.dropAccessTokens()
	s.LocalDevice = nil
	s.DevicesUnavailable = false
	t.forgetLists()
}

// settle is what follows once new tokens are saved: the device record is taken over
// and the old tokens are revoked. The sign-in is done, and none of this can undo it.
func (t *tx) settle(ctx context.Context, before *ownRecord) {
	t.afterwards(func() error { return t.carryOver(ctx, before) })
	t.afterwards(func() error {
		_, err := t.flush(ctx)
		return err
	})
}

// SyncKeyMissing reports whether the sign-in covers ScopeOldSync without its key: the
// server granted the scope and did not hand the key over. Device commands cannot
// work then; only a new sign-in helps.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §4.2.
func (a *Account) SyncKeyMissing() bool {
	s := a.state()
	if s.RefreshToken == nil || !slices.Contains(s.RefreshToken.Scopes, ScopeOldSync) {
		return false
	}
	_, ok := s.ScopedKeys[ScopeOldSync]
	return !ok
}

// HasScope reports whether the sign-in covers all of the scopes; no scopes are never
// covered.
//
// No request; fxa-client has_scope; docs/protocol/accounts-client.md §5.
func (a *Account) HasScope(scopes ...string) bool {
	s := a.state()
	wanted := normalScopes(scopes...)
	return s.RefreshToken != nil && len(wanted) > 0 && len(missingScopes(s.RefreshToken.Scopes, wanted)) == 0
}
