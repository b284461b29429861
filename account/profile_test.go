package account_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/internal/wire"
)

const profileRoute = "GET /v1/profile"

func TestProfileCache(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	if _, _, known := a.CachedProfile(); known {
		t.Error("a profile is known before it was fetched")
	}
	s.owner.SetDisplayName("Ferry Person")
	p, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	if p.UID != s.owner.UID() || p.Email != email || p.DisplayName != "Ferry Person" || p.Avatar == "" || !p.IsDefaultAvatar || p.MetricsEnabled == nil {
		t.Errorf("the profile misses something: %t", p.MetricsEnabled == nil)
	}
	steps := []struct {
		name   string
		do     func()
		opts   []account.ReadOption
		asked  int
		status int
	}{
		{"at once", func() {}, nil, 0, 0},
		{"a minute later", func() { s.service.Clock.Advance(time.Minute) }, nil, 0, 0},
		{"fresh", func() {}, []account.ReadOption{account.Fresh()}, 1, 304},
		{"when the clock is set ahead", func() { s.clock.set(time.Hour) }, nil, 0, 0},
		{"when the clock is set back", func() { s.clock.set(-2 * time.Hour) }, nil, 0, 0},
		{"two minutes later", func() { s.clock.set(time.Hour); s.service.Clock.Advance(2 * time.Minute) }, nil, 1, 304},
		{"after a change", func() { s.owner.SetDisplayName("Another"); s.service.Clock.Advance(2 * time.Minute) }, nil, 1, 200},
	}
	for _, step := range steps {
		step.do()
		s.service.ForgetRequests()
		if p, err = a.Profile(t.Context(), step.opts...); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		list := s.service.Requests(profileRoute)
		if len(list) != step.asked || step.asked > 0 && list[0].Status != step.status {
			t.Errorf("%s: %d requests, %+v", step.name, len(list), list)
		}
	}
	if p.DisplayName != "Another" {
		t.Error("the changed name did not arrive")
	}
	if _, at, known := a.CachedProfile(); !known || s.clock.Now().Sub(at) > time.Second {
		t.Errorf("the cached profile is of %v", at)
	}
	b := s.restore(saver.last())
	s.service.ForgetRequests()
	if p, err := b.Profile(t.Context()); err != nil || p.DisplayName != "Another" || s.requests(profileRoute) != 0 {
		t.Errorf("after a restart: %v", err)
	}
}

// TestProfileAfterRestartInTheFuture does not trust a time that lies ahead.
func TestProfileAfterRestartInTheFuture(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	s.clock.set(-time.Hour)
	b := s.restore(saver.last())
	s.service.ForgetRequests()
	if _, err := b.Profile(t.Context()); err != nil || s.requests(profileRoute) != 1 {
		t.Errorf("%d requests, %v", s.requests(profileRoute), err)
	}
}

// TestProfileMetrics keeps the person's choice over a 304, and notices when the
// server stops telling.
func TestProfileMetrics(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.owner.SetMetrics(false)
	for range 2 {
		p, err := a.Profile(t.Context(), account.Fresh())
		if err != nil || p.MetricsEnabled == nil || *p.MetricsEnabled {
			t.Errorf("the choice reads %v, %v", p.MetricsEnabled, err)
		}
		if p.MetricsEnabled != nil {
			*p.MetricsEnabled = true // a caller's copy
		}
	}
	s.owner.HideMetrics()
	if p, err := a.Profile(t.Context(), account.Fresh()); err != nil || p.MetricsEnabled != nil {
		t.Errorf("the choice reads %v, %v", p.MetricsEnabled, err)
	}
}

// TestProfileSubscriptions reads what the person pays for, and an answer of another form as nothing.
func TestProfileSubscriptions(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	for _, want := range [][]string{{"vpn", "relay"}, {"relay"}, nil} {
		s.owner.SetSubscriptions(want...)
		p, err := a.Profile(t.Context(), account.Fresh())
		if err != nil || !slices.Equal(p.Subscriptions, want) {
			t.Errorf("%v, %v, want %v", p.Subscriptions, err, want)
		}
		if len(p.Subscriptions) > 0 {
			p.Subscriptions[0] = "a caller's copy"
		}
	}
	var odd wire.Profile
	if err := json.Unmarshal([]byte(`{"uid":"u","email":"e","subscriptions":{"vpn":true}}`), &odd); err != nil || odd.UID != "u" || odd.Subscriptions != nil {
		t.Errorf("another form: %+v, %v", odd, err)
	}
}

// TestProfileWithoutETag keeps a profile that came without one.
func TestProfileWithoutETag(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	body := `{"uid":"` + s.owner.UID() + `","email":"` + email + `","avatar":"a","avatarDefault":true}`
	s.service.Faults.Next(profileRoute, 200, accounttest.RawBody("application/json", body))
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	s.service.ForgetRequests()
	if _, err := a.Profile(t.Context()); err != nil || s.requests(profileRoute) != 0 {
		t.Errorf("the profile is not kept, %v", err)
	}
	if _, err := a.Profile(t.Context(), account.Fresh()); err != nil {
		t.Errorf("Profile: %v", err)
	}
	if list := s.service.Requests(profileRoute); len(list) != 1 || list[0].Header.Get("If-None-Match") != "" {
		t.Error("an ETag is made up")
	}
}

