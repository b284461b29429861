package account_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

func TestAccessTokenCache(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	first, err := a.AccessToken(t.Context(), account.ScopeProfile)
	ok(t, "AccessToken", err)
	if got := first.ExpiresAt.Sub(s.clock.Now()); got < 23*time.Hour || got > 24*time.Hour {
		t.Errorf("the token lives %v", got)
	}
	if first.Key != nil || first.Scope != account.ScopeProfile {
		t.Errorf("scope %s, key %v", first.Scope, first.Key)
	}
	before := s.requests(tokenRoute)
	again, err := a.AccessToken(t.Context(), " profile  profile ")
	if err != nil || again.Token != first.Token || s.requests(tokenRoute) != before {
		t.Errorf("the cached token is not used, %v", err)
	}
	if !strings.Contains(string(saver.last()), first.Token) {
		t.Error("the token is not saved")
	}
	fresh, err := a.AccessToken(t.Context(), account.ScopeProfile, account.WithoutCache())
	if err != nil || fresh.Token == first.Token {
		t.Errorf("WithoutCache gave the cached token, %v", err)
	}
	if cached, err := a.AccessToken(t.Context(), account.ScopeProfile); err != nil || cached.Token != fresh.Token {
		t.Errorf("the fresh token did not take the place of the old, %v", err)
	}
	ok(t, "ClearAccessTokens", a.ClearAccessTokens(t.Context()))
	if cleared, err := a.AccessToken(t.Context(), account.ScopeProfile); err != nil || cleared.Token == fresh.Token {
		t.Errorf("a cleared token is used, %v", err)
	}
}

// TestAccessTokenLife: a life is asked for in whole seconds, and one that is none leaves it to the server.
func TestAccessTokenLife(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	for ttl, want := range map[time.Duration]any{
		10 * time.Minute: 600.0, 90500 * time.Millisecond: 90.0, 0: nil, time.Millisecond: nil, -time.Hour: nil, -1: nil,
	} {
		s.service.ForgetRequests()
		_, err := a.AccessToken(t.Context(), account.ScopeProfile, account.WithTTL(ttl), account.WithoutCache())
		ok(t, "AccessToken", err)
		var sent map[string]any
		ok(t, "the body", json.Unmarshal(s.service.Requests(tokenRoute)[0].Body, &sent))
		if sent["ttl"] != want {
			t.Errorf("%v is asked for as %v", ttl, sent["ttl"])
		}
	}
}

// TestAccessTokenExpiry fetches another token a minute before the end, whatever the
// wall clock says.
func TestAccessTokenExpiry(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	token, err := a.AccessToken(t.Context(), account.ScopeProfile, account.WithTTL(10*time.Minute))
	ok(t, "AccessToken", err)
	s.service.Clock.Advance(8*time.Minute + 50*time.Second)
	if same, err := a.AccessToken(t.Context(), account.ScopeProfile); err != nil || same.Token != token.Token {
		t.Errorf("a good token is not used, %v", err)
	}
	s.clock.set(-time.Hour) // a clock set back must not keep a dead token alive
	s.service.Clock.Advance(15 * time.Second)
	second, err := a.AccessToken(t.Context(), account.ScopeProfile)
	if err != nil || second.Token == token.Token {
		t.Errorf("a dying token is used, %v", err)
	}
	s.clock.set(time.Hour)
	// After a restart the wall clock is all there is.
	b := s.restore(saver.last())
	s.service.Clock.Advance(25 * time.Hour)
	if third, err := b.AccessToken(t.Context(), account.ScopeProfile); err != nil || third.Token == second.Token {
		t.Errorf("a dead token is used after a restart, %v", err)
	}
}

func TestAccessTokenForSeveralScopes(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	token, err := a.AccessToken(t.Context(), account.ScopeOldSync+" profile")
	if err != nil || token.Key != nil || !sameSet(strings.Fields(token.Scope), []string{"profile", account.ScopeOldSync}) {
		t.Errorf("gave %v, %v", token, err)
	}
	other, err := a.AccessToken(t.Context(), "profile "+account.ScopeOldSync)
	if err != nil || other.Token != token.Token {
		t.Errorf("the order of scopes matters, %v", err)
	}
}

// TestAccessTokenNarrower gets a token for less than what is held, with the refresh token as it is, so that
// a service that only has to know whose token it is learns no more from it.
func TestAccessTokenNarrower(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	before := s.requests(tokenRoute)
	token, err := a.AccessToken(t.Context(), "profile:uid")
	if err != nil || token.Scope != "profile:uid" || s.requests(tokenRoute) != before+1 {
		t.Errorf("scope %q after %d requests, %v", token.Scope, s.requests(tokenRoute)-before, err)
	}
	if _, err := a.AccessToken(t.Context(), "profile:display_name:write"); err == nil {
		t.Error("a token to write with was given for a scope to read")
	}
}

