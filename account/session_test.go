package account_test

import (
	"encoding/json"
	"net/http"
	"net/url"
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

// TestSessionOfAnother: the session that the page delivers and the sign-in that follows are one person's, or the
// sign-in is refused and what it brought is revoked, however much of it is known.
func TestSessionOfAnother(t *testing.T) {
	for name, uid := range map[string]func(*accounttest.Account) string{
		"the page names the account": (*accounttest.Account).UID,
		"the server does":            func(*accounttest.Account) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			a := s.account()
			other := s.service.NewAccount("other@example.com", password)
			ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: other.NewSession(), UID: uid(other)}))
			code, state := s.begin(a, account.ScopeProfile, account.ScopeOldSync)
			before := s.snapshot(a)
			want(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrOtherAccount)
			if s.snapshot(a) != before || a.AuthState() != account.AuthStateDisconnected {
				t.Error("the two are mixed")
			}
			for _, token := range s.service.LiveTokens() {
				if token.UID == s.owner.UID() {
					t.Errorf("a %s token of the refused sign-in is alive", token.Kind)
				}
			}
			// The one whose session it is may sign in, and so may anybody after another message.
			ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: s.owner.NewSession(), UID: uid(s.owner)}))
			code, state = s.begin(a, account.ScopeProfile, account.ScopeOldSync)
			ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
		})
	}
}

// TestUserDataOfAnother: a session of somebody else is not taken while an account is held, whether its
// profile is known or only its token.
func TestUserDataOfAnother(t *testing.T) {
	for _, known := range []bool{true, false} {
		s := newScene(t)
		a, _ := s.signedIn()
		if known {
			_, err := a.Profile(t.Context())
			ok(t, "Profile", err)
		}
		other := s.service.NewAccount("other@example.com", password)
		before := s.snapshot(a)
		message, err := json.Marshal(map[string]string{"sessionToken": other.NewSession(), "uid": other.UID()})
		ok(t, "the message", err)
		want(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: other.NewSession(), UID: other.UID()}), account.ErrOtherAccount)
		want(t, "HandleWebLogin", a.HandleWebLogin(t.Context(), message), account.ErrOtherAccount)
		want(t, "HandleSessionTokenChange", a.HandleSessionTokenChange(t.Context(), other.NewSession()), account.ErrOtherAccount)
		if s.snapshot(a) != before {
			t.Error("the state changed")
		}
		for _, token := range s.service.LiveTokens() {
			if token.UID == other.UID() && token.Kind == "refresh" {
				t.Error("a refresh token of the other account is alive")
			}
		}
		if !known {
			s.service.Faults.Next("POST /v1/introspect", 500)
			want(t, "when nobody can tell", a.SetUserData(t.Context(), account.UserData{SessionToken: other.NewSession(), UID: other.UID()}), account.ErrUnavailable)
		}
		mine := s.owner.NewSession()
		ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: mine, UID: s.owner.UID()}))
	}
}

// TestSignInWhereIntrospectionIsOlder: a server whose introspection does not name the account tells by the profile.
func TestSignInWhereIntrospectionIsOlder(t *testing.T) {
	s := newScene(t)
	a := s.account()
	other := s.service.NewAccount("other@example.com", password)
	ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: other.NewSession(), UID: other.UID()}))
	code, state := s.begin(a, account.ScopeProfile, account.ScopeOldSync)
	s.service.Faults.Next("POST /v1/introspect", 200, accounttest.RawBody("application/json", `{"active":true}`), accounttest.Times(-1))
	want(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrOtherAccount)
}

