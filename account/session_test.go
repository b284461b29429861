package account_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

func TestSessionToken(t *testing.T) {
	s := newScene(t)
	a := s.account()
	_, err := a.SessionToken()
	want(t, "SessionToken", err, account.ErrNoSessionToken)
	want(t, "SessionToken", err, account.ErrAuthentication)
	_, err = a.SignedInUserJSON()
	want(t, "SignedInUserJSON", err, account.ErrNoSessionToken)
	_, err = a.CheckSession(t.Context())
	want(t, "CheckSession", err, account.ErrNoSessionToken)

	for _, bad := range []string{"", "xyz", strings.Repeat("0", 63), strings.Repeat("z", 64)} {
		want(t, "SetUserData with "+bad, a.SetUserData(t.Context(), account.UserData{SessionToken: bad}), account.ErrInvalidArgument)
	}
	token := s.owner.NewSession()
	ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: token, Email: "x"}))
	if got, err := a.SessionToken(); err != nil || got != token {
		t.Errorf("another token is held, %v", err)
	}
}

func TestHandleWebLogin(t *testing.T) {
	s := newScene(t)
	a := s.account()
	want(t, "no JSON", a.HandleWebLogin(t.Context(), []byte("x")), account.ErrInvalidArgument)
	want(t, "no token", a.HandleWebLogin(t.Context(), []byte(`{"email":"e"}`)), account.ErrNoSessionToken)
	token := s.owner.NewSession()
	ok(t, "HandleWebLogin", a.HandleWebLogin(t.Context(), []byte(`{"sessionToken":"`+token+`","uid":"u","verified":true}`)))
	if got, err := a.SessionToken(); err != nil || got != token {
		t.Errorf("another token is held, %v", err)
	}
	var user map[string]any
	text, err := a.SignedInUserJSON()
	ok(t, "SignedInUserJSON", err)
	ok(t, "its JSON", json.Unmarshal(text, &user))
	if len(user) != 4 || user["sessionToken"] != token || user["email"] != nil || user["uid"] != nil || user["verified"] != true {
		t.Errorf("without a profile it is %d members", len(user))
	}
}

func TestSignedInUserJSON(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	var user map[string]any
	text, err := a.SignedInUserJSON()
	ok(t, "SignedInUserJSON", err)
	ok(t, "its JSON", json.Unmarshal(text, &user))
	if user["email"] != email || user["uid"] != s.owner.UID() {
		t.Error("the account is not named")
	}
}

// TestSessionTokenChange gets a refresh token with the new session and keeps the
// device record.
func TestSessionTokenChange(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	s.register(a)
	_, err := a.AccessToken(t.Context(), account.ScopeProfile)
	ok(t, "AccessToken", err)
	fresh := s.owner.NewSession()
	ok(t, "HandleSessionTokenChange", a.HandleSessionTokenChange(t.Context(), fresh))
	if got, err := a.SessionToken(); err != nil || got != fresh {
		t.Errorf("another session is held, %v", err)
	}
	if !a.HasScope(everything...) || s.refreshTokens() != 1 || string(saver.last()) != s.snapshot(a) {
		t.Error("the new refresh token is not what it should be")
	}
	devices := s.owner.Devices()
	if len(devices) != 1 || devices[0].Name != "My laptop" || len(devices[0].AvailableCommands) != 2 {
		t.Errorf("the device record is %+v", devices)
	}
}

func TestSessionTokenChangeFailures(t *testing.T) {
	s := newScene(t)
	a := s.account()
	want(t, "signed out", a.HandleSessionTokenChange(t.Context(), s.owner.NewSession()), account.ErrNoRefreshToken)
	want(t, "no token", a.HandleSessionTokenChange(t.Context(), "x"), account.ErrInvalidArgument)
	s.signIn(a)
	before := s.snapshot(a)
	want(t, "an unknown token", a.HandleSessionTokenChange(t.Context(), strings.Repeat("0", 64)), account.ErrAuthentication)
	s.service.Faults.Next(tokenRoute, 0, accounttest.DropConnection())
	want(t, "no network", a.HandleSessionTokenChange(t.Context(), s.owner.NewSession()), account.ErrNetwork)
	if s.snapshot(a) != before {
		t.Error("the state changed")
	}
}

