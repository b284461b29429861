package account_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

var deskConfig = account.DeviceConfig{Name: "desk", Type: account.DeviceDesktop, Capabilities: bothCapabilities}

func TestMachineLife(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := newMember(t, s)
	if m.State().Kind != account.Uninitialized {
		t.Errorf("state is %v", m.State())
	}
	for _, early := range []account.Event{account.EventDisconnect{}, account.EventBeginOAuth{Scopes: everything}, nil} {
		_, err := m.ProcessEvent(t.Context(), early)
		want(t, "before initialize", err, account.ErrInvalidTransition)
	}
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	_, err := m.ProcessEvent(t.Context(), account.EventInitialize{})
	want(t, "second initialize", err, account.ErrInvalidTransition)

	state := m.event(account.EventBeginOAuth{Scopes: everything, Entrypoint: "menu", Service: "svc"}, account.Authenticating)
	if state.From != account.Disconnected || !strings.Contains(state.OAuthURL, "entrypoint=menu") || !strings.Contains(state.OAuthURL, "service=svc") {
		t.Errorf("state %v", state)
	}
	if text := state.String(); strings.Contains(text, "http") {
		t.Errorf("the address of the page is printed: %s", text)
	}
	m.event(account.EventCancelOAuth{}, account.Disconnected)
	state = m.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, state.OAuthURL, person)
	m.event(account.EventCompleteOAuth{Code: code, State: oauthState}, account.Connected)
	if devices := person.Devices(); len(devices) != 1 || devices[0].Name != "desk" || len(devices[0].AvailableCommands) != 2 {
		t.Errorf("devices: %+v", devices)
	}
	m.event(account.EventCheckAuthorization{}, account.Connected)
	m.event(account.EventCallGetProfile{}, account.Connected)

	// A restart goes on without a request: the server has it all.
	again := m.reopened()
	s.ForgetRequests()
	again.event(account.EventInitialize{Device: deskConfig}, account.Connected)
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests at the start", n)
	}
	again.event(account.EventDisconnect{}, account.Disconnected)
	if len(person.Devices()) != 0 || len(s.LiveTokens()) != 0 {
		t.Errorf("%d devices, %d tokens are left", len(person.Devices()), len(s.LiveTokens()))
	}
	again.event(account.EventDisconnect{}, account.Disconnected)
}

func TestMachineCancelDropsSecrets(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := newMember(t, s)
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	state := m.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, state.OAuthURL, person)
	m.event(account.EventCancelOAuth{}, account.Disconnected)
	want(t, "cancelled", m.CompleteOAuthFlow(t.Context(), code, oauthState), account.ErrNoAuthFlow)
}

// TestMachineSurvivesTrouble: nothing but the server's word ends a sign-in.
func TestMachineSurvivesTrouble(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	first := started(t, s, person)
	// The next start finds an older record on the server's side of memory, so that it
	// must publish, and cannot.
	for name, arm := range map[string]func(){
		"connection cut": func() { s.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(20)) },
		"proxy page":     func() { s.Faults.Next("*", http.StatusForbidden, accounttest.HTML(), accounttest.Times(20)) },
		"server broken":  func() { s.Faults.Next("*", 500, accounttest.Times(20)) },
		"throttled":      func() { s.Faults.Next(routeDevice, 429, accounttest.RetryAfter(30), accounttest.Times(20)) },
	} {
		m := first.reopened()
		config := deskConfig
		config.Capabilities = bothCapabilities[:1]
		arm()
		state, err := m.ProcessEvent(t.Context(), account.EventInitialize{Device: config})
		s.Faults.Clear()
		if err == nil || state.Kind != account.Connected || !state.Degraded || state.Cause == nil {
			t.Errorf("%s: %v, %v", name, state, err)
		}
		if m.AuthState() != account.AuthStateConnected {
			t.Errorf("%s: signed out", name)
		}
		m.clock.advance(time.Minute)
		state, err = m.ProcessEvent(t.Context(), account.EventCheckAuthorization{})
		if err != nil || state.Degraded || state.Kind != account.Connected {
			t.Errorf("%s: not made up for: %v, %v", name, state, err)
		}
		// Publish both again for the next round.
		if _, err := m.EnsureCapabilities(t.Context(), bothCapabilities); err != nil {
			t.Fatal(err)
		}
		first = m
	}
}

func TestMachineRegistrationIsMadeUpFor(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := newMember(t, s)
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	page := m.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, page.OAuthURL, person)
	s.Faults.Next(routeDevice, 500)
	state, err := m.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: code, State: oauthState})
	want(t, "registration", err, account.ErrUnavailable)
	if state.Kind != account.Connected || !state.Degraded {
		t.Fatalf("state %v", state)
	}
	m.event(account.EventCheckAuthorization{}, account.Connected)
	if m.State().Degraded || person.Devices()[0].Name != "desk" {
		t.Errorf("state %v, devices %+v", m.State(), person.Devices())
	}
}

