package account_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// What is tested here is tested of Mozilla's own component too, each in its own way (the situations, not the
// lines); behaviour that differs on purpose says so.

// grants are the kinds of grant that the token endpoint was asked for, in order.
func (s *scene) grants() (list []string) {
	for _, r := range s.service.Requests(tokenRoute) {
		var body struct {
			Grant string `json:"grant_type"`
		}
		ok(s, "the body", json.Unmarshal(r.Body, &body))
		list = append(list, body.Grant)
	}
	return list
}

// TestSignInAgainWithTheSameScopes asks for one token: there is nothing to merge. With other scopes a second
// one joins them.
func TestSignInAgainWithTheSameScopes(t *testing.T) {
	for name, c := range map[string]struct {
		scopes []string
		grants string
	}{
		"the same scopes": {everything, "authorization_code"},
		"in another order": {
			[]string{account.ScopeSession, account.ScopeOldSync, account.ScopeProfile}, "authorization_code",
		},
		"fewer scopes": {[]string{account.ScopeProfile}, "authorization_code fxa-credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			a, _ := s.signedIn()
			key, err := a.AccessToken(t.Context(), account.ScopeOldSync)
			ok(t, "AccessToken", err)
			code, state := s.begin(a, c.scopes...)
			s.service.ForgetRequests()
			ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
			if got := strings.Join(s.grants(), " "); got != c.grants {
				t.Errorf("asked for tokens by %q, want %q", got, c.grants)
			}
			again, err := a.AccessToken(t.Context(), account.ScopeOldSync)
			if err != nil || *again.Key != *key.Key || !a.HasScope(everything...) {
				t.Errorf("the key or a scope is another: %v", err)
			}
		})
	}
}

// TestReregisterAfterSignIn: what a new sign-in could not carry over, because everything beside the token
// failed, is made good by the next look at the capabilities. Only the question whose tokens these are must be
// answered here: Mozilla's component does not ask it.
func TestReregisterAfterSignIn(t *testing.T) {
	s := lab(t)
	a, _ := s.signedIn()
	s.register(a)
	code, state := s.begin(a, everything...)
	for _, route := range []string{"/v1/account/device", "/v1/account/devices", "/v1/account/device/destroy", "/v1/oauth/destroy", "/v1/session/destroy"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			s.service.Faults.Next(method+" "+route, http.StatusInternalServerError, accounttest.Times(-1))
		}
	}
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	if a.AuthState() != account.AuthStateConnected || !a.HasScope(everything...) {
		t.Errorf("the state is %v", a.AuthState())
	}
	_, err := a.EnsureCapabilities(t.Context(), bothCapabilities)
	want(t, "EnsureCapabilities, while it fails", err, account.ErrUnavailable)
	s.service.Faults.Clear()
	s.service.ForgetRequests()
	d, err := a.EnsureCapabilities(t.Context(), bothCapabilities)
	ok(t, "EnsureCapabilities", err)
	if s.requests("POST /v1/account/device") != 1 || len(d.Capabilities) != 2 {
		t.Errorf("registered by %d requests with %v", s.requests("POST /v1/account/device"), d.Capabilities)
	}
	if id, err := a.CurrentDeviceID(); err != nil || id != d.ID {
		t.Errorf("the own id is another, %v", err)
	}
	s.service.ForgetRequests()
	_, err = a.EnsureCapabilities(t.Context(), bothCapabilities)
	ok(t, "EnsureCapabilities", err)
	if n := s.requests("POST /v1/account/device"); n != 0 {
		t.Errorf("%d requests for what is registered", n)
	}
}

// TestPasswordChangeWithoutToken: a message without a token says nothing about the sign-in. Mozilla's component
// gives the sign-in up; here it goes on, and says that something is wrong.
func TestPasswordChangeWithoutToken(t *testing.T) {
	for _, message := range []string{`{}`, `{"sessionToken":""}`, `{"sessionToken":null,"uid":"u"}`} {
		s := newScene(t)
		a, _ := s.signedIn()
		_, err := a.ProcessEvent(t.Context(), account.EventInitialize{Device: deskConfig})
		ok(t, "EventInitialize", err)
		before := s.snapshot(a)
		s.service.ForgetRequests()
		state, err := a.ProcessEvent(t.Context(), account.EventPasswordChange{JSON: []byte(message)})
		want(t, message, err, account.ErrNoSessionToken)
		if state.Kind != account.Connected || !state.Degraded || !errors.Is(state.Cause, account.ErrNoSessionToken) {
			t.Errorf("%s: the state is %v", message, state)
		}
		if s.snapshot(a) != before || s.requests(tokenRoute) != 0 {
			t.Errorf("%s: the state changed, or a token was asked for", message)
		}
		state, err = a.ProcessEvent(t.Context(), account.EventCheckAuthorization{})
		if err != nil || state.Kind != account.Connected || state.Degraded {
			t.Errorf("%s: after a check %v, %v", message, state, err)
		}
	}
}