// TestLastSeenProfile outlives the sign-out, does not stand in the way of anybody else, and is what the next
// sign-in is compared with.
func TestLastSeenProfile(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	if _, known := a.LastSeenProfile(); known {
		t.Error("a profile is known before any")
	}
	p, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if _, _, known := a.CachedProfile(); known {
		t.Error("somebody seems to be signed in")
	}
	a = s.restore(saver.last())
	last, known := a.LastSeenProfile()
	if !known || last.UID != p.UID || last.Email != p.Email {
		t.Errorf("last seen: %t", known)
	}
	v2, err := a.ExportV2()
	ok(t, "ExportV2", err)
	imported := s.restore(v2)
	if last, known := imported.LastSeenProfile(); !known || last.UID != p.UID || imported.AuthState() != account.AuthStateDisconnected {
		t.Errorf("last seen, imported: %t", known)
	}
	_, err = a.Profile(t.Context())
	want(t, "Profile", err, account.ErrNoRefreshToken)
	seen := func(what, uid, previous string) {
		t.Helper()
		last, known := a.LastSeenProfile()
		if !known || last.UID != uid || a.PreviousUID() != previous {
			t.Errorf("%s: last seen %t, another person %t", what, last.UID == uid, a.PreviousUID() != "")
		}
	}
	other := s.service.NewAccount("other@example.com", password)
	address, err := a.BeginOAuthFlow(t.Context(), everything, "test")
	ok(t, "BeginOAuthFlow", err)
	if strings.Contains(address, "force_auth") || strings.Contains(address, "email=") {
		t.Error("the page insists on who was here last")
	}
	code, state := s.approveAs(address, other)
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	seen("another person, before the profile", p.UID, "")
	_, err = a.Profile(t.Context())
	ok(t, "Profile", err)
	seen("another person", other.UID(), p.UID)
	if text := s.snapshot(a); strings.Contains(text, p.Email) {
		t.Error("the person before is known by more than the uid")
	}
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	address, err = a.BeginOAuthFlow(t.Context(), everything, "test")
	ok(t, "BeginOAuthFlow", err)
	code, state = s.approveAs(address, other)
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	_, err = a.Profile(t.Context())
	ok(t, "Profile", err)
	seen("the same person again", other.UID(), "")
}

// hawkOnly stands before a service that knows nothing of the typed form.
type hawkOnly struct {
	http.RoundTripper
	typed int // how often it was shown
}

func (h *hawkOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer fxs_") {
		return h.RoundTripper.RoundTrip(r)
	}
	h.typed++
	return recording{http.StatusUnauthorized, http.Header{"Content-Type": {"application/json"}}, []byte(`{"code":401,"errno":110}`)}.response(r), nil
}

// TestHawkOnlyServer: whatever needs the session works on a server that takes Hawk only, without anybody
// choosing that, and a restart knows it.
func TestHawkOnlyServer(t *testing.T) {
	s := lab(t)
	old := &hawkOnly{RoundTripper: s.service.Transport()}
	saver := new(savedState)
	a := s.account(account.WithSaver(saver), account.WithTransport(old))
	s.signIn(a)
	phone := s.account()
	use := func(a *account.Account) {
		t.Helper()
		_, err := a.AttachedClients(t.Context(), account.Fresh())
		ok(t, "AttachedClients", err)
		p := s.request(phone, account.ScopeProfile)
		_, err = a.AuthorizeCode(t.Context(), p)
		ok(t, "AuthorizeCode", err)
		alive, err := a.CheckSession(t.Context())
		if err != nil || !alive {
			t.Errorf("the session is alive: %t, %v", alive, err)
		}
	}
	use(a)
	if old.typed == 0 || !strings.Contains(string(saver.last()), `"hawk":true`) {
		t.Errorf("the other form was shown %d times, and that it is of no use is not saved", old.typed)
	}
	shown := old.typed
	b := s.restore(saver.last(), account.WithSaver(saver), account.WithTransport(old))
	use(b)
	if old.typed != shown {
		t.Errorf("after a restart the other form was shown %d times more", old.typed-shown)
	}
	ok(t, "Disconnect", b.Disconnect(t.Context()))
	for _, token := range s.service.LiveTokens() {
		t.Errorf("a %s token is alive", token.Kind)
	}
}

// TestPairingToAnother: a sign-in by pairing is compared as well.
func TestPairingToAnother(t *testing.T) {
	s := newScene(t)
	desk, _ := s.signedIn()
	phone := s.account()
	other := s.service.NewAccount("other@example.com", password)
	ok(t, "SetUserData", phone.SetUserData(t.Context(), account.UserData{SessionToken: other.NewSession(), UID: other.UID()}))
	address, err := phone.BeginPairingFlow(t.Context(), s.service.URL()+"/pair#channel_id=a&channel_key=b", everything, "test")
	ok(t, "BeginPairingFlow", err)
	u, err := url.Parse(address)
	ok(t, "the address", err)
	p, err := account.ParseAuthorizationParams(u)
	ok(t, "ParseAuthorizationParams", err)
	code, err := desk.AuthorizeCode(t.Context(), p)
	ok(t, "AuthorizeCode", err)
	before, tokens := s.snapshot(phone), len(s.service.LiveTokens())
	want(t, "CompleteOAuthFlow", phone.CompleteOAuthFlow(t.Context(), code, p.State), account.ErrOtherAccount)
	if s.snapshot(phone) != before || len(s.service.LiveTokens()) != tokens {
		t.Errorf("the two are mixed, or one of %d tokens more is alive", len(s.service.LiveTokens())-tokens)
	}
}
