package account_test

import (
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const introspectRoute = "POST /v1/introspect"

func TestCheckAuthorization(t *testing.T) {
	s := newScene(t)
	a := s.account()
	_, err := a.CheckAuthorization(t.Context())
	want(t, "signed out", err, account.ErrNoRefreshToken)
	s.signIn(a)
	before := s.snapshot(a)
	if info, err := a.CheckAuthorization(t.Context()); err != nil || !info.Active {
		t.Errorf("active: %t, %v", info.Active, err)
	}
	for name, fault := range map[string][]accounttest.FaultOption{"500": nil, "HTML": {accounttest.HTML()}} {
		s.service.Faults.Next(introspectRoute, 500, fault...)
		if info, err := a.CheckAuthorization(t.Context()); err == nil || info.Active {
			t.Errorf("%s: active: %t, %v", name, info.Active, err)
		}
	}
	s.owner.RevokeTokens("")
	if info, err := a.CheckAuthorization(t.Context()); err != nil || info.Active {
		t.Errorf("active: %t, %v", info.Active, err)
	}
	if s.snapshot(a) != before || a.AuthState() != account.AuthStateConnected {
		t.Error("asking changed the state")
	}
}

// TestCheckAuthorizationRate replays the recorded trace of the limiter, while the
// wall clock goes astray.
func TestCheckAuthorizationRate(t *testing.T) {
	var v struct {
		Capacity int `json:"capacity"`
		Trace    []struct {
			AtMs    int64  `json:"atMs"`
			Results []bool `json:"results"`
		} `json:"trace"`
	}
	vector(t, "rate_limiter", &v)
	if v.Capacity != 5 || len(v.Trace) != 3 {
		t.Fatalf("the vector is %+v", v)
	}
	clock := newStepClock()
	s := lab(t)
	transport := s.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	a, err := account.New(s.config(), account.WithTransport(transport), account.WithClock(clock))
	ok(t, "New", err)
	s.signIn(a)
	for _, step := range v.Trace {
		clock.advance(time.Duration(step.AtMs)*time.Millisecond - clock.Monotonic())
		for i, allowed := range step.Results {
			_, err := a.CheckAuthorization(t.Context())
			if allowed && err != nil {
				t.Errorf("at %d ms, check %d: %v", step.AtMs, i, err)
			} else if !allowed {
				want(t, "a check too many", err, account.ErrCircuitOpen)
			}
		}
	}
	clock.advance(time.Hour)
	for i := range 6 {
		if _, err := a.CheckAuthorization(t.Context()); (err == nil) != (i < 5) {
			t.Errorf("after an hour, check %d: %v", i, err)
		}
	}
	ok(t, "Disconnect", a.Disconnect(t.Context()))
}

// TestCheckWithinAWait: a check that was not sent, because the server wants silence, costs nothing of the allowance.
func TestCheckWithinAWait(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.service.Faults.Next(introspectRoute, 503, accounttest.RetryAfter(10))
	s.service.ForgetRequests()
	for range 20 {
		_, err := a.CheckAuthorization(t.Context())
		want(t, "within the wait", err, account.ErrUnavailable)
	}
	if n := s.requests(introspectRoute); n != 1 {
		t.Errorf("%d checks were sent", n)
	}
	s.service.Clock.Advance(10 * time.Second)
	for i := range 5 {
		if _, err := a.CheckAuthorization(t.Context()); (err == nil) != (i < 4) {
			t.Errorf("after the wait, check %d: %v", i, err)
		}
	}
}