// TestMachineCompletesAfterANetworkFailure: the code is still good.
func TestMachineCompletesAfterANetworkFailure(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := newMember(t, s)
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	page := m.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, page.OAuthURL, person)
	s.Faults.Next("POST /v1/oauth/token", 0, accounttest.DropConnection(), accounttest.Times(10))
	state, err := m.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: code, State: oauthState})
	want(t, "cut", err, account.ErrNetwork)
	if state.Kind != account.Authenticating || state.OAuthURL != page.OAuthURL {
		t.Fatalf("state %v", state)
	}
	s.Faults.Clear()
	_, err = m.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: code, State: "another page's state...."})
	want(t, "another page", err, account.ErrWrongAuthFlow)
	m.event(account.EventCompleteOAuth{Code: code, State: oauthState}, account.Connected)
}

func TestMachineFailedCompletionReturns(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	m := newMember(t, s)
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	page := m.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, page.OAuthURL, s.NewAccount("mia@example.com", "a long password"))
	state, err := m.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: strings.Repeat("ab", 32), State: oauthState})
	want(t, "unknown code", err, account.ErrSignInExpired)
	if state.Kind != account.Authenticating { // anybody can make up a code
		t.Errorf("state %v", state)
	}
	s.Faults.Next("POST /v1/oauth/token", 400, accounttest.Errno(174))
	state, err = m.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: code, State: oauthState})
	want(t, "expired code", err, account.ErrSignInExpired)
	if state.Kind != account.Disconnected {
		t.Errorf("state %v", state)
	}
}

// TestMachineMadeUpCode does not end a sign-in whose own code comes after it.
func TestMachineMadeUpCode(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	m := newMember(t, s)
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	page := m.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, page.OAuthURL, s.NewAccount("mia@example.com", "a long password"))
	for range 3 {
		_, err := m.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: strings.Repeat("ab", 32), State: oauthState})
		want(t, "made up", err, account.ErrSignInExpired)
	}
	m.event(account.EventCompleteOAuth{Code: code, State: oauthState}, account.Connected)
}

func TestMachineAuthIssues(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := started(t, s, person)
	if _, err := m.Profile(t.Context()); err != nil {
		t.Fatal(err)
	}
	person.ChangePassword()
	state := m.event(account.EventCheckAuthorization{}, account.AuthIssues)
	if m.AuthState() != account.AuthStateAuthIssues || state.Degraded {
		t.Errorf("saved view %v", m.AuthState())
	}
	// A start keeps it, without asking.
	again := m.reopened()
	s.ForgetRequests()
	again.event(account.EventInitialize{Device: deskConfig}, account.AuthIssues)
	if len(s.Requests()) != 0 {
		t.Error("the start asked the server")
	}
	if state, err := again.ProcessEvent(t.Context(), account.EventCheckAuthorization{}); state.Kind != account.AuthIssues || !errors.Is(err, account.ErrNoRefreshToken) {
		t.Errorf("check: %v, %v", state, err)
	}
	page := again.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	if page.From != account.AuthIssues {
		t.Errorf("from %s", page.From)
	}
	again.event(account.EventCancelOAuth{}, account.AuthIssues)
	page = again.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, page.OAuthURL, person)
	again.event(account.EventCompleteOAuth{Code: code, State: oauthState}, account.Connected)
	if devices := person.Devices(); len(devices) != 1 || devices[0].Name != "desk" {
		t.Errorf("devices %+v", devices)
	}
}

func TestMachineFollowsDirectCalls(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := started(t, s, person)
	if err := m.OnAuthIssues(t.Context()); err != nil || m.State().Kind != account.AuthIssues {
		t.Errorf("after OnAuthIssues: %v, %v", m.State(), err)
	}
	if err := m.Disconnect(t.Context()); err != nil || m.State().Kind != account.Disconnected {
		t.Errorf("after Disconnect: %v, %v", m.State(), err)
	}
	fresh := newMember(t, s)
	if err := fresh.Disconnect(t.Context()); err != nil || fresh.State().Kind != account.Uninitialized {
		t.Errorf("before the first event: %v, %v", fresh.State(), err)
	}
}