// TestProfileRenewsItsToken recovers from access tokens that the server does not
// take, once.
func TestProfileRenewsItsToken(t *testing.T) {
	for name, spoil := range map[string]func(s *scene, a *account.Account){
		"revoked":   func(s *scene, _ *account.Account) { s.owner.RevokeAccessTokens() },
		"simulated": func(s *scene, a *account.Account) { ok(s, "Simulate", a.SimulateTemporaryAuthIssue(s.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			a, _ := s.signedIn()
			_, err := a.Profile(t.Context())
			ok(t, "Profile", err)
			spoil(s, a)
			s.service.ForgetRequests()
			_, err = a.Profile(t.Context(), account.Fresh())
			ok(t, "Profile", err)
			if n := s.requests(profileRoute); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
		})
	}
	s := newScene(t)
	a, _ := s.signedIn()
	s.service.Faults.Next(profileRoute, 401, accounttest.Times(2))
	_, err := a.Profile(t.Context())
	want(t, "refused twice", err, account.ErrAuthentication)
	if n := s.requests(profileRoute); n != 2 || a.AuthState() != account.AuthStateConnected {
		t.Errorf("%d requests, state %v", n, a.AuthState())
	}
}

func TestProfileFailures(t *testing.T) {
	s := newScene(t)
	a := s.account()
	_, err := a.Profile(t.Context())
	want(t, "signed out", err, account.ErrNoRefreshToken)
	s.signIn(a)
	p, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	for name, c := range map[string]struct {
		status int
		opts   []accounttest.FaultOption
		class  error
	}{
		"the services behind it are down": {503, []accounttest.FaultOption{accounttest.Errno(104)}, account.ErrUnavailable},
		"no network":                      {0, []accounttest.FaultOption{accounttest.DropConnection(), accounttest.Times(3)}, account.ErrNetwork},
		"blocked":                         {400, []accounttest.FaultOption{accounttest.Errno(125)}, account.ErrBlocked},
		"no uid":                          {200, []accounttest.FaultOption{accounttest.RawBody("application/json", `{"email":"e"}`)}, account.ErrInvalidAnswer},
	} {
		s.service.Faults.Next(profileRoute, c.status, c.opts...)
		_, err := a.Profile(t.Context(), account.Fresh())
		want(t, name, err, c.class)
		s.service.Faults.Clear()
		s.service.Clock.Advance(time.Minute) // past the wait that the first begins
		if err != nil && (strings.Contains(err.Error(), email) || strings.Contains(err.Error(), p.UID)) {
			t.Errorf("%s: the error shows who it is", name)
		}
		if kept, _, known := a.CachedProfile(); !known || kept.UID != p.UID {
			t.Errorf("%s: the profile is lost", name)
		}
	}
	// Throttled: nothing more is asked of the profile server, other services are.
	s.service.Faults.Next(profileRoute, 429, accounttest.RetryAfter(100))
	_, err = a.Profile(t.Context(), account.Fresh())
	var wait *account.BackoffError
	if !errors.As(err, &wait) || wait.Service != "profile" || wait.Remote == nil || wait.Remote.Status != 429 {
		t.Errorf("throttled gave %v", err)
	}
	s.service.ForgetRequests()
	_, err = a.Profile(t.Context(), account.Fresh())
	if !errors.As(err, &wait) || wait.Remote != nil || len(s.service.Requests()) != 0 {
		t.Errorf("during the wait: %v after %d requests", err, len(s.service.Requests()))
	}
	if _, err := a.AccessToken(t.Context(), account.ScopeProfile, account.WithoutCache()); err != nil {
		t.Errorf("another service is silenced: %v", err)
	}
}

// TestEmailHint outlives the sign-out until it is forgotten.
func TestEmailHint(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	s.owner.SetEmail("renamed@example.com")
	_, err = a.Profile(t.Context(), account.Fresh())
	ok(t, "Profile", err)
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if a.EmailHint() != "renamed@example.com" {
		t.Error("the hint is another")
	}
	ok(t, "ForgetEmailHint", a.ForgetEmailHint(t.Context()))
	if a.EmailHint() != "" || strings.Contains(string(saver.last()), "renamed") {
		t.Error("the hint is not forgotten")
	}
	if p, known := a.LastSeenProfile(); !known || !reflect.DeepEqual(p, account.Profile{UID: s.owner.UID()}) {
		t.Error("the next sign-in cannot be compared with this one")
	}
	ok(t, "ForgetLastSeen", a.ForgetLastSeen(t.Context()))
	if strings.Contains(string(saver.last()), s.owner.UID()) {
		t.Error("the state still knows who it was")
	}
}

// TestEmailHintOfDeletedAccount keeps nothing of an account that was deleted.
func TestEmailHintOfDeletedAccount(t *testing.T) {
	s := lab(t)
	a, saver := s.signedIn()
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	s.owner.Delete()
	ok(t, "Forget", a.Forget(t.Context()))
	if exists, err := a.UserExists(t.Context(), s.owner.UID()); err != nil || exists {
		t.Errorf("exists: %t, %v", exists, err)
	}
	if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 || a.AuthState() != account.AuthStateDisconnected {
		t.Errorf("%s, %d revocations left, %v", a.AuthState(), left, err)
	}
	if state := string(saver.last()); a.EmailHint() != "" || strings.Contains(state, email) || strings.Contains(state, s.owner.UID()) {
		t.Error("something of the deleted account is kept")
	}
}

func TestAccountExists(t *testing.T) {
	s := lab(t)
	a, _ := s.signedIn()
	_, err := a.AccountExists(t.Context())
	want(t, "before the profile", err, account.ErrNoRefreshToken)
	_, err = a.Profile(t.Context())
	ok(t, "Profile", err)
	if exists, err := a.AccountExists(t.Context()); err != nil || !exists {
		t.Errorf("exists: %t, %v", exists, err)
	}
	s.owner.Delete()
	ok(t, "OnAuthIssues", a.OnAuthIssues(t.Context()))
	if exists, err := a.AccountExists(t.Context()); err != nil || exists {
		t.Errorf("exists: %t, %v", exists, err)
	}
}
