package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// tokenMargin is how long a cached access token must still live to be handed out:
// enough for the request it is wanted for.
const tokenMargin = 60 * time.Second

// AccessToken authorises requests to a resource server. Printing one shows the
// scope only.
type AccessToken struct {
	// Scope is what the server granted, in its words.
	Scope string
	Token string
	// Key is the scope's key; nil for a scope without one and for a list of scopes.
	Key *ScopedKey
	// ExpiresAt is on the account's clock.
	ExpiresAt time.Time
}

// String hides token and key.
func (t AccessToken) String() string { return "access token for " + t.Scope }

// Format hides token and key from every verb.
func (t AccessToken) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// TokenOption changes how an access token is obtained.
type TokenOption func(*tokenOptions)

type tokenOptions struct {
	ttl     time.Duration
	noCache bool
}

// WithTTL asks for a token with this life, in whole seconds. The server caps it, at
// a day by default, and chooses where ttl is less than a second. It has no effect on a
// token from the cache.
func WithTTL(ttl time.Duration) TokenOption { return func(o *tokenOptions) { o.ttl = ttl } }

// WithoutCache asks the server even when a token is cached, for instance because a
// resource server refused that one. The new token takes its place.
func WithoutCache() TokenOption { return func(o *tokenOptions) { o.noCache = true } }

// AccessToken returns a token for a scope, or for a list of scopes with spaces in
// between. One from the cache is used while it lives for another minute. A scope
// that the sign-in does not cover is asked for by exchanging the refresh token,
// which only some clients may do.
//
// ErrNoRefreshToken when signed out. ErrScopeMissing or ErrForbidden when the scope
// is not to be had. ErrSyncKeyMissing for exactly [ScopeOldSync] when its key is
// not held. ErrAuthentication when the server refuses the sign-in itself; see
// [Account.CheckAuthorization].
//
// POST /v1/oauth/token unless cached; fxa-client get_access_token;
// docs/protocol/accounts-client.md §5, RFC 6749 section 6, RFC 8693.
func (a *Account) AccessToken(ctx context.Context, scope string, opts ...TokenOption) (AccessToken, error) {
	o := applied[tokenOptions](opts)
	key := scopeKey(scope)
	if key == "" {
		return AccessToken{}, fmt.Errorf("no scope is asked for: %w", ErrInvalidArgument)
	}
	if !o.noCache {
		if t, ok := a.cachedToken(a.state(), key); ok {
			return t, nil
		}
	}
	var token AccessToken
	err := a.change(ctx, func(ctx context.Context, t *tx) (err error) {
		token, err = t.accessToken(ctx, key, o)
		return err
	})
	if err != nil {
		return AccessToken{}, err
	}
	return token, nil
}

// cachedToken returns a cached token that still lives. Its end is measured on the
// monotonic clock where this process fetched it, so that a clock that is set back
// does not keep a dead token alive.
func (a *Account) cachedToken(s *persisted, key string) (AccessToken, bool) {
	stored, ok := s.AccessTokens[key]
	if !ok || !stored.ExpiresAt.After(a.clock.Now().Add(tokenMargin)) {
		return AccessToken{}, false
	}
	live := true
	a.remember(func(m *memory) {
		end, known := m.tokenEnds[key]
		live = !known || end > a.clock.Monotonic()+tokenMargin
	})
	if !live {
		return AccessToken{}, false
	}
	t := s.publicToken(key, stored)
	return t, key != ScopeOldSync || t.Key != nil
}

// publicToken joins a stored token with its key.
func (s *persisted) publicToken(key string, stored storedAccess) AccessToken {
	t := AccessToken{Scope: stored.Scope, Token: stored.Token, ExpiresAt: stored.ExpiresAt}
	if k, ok := s.ScopedKeys[key]; ok {
		t.Key = &k
	}
	return t
}