func TestMachineSimulations(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := started(t, s, person)
	m.SimulateNetworkError()
	m.event(account.EventCheckAuthorization{}, account.Connected) // repeated at once
	ok(t, "SimulateTemporaryAuthIssue", m.SimulateTemporaryAuthIssue(t.Context()))
	m.event(account.EventCallGetProfile{}, account.Connected)
	ok(t, "SimulatePermanentAuthIssue", m.SimulatePermanentAuthIssue(t.Context()))
	state, err := m.ProcessEvent(t.Context(), account.EventCallGetProfile{})
	want(t, "tokens gone", err, account.ErrAuthentication)
	if state.Kind != account.AuthIssues {
		t.Errorf("state %v", state)
	}
}

// TestMachineRefusedDevices: the account stays usable for everything else.
func TestMachineRefusedDevices(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t, accounttest.ListedDeviceClients(), accounttest.WithClients(accounttest.Client{
		ID: accounttest.ReferenceClientID, Name: "unlisted", Loopback: true, Trusted: true, CanGrant: true,
		RedirectURIs:  []string{"https://accounts.firefox.com/oauth/success/" + accounttest.ReferenceClientID},
		AllowedScopes: []string{account.ScopeOldSync, account.ScopeSession},
	}))
	person := s.NewAccount("mia@example.com", "a long password")
	m := newMember(t, s)
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	page := m.event(account.EventBeginOAuth{Scopes: everything}, account.Authenticating)
	code, oauthState := answer(t, s, page.OAuthURL, person)
	state, err := m.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: code, State: oauthState})
	want(t, "refused", err, account.ErrDevicesUnavailable)
	if state.Kind != account.Connected || !state.Degraded || m.DevicesAvailable() {
		t.Errorf("state %v, devices available %v", state, m.DevicesAvailable())
	}
	if _, err := m.Profile(t.Context()); err != nil {
		t.Errorf("profile: %v", err)
	}
	_, err = m.PollCommands(t.Context())
	want(t, "poll", err, account.ErrDevicesUnavailable)
}

// TestMachineOneAtATime: events queue, and waiting for the turn ends with the
// caller's context; the state can be read all the while.
func TestMachineOneAtATime(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := started(t, s, person)
	s.Faults.Next("POST /v1/introspect", 0, accounttest.Delay(300*time.Millisecond))
	var running sync.WaitGroup
	running.Go(func() {
		if _, err := m.ProcessEvent(t.Context(), account.EventCheckAuthorization{}); err != nil {
			t.Error(err)
		}
	})
	for len(s.Requests("POST /v1/introspect")) == 0 {
		time.Sleep(time.Millisecond)
	}
	if m.State().Kind != account.Connected {
		t.Errorf("state %v", m.State())
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := m.ProcessEvent(short, account.EventDisconnect{})
	want(t, "waiting", err, context.DeadlineExceeded)
	if m.State().Kind != account.Connected {
		t.Errorf("state %v", m.State())
	}
	running.Wait()
}

// TestMachineBeginsWithoutAContext: a context that has ended stops no first event, without which no other one fits;
// and it lets no other one do anything. Each is tried often, because chance decided it once.
func TestMachineBeginsWithoutAContext(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	first := started(t, s, s.NewAccount("mia@example.com", "a long password"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var m *member
	for range 40 {
		m = first.reopened()
		if state, err := m.ProcessEvent(ended, account.EventInitialize{Device: deskConfig}); state.Kind != account.Connected {
			t.Fatalf("the first event leads to %v: %v", state, err)
		}
	}
	for range 40 {
		state, err := m.ProcessEvent(ended, account.EventDisconnect{})
		want(t, "an event of nobody", err, context.Canceled)
		if state.Kind != account.Connected || m.AuthState() != account.AuthStateConnected {
			t.Fatalf("it leads to %v", state)
		}
	}
	m.event(account.EventDisconnect{}, account.Disconnected)
}

// TestMachineDoesNotOverrunAPush: an event that ends after the account was signed
// out from outside does not bring the old state back.
func TestMachineDoesNotOverrunAPush(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := started(t, s, person)
	id := m.id()
	s.Faults.Next("POST /v1/introspect", 0, accounttest.Delay(200*time.Millisecond))
	var running sync.WaitGroup
	running.Go(func() {
		if state, err := m.ProcessEvent(t.Context(), account.EventCheckAuthorization{}); err != nil || state.Kind != account.Disconnected {
			t.Errorf("%v, %v", state, err)
		}
	})
	for len(s.Requests("POST /v1/introspect")) == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := m.HandlePush(t.Context(), []byte(`{"command":"fxaccounts:device_disconnected","data":{"id":"`+id+`"}}`)); err != nil {
		t.Fatal(err)
	}
	running.Wait()
	if m.State().Kind != account.Disconnected {
		t.Errorf("state %v", m.State())
	}
}

// TestMachineEndsNobodysSignIn: the server's word that a sign-in has ended is about nobody when it comes after
// somebody signed out, or after the account was forgotten.
func TestMachineEndsNobodysSignIn(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*account.Account, context.Context) error{
		"signed out": (*account.Account).Disconnect, "forgotten": (*account.Account).Forget,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := accounttest.New(t)
			person := s.NewAccount("mia@example.com", "a long password")
			network := s.Transport()
			t.Cleanup(network.CloseIdleConnections)
			var between func()
			m := started(t, s, person, account.WithTransport(roundTripFunc(func(r *http.Request) (*http.Response, error) {
				answer, err := network.RoundTrip(r)
				if f := between; f != nil && r.URL.Path == "/v1/introspect" {
					between = nil
					f()
				}
				return answer, err
			})))
			person.ChangePassword()
			between = func() { ok(t, "leaving", leave(m.Account, t.Context())) }
			if state, err := m.ProcessEvent(t.Context(), account.EventCheckAuthorization{}); state.Kind != account.Disconnected {
				t.Errorf("%v, %v", state, err)
			}
			if got := m.AuthState(); got != account.AuthStateDisconnected {
				t.Errorf("saved view %v", got)
			}
		})
	}
}