// TestManageURLsWithoutUser: nobody's account has no page, and the one who was here last is nobody.
func TestManageURLsWithoutUser(t *testing.T) {
	s := newScene(t)
	a := s.account()
	ask := func(what string) {
		t.Helper()
		s.service.ForgetRequests()
		for name, page := range map[string]func() (string, error){
			"ManageAccountURL": func() (string, error) { return a.ManageAccountURL(t.Context(), "test") },
			"ManageDevicesURL": func() (string, error) { return a.ManageDevicesURL(t.Context(), "test") },
		} {
			address, err := page()
			want(t, name+", "+what, err, account.ErrAuthentication)
			if address != "" || len(s.service.Requests()) != 0 {
				t.Errorf("%s, %s: an address, or %d requests", name, what, len(s.service.Requests()))
			}
		}
	}
	ask("before any sign-in")
	s.signIn(a)
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	ask("signed out")
}

// TestListsWhenTheServerFails: the lists are an error that passes, and the sign-in is as it was.
func TestListsWhenTheServerFails(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	before := s.snapshot(a)
	s.service.Faults.Next("GET /v1/account/devices", http.StatusInternalServerError)
	_, err := a.Devices(t.Context())
	want(t, "Devices", err, account.ErrUnavailable)
	s.service.Faults.Next(clientsRoute, http.StatusInternalServerError)
	_, err = a.AttachedClients(t.Context())
	want(t, "AttachedClients", err, account.ErrUnavailable)
	if s.snapshot(a) != before {
		t.Error("the state changed")
	}
	_, err = a.Devices(t.Context())
	ok(t, "Devices", err)
	_, err = a.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)
}

// TestCancelReturnsToWhereItBegan, from each state that a sign-in can begin in.
func TestCancelReturnsToWhereItBegan(t *testing.T) {
	s := newScene(t)
	for _, from := range []account.StateKind{account.Disconnected, account.Connected, account.AuthIssues} {
		a := s.account()
		if from != account.Disconnected {
			s.signIn(a)
		}
		if from == account.AuthIssues {
			_, err := a.Profile(t.Context())
			ok(t, "Profile", err)
			ok(t, "OnAuthIssues", a.OnAuthIssues(t.Context()))
			left, err := a.FlushRevocations(t.Context())
			if err != nil || left != 0 {
				t.Errorf("%d revocations are left, %v", left, err)
			}
		}
		state, err := a.ProcessEvent(t.Context(), account.EventInitialize{Device: deskConfig})
		if err != nil || state.Kind != from {
			t.Fatalf("begins in %v, %v, want %v", state, err, from)
		}
		state, err = a.ProcessEvent(t.Context(), account.EventBeginOAuth{Scopes: everything, Entrypoint: "test"})
		if err != nil || state.Kind != account.Authenticating || state.From != from {
			t.Fatalf("%v: %v, %v", from, state, err)
		}
		code, oauth := s.approve(state.OAuthURL)
		if state, err = a.ProcessEvent(t.Context(), account.EventCancelOAuth{}); err != nil || state.Kind != from {
			t.Errorf("%v: cancelled to %v, %v", from, state, err)
		}
		want(t, "the answer to a cancelled page", a.CompleteOAuthFlow(t.Context(), code, oauth), account.ErrNoAuthFlow)
	}
}

// TestDeviceIDThroughAuthIssues: the same installation stays the same device when the person signs in again.
func TestDeviceIDThroughAuthIssues(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	_, err := a.ProcessEvent(t.Context(), account.EventInitialize{Device: deskConfig})
	ok(t, "EventInitialize", err)
	id, err := a.CurrentDeviceID()
	ok(t, "CurrentDeviceID", err)
	ok(t, "OnAuthIssues", a.OnAuthIssues(t.Context()))
	if kept, err := a.CurrentDeviceID(); err != nil || kept != id {
		t.Errorf("the id is not kept, %v", err)
	}
	state, err := a.ProcessEvent(t.Context(), account.EventBeginOAuth{Scopes: everything, Entrypoint: "test"})
	ok(t, "EventBeginOAuth", err)
	code, oauth := s.approve(state.OAuthURL)
	state, err = a.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: code, State: oauth})
	if err != nil || state.Kind != account.Connected {
		t.Fatalf("%v, %v", state, err)
	}
	now, err := a.CurrentDeviceID()
	ok(t, "CurrentDeviceID", err)
	devices := s.owner.Devices()
	if len(devices) != 1 || devices[0].ID != now || len(devices[0].AvailableCommands) != 2 {
		t.Errorf("%d records, the own one among them: %t", len(devices), len(devices) > 0 && devices[0].ID == now)
	}
}