// accessToken returns a token from the cache or the server. The change must be
// committed for the token to count.
func (t *tx) accessToken(ctx context.Context, key string, o tokenOptions) (AccessToken, error) {
	if !o.noCache {
		if token, ok := t.a.cachedToken(t.state, key); ok {
			return token, nil
		}
	}
	if key == ScopeOldSync && t.state.RefreshToken != nil {
		if _, err := t.state.syncKey(); err != nil && t.a.HasScope(ScopeOldSync) {
			// Known without asking; each request would only mint a token for nothing.
			return AccessToken{}, ErrSyncKeyMissing
		}
	}
	tokens, err := t.mint(ctx, key, o)
	if err != nil {
		return AccessToken{}, err
	}
	life := time.Duration(max(tokens.ExpiresIn, 0)) * time.Second
	stored := storedAccess{
		Scope: tokens.Scope, Token: tokens.AccessToken,
		ExpiresAt: t.a.clock.Now().Add(life).UTC().Truncate(time.Second),
	}
	if old, ok := t.state.AccessTokens[key]; ok {
		t.revoke(revocation{Kind: revokeAccess, Token: old.Token})
	}
	if t.state.AccessTokens == nil {
		t.state.AccessTokens = make(map[string]storedAccess)
	}
	maps.DeleteFunc(t.state.AccessTokens, func(_ string, s storedAccess) bool {
		return !s.ExpiresAt.After(t.a.clock.Now()) // dead by itself
	})
	t.state.AccessTokens[key] = stored
	end := t.a.clock.Monotonic() + life
	t.onCommit(func(m *memory) {
		if m.tokenEnds == nil {
			m.tokenEnds = make(map[string]time.Duration)
		}
		m.tokenEnds[key] = end
	})
	t.afterFailure(func(s *persisted) {
		s.queue(t.a.clock.Now(), revocation{Kind: revokeAccess, Token: tokens.AccessToken})
	})
	return t.state.publicToken(key, stored), nil
}

// mint asks the server for an access token.
func (t *tx) mint(ctx context.Context, key string, o tokenOptions) (wire.Tokens, error) {
	if t.state.RefreshToken == nil {
		cred, err := t.sessionCredential()
		if err != nil {
			return wire.Tokens{}, ErrNoRefreshToken
		}
		return t.a.wire.SessionAccess(ctx, cred, key)
	}
	wanted := strings.Fields(key)
	if missing := missingScopes(t.state.RefreshToken.Scopes, wanted); len(missing) > 0 {
		if err := t.exchange(ctx, missing); err != nil {
			return wire.Tokens{}, err
		}
		if len(missingScopes(t.state.RefreshToken.Scopes, wanted)) > 0 {
			return wire.Tokens{}, fmt.Errorf("the exchange did not grant it: %w", ErrScopeMissing)
		}
	}
	return t.a.wire.RefreshAccess(ctx, t.state.RefreshToken.Token, key, int64(max(o.ttl, 0)/time.Second))
}

// exchange swaps the refresh token for one that covers more. The server revokes the
// old one in doing so, hence the commit at once.
func (t *tx) exchange(ctx context.Context, missing []string) error {
	tokens, err := t.a.wire.Exchange(ctx, t.state.RefreshToken.Token, joinScopes(missing))
	var r *RemoteError
	if errors.As(err, &r) && r.Status == http.StatusBadRequest && !errors.Is(err, ErrAuthentication) {
		// Servers without this grant, and clients that may not use it.
		return fmt.Errorf("%w: %v", ErrScopeMissing, err)
	}
	if err != nil {
		return err
	}
	if tokens.RefreshToken == "" {
		return fmt.Errorf("the exchange brought no refresh token: %w", ErrInvalidAnswer)
	}
	fresh := refreshToken{Token: tokens.RefreshToken, Scopes: normalScopes(tokens.Scope)}
	t.irrevocable(func(s *persisted) {
		s.RefreshToken, s.Scopes = &fresh, fresh.Scopes
		s.queue(t.a.clock.Now(), revocation{Kind: revokeAccess, Token: tokens.AccessToken})
	})
	t.forgetLists()
	return t.commit(ctx)
}

// ClearAccessTokens drops all cached access tokens and puts them up for revocation.
//
// No request; fxa-client clear_access_token_cache; docs/protocol/accounts-client.md §5.
func (a *Account) ClearAccessTokens(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.dropAccessTokens()
		return nil
	})
}

// dropAccessTokens empties the cache; the tokens are revoked when that is possible.
func (t *tx) dropAccessTokens() {
	for _, key := range sortedKeys(t.state.AccessTokens) {
		if !t.state.AccessTokens[key].ExpiresAt.After(t.a.clock.Now()) {
			continue // dead by itself
		}
		t.revoke(revocation{Kind: revokeAccess, Token: t.state.AccessTokens[key].Token})
	}
	t.state.AccessTokens = nil
	t.onCommit(func(m *memory) { m.tokenEnds = nil })
}
