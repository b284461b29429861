package account_test

import (
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const clientsRoute = "GET /v1/account/attached_clients"

func TestAttachedClients(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.register(a)
	other, _ := s.signedIn(account.ScopeProfile)
	list, err := a.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)
	var current, app *account.AttachedClient
	for i, c := range list {
		if c.IsCurrentSession {
			current = &list[i]
		}
		if c.DeviceID == "" && c.RefreshTokenID != "" {
			app = &list[i]
		}
	}
	id, err := a.CurrentDeviceID()
	ok(t, "CurrentDeviceID", err)
	if current == nil || current.DeviceID != id || current.Name != "My laptop" || current.DeviceType != account.DeviceDesktop ||
		current.Created.IsZero() || current.LastAccess.IsZero() {
		t.Errorf("our own entry is %+v", current)
	}
	if app == nil || app.ClientID != accounttest.ReferenceClientID || !sameSet(app.Scopes, []string{account.ScopeProfile}) {
		t.Fatalf("the other client's entry is %+v", app)
	}

	_, err = a.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)
	s.clock.set(-time.Hour)
	s.service.Clock.Advance(59 * time.Second)
	_, err = a.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)
	if n := s.requests(clientsRoute); n != 1 {
		t.Errorf("%d requests within a minute, want 1", n)
	}
	_, err = a.AttachedClients(t.Context(), account.Fresh())
	ok(t, "AttachedClients", err)
	s.service.Clock.Advance(61 * time.Second)
	_, err = a.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)
	if n := s.requests(clientsRoute); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}

	ok(t, "DisconnectClient", a.DisconnectClient(t.Context(), *app))
	if info, err := other.CheckAuthorization(t.Context()); err != nil || info.Active {
		t.Errorf("the other client is active: %t, %v", info.Active, err)
	}
	after, err := a.AttachedClients(t.Context())
	if err != nil || len(after) != len(list)-1 {
		t.Errorf("%d clients are left of %d, %v", len(after), len(list), err)
	}
}

func TestAttachedClientsFailures(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn(account.ScopeProfile, account.ScopeOldSync)
	_, err := a.AttachedClients(t.Context())
	want(t, "without a session", err, account.ErrNoSessionToken)
	want(t, "DisconnectClient without a session", a.DisconnectClient(t.Context(), account.AttachedClient{ClientID: "c"}), account.ErrNoSessionToken)
	want(t, "DisconnectClient without an id", a.DisconnectClient(t.Context(), account.AttachedClient{}), account.ErrInvalidArgument)

	b, _ := s.signedIn()
	list, err := b.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)
	s.owner.UnverifySessions()
	err = b.DisconnectClient(t.Context(), list[0])
	want(t, "an unverified session", err, account.ErrReauthenticate)
	before := s.snapshot(b)
	s.service.Faults.Next(clientsRoute, 401) // a refusal by this route alone
	_, err = b.AttachedClients(t.Context(), account.Fresh())
	want(t, "a route that refuses", err, account.ErrAuthentication)
	if s.snapshot(b) != before {
		t.Error("a session that is alive was dropped")
	}
}

// TestDeadSessionIsNoticed by every call that shows it, after asking whether it is
// dead; the rest of the sign-in lives on.
func TestDeadSessionIsNoticed(t *testing.T) {
	s := lab(t)
	p := s.request(s.account(), everything...)
	for name, call := range map[string]func(a *account.Account) error{
		"AttachedClients": func(a *account.Account) error { return second(a.AttachedClients(t.Context())) },
		"DisconnectClient": func(a *account.Account) error {
			return a.DisconnectClient(t.Context(), account.AttachedClient{ClientID: p.ClientID})
		},
		"AuthorizeCode": func(a *account.Account) error { return second(a.AuthorizeCode(t.Context(), p)) },
		"NeedsTOTP":     func(a *account.Account) error { return second(a.NeedsTOTP(t.Context())) },
		"VerifyTOTP":    func(a *account.Account) error { return second(a.VerifyTOTP(t.Context(), "123456")) },
	} {
		a, _ := s.signedIn()
		page := s.owner.NewSession() // one without a device record, which would go with it
		ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: page}))
		s.owner.RevokeSessions()
		want(t, name, call(a), account.ErrAuthentication)
		_, err := a.SessionToken()
		want(t, "SessionToken after "+name, err, account.ErrNoSessionToken)
		if a.AuthState() != account.AuthStateConnected {
			t.Errorf("%s: the state is %v", name, a.AuthState())
		}
	}
}