// TestAccessTokenExchange widens the refresh token for a scope it lacks.
func TestAccessTokenExchange(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn(account.ScopeOldSync, account.ScopeSession)
	s.register(a)
	token, err := a.AccessToken(t.Context(), account.ScopeProfile)
	if err != nil || token.Scope != account.ScopeProfile {
		t.Fatalf("gave %v, %v", token, err)
	}
	if !a.HasScope(account.ScopeProfile, account.ScopeOldSync) || s.refreshTokens() != 1 || len(s.owner.Devices()) != 1 {
		t.Error("the exchange went wrong")
	}
	if string(saver.last()) != s.snapshot(a) {
		t.Error("the exchanged token is not saved")
	}
	_, err = a.AccessToken(t.Context(), "https://example.com/unheard-of")
	want(t, "a scope not to be had", err, account.ErrForbidden)
}

// TestAccessTokenExchangeUnsaved does not lose the sign-in when the token that the
// server has put in the place of ours cannot be saved.
func TestAccessTokenExchangeUnsaved(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn(account.ScopeOldSync)
	before := s.snapshot(a)
	saver.failWith(errDiskFull)
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "with a full disk", err, errDiskFull)
	if s.snapshot(a) != before {
		t.Error("the state changed")
	}
	_, err = a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "with a full disk, again", err, errDiskFull)
	saver.failWith(nil)
	token, err := a.AccessToken(t.Context(), account.ScopeProfile)
	if err != nil || token.Token == "" || !a.HasScope(account.ScopeProfile) {
		t.Errorf("the sign-in is lost: %v", err)
	}
	if info, err := a.CheckAuthorization(t.Context()); err != nil || !info.Active {
		t.Errorf("active: %t, %v", info.Active, err)
	}
}

// TestExchangeUnsavedIsNoSignOut asks about the token that is alive, as soon as it can
// be saved, and not about the one that the exchange has killed.
func TestExchangeUnsavedIsNoSignOut(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn(account.ScopeOldSync)
	saver.failWith(errDiskFull)
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "with a full disk", err, errDiskFull)
	saver.failWith(nil)
	if info, err := a.CheckAuthorization(t.Context()); err != nil || !info.Active {
		t.Errorf("active: %t, %v", info.Active, err)
	}
}

// TestAccessTokenUnsaved revokes, later, a token that could not be saved.
func TestAccessTokenUnsaved(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	saver.failWith(errDiskFull)
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "with a full disk", err, errDiskFull)
	saver.failWith(nil)
	ok(t, "ForgetEmailHint", a.ForgetEmailHint(t.Context())) // any change
	if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 {
		t.Errorf("%d revocations left, %v", left, err)
	}
	for _, token := range s.service.LiveTokens() {
		if token.Kind == "access" {
			t.Error("a token that nobody knows is alive")
		}
	}
}

func TestAccessTokenBySession(t *testing.T) {
	s := newScene(t)
	a := s.account()
	ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: s.owner.NewSession()}))
	token, err := a.AccessToken(t.Context(), account.ScopeProfile)
	if err != nil || token.Token == "" {
		t.Errorf("gave %v, %v", token, err)
	}
}

func TestAccessTokenFailures(t *testing.T) {
	s := newScene(t)
	a := s.account()
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "signed out", err, account.ErrNoRefreshToken)
	want(t, "signed out", err, account.ErrAuthentication)
	_, err = a.AccessToken(t.Context(), "  ")
	want(t, "no scope", err, account.ErrInvalidArgument)

	s.signIn(a)
	before := s.snapshot(a)
	s.owner.RevokeTokens("")
	_, err = a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "dead sign-in", err, account.ErrAuthentication)
	if s.snapshot(a) != before {
		t.Error("a refused token changed the state: only introspection may")
	}
	if info, err := a.CheckAuthorization(t.Context()); err != nil || info.Active {
		t.Errorf("a dead sign-in is active: %t, %v", info.Active, err)
	}
}

// TestAccessTokenOldServer has no exchange: the scope is missing.
func TestAccessTokenOldServer(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn(account.ScopeOldSync)
	s.service.Faults.Next(tokenRoute, 400, accounttest.Errno(107))
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "AccessToken", err, account.ErrScopeMissing)
	if errors.Is(err, account.ErrOther) {
		t.Error("the error has two classes")
	}
}

func TestAccessTokenIsNotPrinted(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	token, err := a.AccessToken(t.Context(), account.ScopeOldSync)
	ok(t, "AccessToken", err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{
			token, &token, *token.Key,
			[]account.AccessToken{token},
			account.UserData{SessionToken: token.Token},
			account.Profile{Email: token.Token},
			account.State{OAuthURL: token.Token},
		} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, token.Key.K) || strings.Contains(text, token.Token) {
				t.Errorf("%s shows a secret", verb)
			}
		}
	}
	if raw, err := token.Key.KeyBytes(); err != nil || len(raw) != 64 {
		t.Errorf("the key has %d bytes, %v", len(raw), err)
	}
	token.Key.K = "?"
	_, err = token.Key.KeyBytes()
	want(t, "a spoilt key", err, account.ErrCrypto)
}

// TestAccessTokensDoNotPileUp drops those that have died by themselves.
func TestAccessTokensDoNotPileUp(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	old, err := a.AccessToken(t.Context(), account.ScopeOldSync)
	ok(t, "AccessToken", err)
	s.service.Clock.Advance(25 * time.Hour)
	_, err = a.AccessToken(t.Context(), account.ScopeProfile)
	ok(t, "AccessToken", err)
	if strings.Contains(s.snapshot(a), old.Token) {
		t.Error("a dead token is kept")
	}
}