// TestMachineLooksTwiceBeforeItGivesUp: a refusal by one service while the sign-in
// is alive is met with new access tokens, once.
func TestMachineLooksTwiceBeforeItGivesUp(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := started(t, s, person)
	const profile = "GET /v1/profile"
	s.Faults.Next(profile, http.StatusUnauthorized, accounttest.Times(2))
	m.event(account.EventCallGetProfile{}, account.Connected)
	if m.State().Degraded || len(s.Requests("POST /v1/introspect")) != 1 {
		t.Errorf("state %v, %d checks", m.State(), len(s.Requests("POST /v1/introspect")))
	}
	s.Faults.Next(profile, http.StatusUnauthorized, accounttest.Times(10))
	state, err := m.ProcessEvent(t.Context(), account.EventCallGetProfile{})
	want(t, "refused", err, account.ErrAuthentication)
	if state.Kind != account.Connected || !state.Degraded || m.AuthState() != account.AuthStateConnected {
		t.Errorf("state %v", state)
	}
	s.Faults.Clear()
	m.event(account.EventCallGetProfile{}, account.Connected)
	if m.State().Degraded {
		t.Error("a success did not end the trouble")
	}
}

func TestMachineBeginPairing(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	m := newMember(t, s)
	m.event(account.EventInitialize{Device: deskConfig}, account.Disconnected)
	address := s.URL() + "/pair#channel_id=658db7fe98b249a5897b884f98fb31b7&channel_key=1hIDzTj5oY2HDeSg_jA2DhcOcAn5Uqq0cAYlZRNUIo4"
	state := m.event(account.EventBeginPairing{PairingURL: address, Scopes: everything, Entrypoint: "qr"}, account.Authenticating)
	if !strings.Contains(state.OAuthURL, "/pair/supp?") || !strings.Contains(state.OAuthURL, "entrypoint=qr") || !strings.Contains(state.OAuthURL, "#channel_id=") {
		t.Error("the address does not lead to the pairing page")
	}
	m.event(account.EventDisconnect{}, account.Disconnected)
	state, err := m.ProcessEvent(t.Context(), account.EventBeginPairing{PairingURL: "https://elsewhere.example/pair#channel_id=x&channel_key=y", Scopes: everything})
	want(t, "another server", err, account.ErrOriginMismatch)
	if state.Kind != account.Disconnected {
		t.Errorf("state %v", state)
	}
}

// TestMachinePasswordChange: the page's message keeps the account connected, and
// brings it back after the old tokens died.
func TestMachinePasswordChange(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("mia@example.com", "a long password")
	m := started(t, s, person)
	session := func() string {
		other := newMember(t, s)
		other.signIn(person)
		token, err := other.SessionToken()
		ok(t, "SessionToken", err)
		return token
	}
	message := func(token string) account.Event {
		return account.EventPasswordChange{JSON: []byte(`{"sessionToken":"` + token + `","uid":"` + person.UID() + `"}`)}
	}
	m.event(message(session()), account.Connected)
	person.ChangePassword()
	m.event(account.EventCheckAuthorization{}, account.AuthIssues)
	m.event(message(session()), account.Connected)
	m.event(account.EventCheckAuthorization{}, account.Connected)
	state, err := m.ProcessEvent(t.Context(), account.EventPasswordChange{JSON: []byte("{")})
	want(t, "not a message", err, account.ErrInvalidArgument)
	if state.Kind != account.Connected {
		t.Errorf("state %v", state)
	}
}