// TestWebPasswordChange goes on after a password change, which ends every session,
// token and device record.
func TestWebPasswordChange(t *testing.T) {
	for _, noticed := range []bool{false, true} {
		s := newScene(t)
		a, _ := s.signedIn()
		s.register(a)
		_, err := a.Profile(t.Context())
		ok(t, "Profile", err)
		s.owner.ChangePassword()
		if noticed {
			ok(t, "OnAuthIssues", a.OnAuthIssues(t.Context()))
		}
		other := `{"sessionToken":"` + s.owner.NewSession() + `","uid":"` + strings.Repeat("0", 32) + `"}`
		want(t, "another account", a.HandleWebPasswordChange(t.Context(), []byte(other)), account.ErrOtherAccount)
		message := `{"sessionToken":"` + s.owner.NewSession() + `","uid":"` + s.owner.UID() + `","verified":true}`
		ok(t, "HandleWebPasswordChange", a.HandleWebPasswordChange(t.Context(), []byte(message)))
		if a.AuthState() != account.AuthStateConnected || !a.HasScope(everything...) {
			t.Errorf("the state is %v", a.AuthState())
		}
		if _, err := a.Profile(t.Context(), account.Fresh()); err != nil {
			t.Errorf("Profile: %v", err)
		}
		if a.SyncKeyMissing() != noticed {
			t.Errorf("noticed %t: the key is missing: %t", noticed, a.SyncKeyMissing())
		}
		devices := s.owner.Devices()
		if len(devices) != 1 {
			t.Fatalf("%d device records", len(devices))
		}
		// With the key still held the record comes back from what was known of it.
		if !noticed && (devices[0].Name != "My laptop" || len(devices[0].AvailableCommands) != 2) {
			t.Errorf("the device record is %q with %d commands", devices[0].Name, len(devices[0].AvailableCommands))
		}
	}
}

func TestWebPasswordChangeFailures(t *testing.T) {
	s := newScene(t)
	a := s.account()
	want(t, "no JSON", a.HandleWebPasswordChange(t.Context(), []byte("[")), account.ErrInvalidArgument)
	want(t, "no token", a.HandleWebPasswordChange(t.Context(), []byte("{}")), account.ErrNoSessionToken)
	message := []byte(`{"sessionToken":"` + s.owner.NewSession() + `"}`)
	want(t, "signed out", a.HandleWebPasswordChange(t.Context(), message), account.ErrNoRefreshToken)
}

// TestSessionChangeUnsaved goes on with the new tokens once there is room again.
func TestSessionChangeUnsaved(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	before := s.snapshot(a)
	fresh := s.owner.NewSession()
	saver.failWith(errDiskFull)
	want(t, "with a full disk", a.HandleSessionTokenChange(t.Context(), fresh), errDiskFull)
	if s.snapshot(a) != before {
		t.Error("the state changed")
	}
	saver.failWith(nil)
	ok(t, "ForgetEmailHint", a.ForgetEmailHint(t.Context()))
	if got, err := a.SessionToken(); err != nil || got != fresh {
		t.Errorf("another session is held, %v", err)
	}
}

// TestCheckSession drops a session only when the server says that it is dead.
func TestCheckSession(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	for name, fault := range map[string]func(){
		"500": func() { s.service.Faults.Next("GET /v1/session/status", 500) },
		"no network": func() {
			s.service.Faults.Next("GET /v1/session/status", 0, accounttest.DropConnection(), accounttest.Times(3))
		},
		"a proxy's 401": func() { s.service.Faults.Next("GET /v1/session/status", 401, accounttest.HTML()) },
		"another 401":   func() { s.service.Faults.Next("GET /v1/session/status", 401, accounttest.Errno(223)) },
	} {
		fault()
		if _, err := a.CheckSession(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
		s.service.Faults.Clear()
		if _, err := a.SessionToken(); err != nil {
			t.Fatalf("%s: the session is dropped", name)
		}
	}
	if alive, err := a.CheckSession(t.Context()); err != nil || !alive {
		t.Errorf("alive: %t, %v", alive, err)
	}
	s.owner.RevokeSessions()
	if alive, err := a.CheckSession(t.Context()); err != nil || alive {
		t.Errorf("alive: %t, %v", alive, err)
	}
	_, err := a.SessionToken()
	want(t, "SessionToken", err, account.ErrNoSessionToken)
}

func TestTwoStep(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	if needed, err := a.NeedsTOTP(t.Context()); err != nil || needed {
		t.Errorf("needed: %t, %v", needed, err)
	}
	s.owner.OTP("123456")
	if needed, err := a.NeedsTOTP(t.Context()); err != nil || !needed {
		t.Errorf("needed: %t, %v", needed, err)
	}
	for code, right := range map[string]bool{"123456": true, "654321": false} {
		if got, err := a.VerifyTOTP(t.Context(), code); err != nil || got != right {
			t.Errorf("%s is right: %t, %v", code, got, err)
		}
	}
	for _, bad := range []string{"", "12345", "12345x", strings.Repeat("1", 11)} {
		_, err := a.VerifyTOTP(t.Context(), bad)
		want(t, "VerifyTOTP", err, account.ErrInvalidArgument)
	}
	b := s.account()
	_, err := b.NeedsTOTP(t.Context())
	want(t, "signed out", err, account.ErrNoSessionToken)
	_, err = b.VerifyTOTP(t.Context(), "123456")
	want(t, "signed out", err, account.ErrNoSessionToken)
}
