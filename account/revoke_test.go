package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const (
	destroyRoute       = "POST /v1/oauth/destroy"
	destroyDeviceRoute = "POST /v1/account/device/destroy"
)

// TestDisconnectOrder removes the device first, which tells the others and takes its
// tokens along, then what is left.
func TestDisconnectOrder(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	s.register(a)
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	ok(t, "AccessToken", err)
	_, err = a.FlushRevocations(t.Context())
	ok(t, "FlushRevocations", err)
	_, err = a.AttachedClients(t.Context()) // how the server takes sessions is known
	ok(t, "AttachedClients", err)
	token, err := a.SessionToken()
	ok(t, "SessionToken", err)
	s.service.ForgetRequests()
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	var routes []string
	for _, r := range s.service.Requests() {
		routes = append(routes, r.Route)
	}
	wanted := []string{destroyDeviceRoute, destroyRoute, destroyRoute, "POST /v1/session/destroy"}
	if !slices.Equal(routes, wanted) {
		t.Errorf("asked %v, want %v", routes, wanted)
	}
	if len(s.service.LiveTokens()) != 0 || len(s.owner.Devices()) != 0 {
		t.Error("something is left on the server")
	}
	state := string(saver.last())
	if strings.Contains(state, token) || strings.Contains(state, s.owner.UID()) || state != s.snapshot(a) {
		t.Error("something is left in the state")
	}
	for name, err := range map[string]error{
		"Disconnect again": a.Disconnect(t.Context()),
		"CurrentDeviceID":  second(a.CurrentDeviceID()),
	} {
		if name == "Disconnect again" && err != nil || name != "Disconnect again" && err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestDisconnectOffline signs out at once and revokes when that is possible.
func TestDisconnectOffline(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	s.register(a)
	_, err := a.AccessToken(t.Context(), account.ScopeOldSync)
	ok(t, "AccessToken", err)
	s.service.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(-1))
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if a.AuthState() != account.AuthStateDisconnected {
		t.Errorf("the state is %v", a.AuthState())
	}
	_, err = a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "AccessToken", err, account.ErrNoRefreshToken)
	if len(s.owner.Devices()) != 1 {
		t.Fatal("the service was reached")
	}
	left, err := a.FlushRevocations(t.Context())
	want(t, "FlushRevocations", err, account.ErrNetwork)
	if left < 3 {
		t.Errorf("%d revocations left", left)
	}

	b := s.restore(saver.last()) // the queue survives a restart, the sign-in does not
	if b.AuthState() != account.AuthStateDisconnected {
		t.Errorf("the state after a restart is %v", b.AuthState())
	}
	s.service.Faults.Clear()
	left, err = b.FlushRevocations(t.Context())
	if err != nil || left != 0 || len(s.service.LiveTokens()) != 0 || len(s.owner.Devices()) != 0 {
		t.Errorf("%d revocations and %d tokens left, %v", left, len(s.service.LiveTokens()), err)
	}
	if left, err := b.FlushRevocations(t.Context()); err != nil || left != 0 {
		t.Errorf("once more: %d, %v", left, err)
	}
}

// TestDisconnectUnsaved stays signed in and revokes nothing.
func TestDisconnectUnsaved(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	before := s.snapshot(a)
	s.service.ForgetRequests()
	saver.failWith(errDiskFull)
	want(t, "Disconnect", a.Disconnect(t.Context()), errDiskFull)
	if s.snapshot(a) != before || len(s.service.Requests()) != 0 {
		t.Error("something happened all the same")
	}
	saver.failWith(nil)
	if info, err := a.CheckAuthorization(t.Context()); err != nil || !info.Active {
		t.Errorf("active: %t, %v", info.Active, err)
	}
}

// TestFlushBackoff keeps what the server would not take now, and asks nothing
// during the wait.
func TestFlushBackoff(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.service.Faults.Next(destroyRoute, 429, accounttest.RetryAfter(120))
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	s.service.ForgetRequests()
	left, err := a.FlushRevocations(t.Context())
	var wait *account.BackoffError
	if !errors.As(err, &wait) || left == 0 || len(s.service.Requests()) != 0 {
		t.Errorf("%d left, %v, %d requests", left, err, len(s.service.Requests()))
	}
	s.service.Clock.Advance(2 * time.Minute)
	if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 {
		t.Errorf("%d left, %v", left, err)
	}
}

// TestFlushBlocked keeps what the server blocks for reasons of security, and goes on with the rest: a token that
// nobody revoked is alive.
func TestFlushBlocked(t *testing.T) {
	s := lab(t)
	a, _ := s.signedIn(account.ScopeProfile, account.ScopeSession)
	s.service.Faults.Next(destroyRoute, 400, accounttest.Errno(125), accounttest.Times(-1))
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	left, err := a.FlushRevocations(t.Context())
	want(t, "FlushRevocations", err, account.ErrBlocked)
	if left == 0 {
		t.Error("nothing is left to revoke")
	}
	for _, token := range s.service.LiveTokens() {
		if token.Kind == "session" {
			t.Error("the session was not revoked")
		}
	}
	s.service.Faults.Clear()
	if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 || s.refreshTokens() != 0 {
		t.Errorf("%d left, %d refresh tokens live, %v", left, s.refreshTokens(), err)
	}
}

