package account_test

import (
	"testing"

	"github.com/tabferry/tabferry/account"
)

// TestThread goes once through the life of a sign-in: in, a token, the profile, a
// restart, and out, after which the server has nothing left of it.
func TestThread(t *testing.T) {
	s := newScene(t)
	saver := new(savedState)
	a := s.account(account.WithSaver(saver))
	if got := a.AuthState(); got != account.AuthStateDisconnected {
		t.Fatalf("a new account is %v", got)
	}
	s.signIn(a)
	if !a.HasScope(everything...) || a.SyncKeyMissing() {
		t.Errorf("the sign-in covers everything: %t, lacks the key: %t", a.HasScope(everything...), a.SyncKeyMissing())
	}
	token, err := a.AccessToken(t.Context(), account.ScopeOldSync)
	ok(t, "AccessToken", err)
	key, err := s.owner.ScopedKey(account.ScopeOldSync)
	ok(t, "the owner's key", err)
	if token.Key == nil || token.Key.K != key["k"] || token.Key.KID != key["kid"] {
		t.Error("the access token came with another key than the account has")
	}
	p, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	if p.UID != s.owner.UID() || p.Email != email {
		t.Error("the profile is not the owner's")
	}

	b := s.restore(saver.last())
	if b.AuthState() != account.AuthStateConnected || s.snapshot(b) != s.snapshot(a) {
		t.Error("the restored account differs")
	}
	again, err := b.AccessToken(t.Context(), account.ScopeOldSync)
	ok(t, "AccessToken after restart", err)
	if again.Token != token.Token {
		t.Error("the cached token did not survive the restart")
	}

	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if live := s.service.LiveTokens(); len(live) != 0 {
		t.Errorf("%d tokens live on after signing out", len(live))
	}
	if a.AuthState() != account.AuthStateDisconnected || a.EmailHint() != email {
		t.Error("signing out left the wrong things")
	}
}