// TestFlushGivesUp after thirty days.
func TestFlushGivesUp(t *testing.T) {
	s := lab(t)
	a, _ := s.signedIn()
	s.service.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(-1))
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	s.service.Clock.Advance(29 * 24 * time.Hour)
	if left, err := a.FlushRevocations(t.Context()); err == nil || left == 0 {
		t.Errorf("after 29 days %d are left, %v", left, err)
	}
	s.service.Clock.Advance(2 * 24 * time.Hour)
	if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 {
		t.Errorf("after 31 days %d are left, %v", left, err)
	}
}

// TestFlushAfterTheClockWasSet revokes what seems too old, as long as the server can be asked.
func TestFlushAfterTheClockWasSet(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.service.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(-1))
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	s.service.Faults.Clear()
	s.service.Clock.Advance(31 * 24 * time.Hour)
	left, err := a.FlushRevocations(t.Context())
	if err != nil || left != 0 || s.refreshTokens() != 0 {
		t.Errorf("%d left, %d refresh tokens live, %v", left, s.refreshTokens(), err)
	}
}

// TestFlushOfDeadTokens counts what the server no longer knows as revoked.
func TestFlushOfDeadTokens(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.register(a)
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	ok(t, "AccessToken", err)
	s.owner.RevokeTokens("")
	s.owner.RevokeSessions()
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 {
		t.Errorf("%d left, %v", left, err)
	}
}

// TestFlushOnOldServer uses the older route where there is no other.
func TestFlushOnOldServer(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn(account.ScopeProfile)
	s.service.Faults.Next(destroyRoute, 404, accounttest.Times(-1))
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if n := s.requests("POST /v1/destroy"); n == 0 || len(s.service.LiveTokens()) != 0 {
		t.Errorf("%d requests of the older route, %d tokens left", n, len(s.service.LiveTokens()))
	}
}

// TestOnAuthIssues drops credentials and keeps what the next sign-in goes on with.
func TestOnAuthIssues(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	s.register(a)
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	id, err := a.CurrentDeviceID()
	ok(t, "CurrentDeviceID", err)
	s.owner.RevokeTokens("")
	code, state := s.begin(a, everything...)
	for range 2 { // harmless when repeated
		ok(t, "OnAuthIssues", a.OnAuthIssues(t.Context()))
	}
	if a.AuthState() != account.AuthStateAuthIssues {
		t.Errorf("the state is %v", a.AuthState())
	}
	if got, err := a.CurrentDeviceID(); err != nil || got != id {
		t.Errorf("the device id is %s, %v", got, err)
	}
	if _, _, known := a.CachedProfile(); !known {
		t.Error("the profile is forgotten")
	}
	_, err = a.SessionToken()
	want(t, "SessionToken", err, account.ErrNoSessionToken)
	_, err = a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "AccessToken", err, account.ErrNoRefreshToken)
	want(t, "the sign-in under way", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNoAuthFlow)
	key, err := s.owner.ScopedKey(account.ScopeOldSync)
	ok(t, "the owner's key", err)
	if strings.Contains(string(saver.last()), key["k"]) {
		t.Error("the key is kept")
	}
	if b := s.restore(saver.last()); b.AuthState() != account.AuthStateAuthIssues {
		t.Errorf("after a restart the state is %v", b.AuthState())
	}
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if a.AuthState() != account.AuthStateDisconnected {
		t.Errorf("the state is %v", a.AuthState())
	}
}

func TestSimulations(t *testing.T) {
	s := lab(t)
	a, _ := s.signedIn()
	a.SimulateNetworkError()
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "the next request", err, account.ErrNetwork)
	token, err := a.AccessToken(t.Context(), account.ScopeProfile)
	ok(t, "the one after", err)
	ok(t, "SimulateTemporaryAuthIssue", a.SimulateTemporaryAuthIssue(t.Context()))
	spoilt, err := a.AccessToken(t.Context(), account.ScopeProfile)
	if err != nil || spoilt.Token == token.Token {
		t.Errorf("the token is not spoilt, %v", err)
	}
	if _, err := a.Profile(t.Context()); err != nil {
		t.Errorf("the account does not recover: %v", err)
	}
	ok(t, "SimulatePermanentAuthIssue", a.SimulatePermanentAuthIssue(t.Context()))
	_, err = a.AccessToken(t.Context(), account.ScopeProfile)
	want(t, "AccessToken", err, account.ErrNoRefreshToken)
	_, err = a.SessionToken()
	want(t, "SessionToken", err, account.ErrNoSessionToken)
	if a.AuthState() != account.AuthStateDisconnected {
		t.Errorf("the flag changed: %v", a.AuthState())
	}
}
