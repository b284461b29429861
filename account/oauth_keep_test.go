package account_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// TestSignInDeadSession redeems the code without the session when that is dead, and
// takes the new session.
func TestSignInDeadSession(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	old, err := a.SessionToken()
	ok(t, "SessionToken", err)
	code, state := s.begin(a, everything...)
	s.owner.RevokeSessions()
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	fresh, err := a.SessionToken()
	if err != nil || fresh == old {
		t.Errorf("the dead session is kept, %v", err)
	}
	alive, err := a.CheckSession(t.Context())
	if err != nil || !alive {
		t.Errorf("the new session is alive: %t, %v", alive, err)
	}
}

// TestSignInSessions follows the rule about which session token is kept.
func TestSignInSessions(t *testing.T) {
	t.Run("the page's own wins", func(t *testing.T) {
		s := newScene(t)
		a := s.account()
		code, state := s.begin(a, everything...)
		page := s.owner.NewSession()
		ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: page}))
		ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
		if token, err := a.SessionToken(); err != nil || token != page {
			t.Errorf("another session is held, %v", err)
		}
	})
	t.Run("that of an earlier sign-in is replaced", func(t *testing.T) {
		s := newScene(t)
		a, _ := s.signedIn()
		before, err := a.SessionToken()
		ok(t, "SessionToken", err)
		s.signIn(a)
		after, err := a.SessionToken()
		if err != nil || after == before {
			t.Errorf("the old session is held, %v", err)
		}
		if alive, err := a.CheckSession(t.Context()); err != nil || !alive {
			t.Errorf("it is alive: %t, %v", alive, err)
		}
	})
	t.Run("kept when none comes", func(t *testing.T) {
		s := newScene(t)
		a, _ := s.signedIn()
		s.signIn(a, account.ScopeProfile)
		if alive, err := a.CheckSession(t.Context()); err != nil || !alive {
			t.Errorf("it is alive: %t, %v", alive, err)
		}
		if !a.HasScope(everything...) {
			t.Error("scopes were lost")
		}
	})
}

// TestSignInKeepsScopes adds the scopes held before to what a new sign-in brings.
func TestSignInKeepsScopes(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn(account.ScopeOldSync, account.ScopeSession)
	if a.HasScope(account.ScopeProfile) {
		t.Fatal("the profile is covered from the start")
	}
	s.signIn(a, account.ScopeProfile)
	if !a.HasScope(everything...) || a.SyncKeyMissing() {
		t.Error("scopes or keys were lost")
	}
	if live := s.refreshTokens(); live != 1 {
		t.Errorf("%d refresh tokens are alive, want 1", live)
	}
}

// refreshTokens counts the live ones.
func (s *scene) refreshTokens() (n int) {
	for _, token := range s.service.LiveTokens() {
		if token.Kind == "refresh" {
			n++
		}
	}
	return n
}

// TestSignInWideningFails is repeated for trouble that passes, and does without
// where the session is refused.
func TestSignInWideningFails(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn(account.ScopeOldSync, account.ScopeSession)
	code, state := s.begin(a, account.ScopeProfile)
	before := s.snapshot(a)
	s.service.Faults.Next(tokenRoute, 0) // the code itself
	s.service.Faults.Next(tokenRoute, 500)
	want(t, "the first try", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrUnavailable)
	if s.snapshot(a) != before {
		t.Error("the state changed")
	}
	s.service.Faults.Next(tokenRoute, 400, accounttest.Errno(163))
	ok(t, "the second try", a.CompleteOAuthFlow(t.Context(), code, state))
	if !a.HasScope(account.ScopeProfile) || a.HasScope(account.ScopeOldSync) {
		t.Error("the refused union is believed to be granted")
	}
}

func TestSignInToAnotherAccount(t *testing.T) {
	for _, known := range []string{"by the profile", "by the token"} {
		t.Run(known, func(t *testing.T) {
			s := newScene(t)
			a, _ := s.signedIn(account.ScopeProfile)
			if known == "by the profile" {
				_, err := a.Profile(t.Context())
				ok(t, "Profile", err)
				// The page would insist on the account; this is a page that does not.
				ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: s.owner.NewSession()}))
			}
			other := s.service.NewAccount("other@example.com", password)
			address, err := a.BeginOAuthFlow(t.Context(), everything, "test")
			ok(t, "BeginOAuthFlow", err)
			u, err := url.Parse(address)
			ok(t, "the address", err)
			q := u.Query()
			q.Del("email")
			u.RawQuery = q.Encode()
			code, state := s.approveAs(u.String(), other)
			if _, err := a.FlushRevocations(t.Context()); err != nil {
				t.Errorf("FlushRevocations: %v", err)
			}
			before := s.snapshot(a)
			want(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrOtherAccount)
			if s.snapshot(a) != before {
				t.Error("the state changed")
			}
			want(t, "once more", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNoAuthFlow)
			for _, token := range s.service.LiveTokens() {
				if token.UID == other.UID() {
					t.Errorf("a %s token of the other account is alive", token.Kind)
				}
			}
			if n := len(other.Devices()); n != 0 {
				t.Errorf("%d device records of the other account are left", n)
			}
		})
	}
}

// device registers the installation with both capabilities.
func (s *scene) register(a *account.Account) account.LocalDevice {
	s.Helper()
	d, err := a.InitializeDevice(s.Context(), "My laptop", account.DeviceDesktop,
		[]account.Capability{account.CapabilitySendTab, account.CapabilityCloseTabs})
	if err != nil {
		s.Fatalf("InitializeDevice: %v", err)
	}
	return d
}

// TestSignInKeepsTheDevice takes name, type, push subscription and commands over to
// the new token, and a rename of a moment ago with them.
func TestSignInKeepsTheDevice(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.register(a)
	_, err := a.Devices(t.Context())
	ok(t, "Devices", err)
	_, err = a.SetDeviceName(t.Context(), "My other laptop")
	ok(t, "SetDeviceName", err)
	before := s.owner.Devices()
	s.signIn(a)
	after := s.owner.Devices()
	if len(after) != 1 {
		t.Fatalf("%d device records, want 1", len(after))
	}
	if after[0].Name != "My other laptop" || after[0].Type != "desktop" {
		t.Errorf("the record is %q, %s", after[0].Name, after[0].Type)
	}
	for command, bundle := range before[0].AvailableCommands {
		if after[0].AvailableCommands[command] != bundle {
			t.Errorf("the keys of %s changed", command)
		}
	}
	if id, err := a.CurrentDeviceID(); err != nil || id != after[0].ID {
		t.Errorf("the own id is wrong, %v", err)
	}
}

// TestSignInWithNewKeys publishes the command keys anew when the account's keys were
// reset, whether or not anybody noticed: nobody could read them otherwise.
func TestSignInWithNewKeys(t *testing.T) {
	for _, noticed := range []bool{false, true} {
		s := lab(t)
		a, _ := s.signedIn()
		s.register(a)
		before := s.owner.Devices()[0].AvailableCommands
		s.owner.ResetPassword()
		if noticed {
			ok(t, "OnAuthIssues", a.OnAuthIssues(t.Context()))
		}
		s.signIn(a)
		if noticed { // the record is forgotten then, and the application registers anew
			s.register(a)
		}
		device := s.owner.Devices()[0]
		if device.Name != "My laptop" || len(device.AvailableCommands) != 2 {
			t.Errorf("noticed %t: the record is %q with %d commands", noticed, device.Name, len(device.AvailableCommands))
		}
		key, err := s.owner.ScopedKey(account.ScopeOldSync)
		ok(t, "the owner's key", err)
		_, fingerprint, _ := strings.Cut(key["kid"], "-")
		raw, err := base64.RawURLEncoding.DecodeString(fingerprint)
		ok(t, "the fingerprint", err)
		for command, text := range device.AvailableCommands {
			var bundle struct {
				KID string `json:"kid"`
			}
			ok(t, "the bundle", json.Unmarshal([]byte(text), &bundle))
			if text == before[command] || !strings.EqualFold(bundle.KID, hexOf(raw)) {
				t.Errorf("noticed %t: %s is published under the old key", noticed, command)
			}
		}
		if noticed {
			continue
		}
		s.service.ForgetRequests()
		if _, err := a.EnsureCapabilities(t.Context(), bothCapabilities); err != nil || s.requests("POST /v1/account/device") != 0 {
			t.Errorf("what is published is not known to be: %v", err)
		}
	}
}

// TestFollowUpsUnsaved: a disk that is full only after the sign-in, or the sign-out,
// was saved does not undo it.
func TestFollowUpsUnsaved(t *testing.T) {
	s := lab(t)
	var room atomic.Int32
	room.Store(1000)
	var last atomic.Pointer[[]byte]
	a := s.account(account.WithSaver(saverFunc(func(_ context.Context, state []byte, _ []account.IncomingCommand) error {
		if room.Add(-1) < 0 {
			return errDiskFull
		}
		last.Store(&state)
		return nil
	})))
	s.signIn(a)
	s.register(a)
	code, state := s.begin(a, everything...)
	room.Store(1)
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	if a.AuthState() != account.AuthStateConnected || string(*last.Load()) != s.snapshot(a) {
		t.Error("what is saved is not what is current")
	}
	room.Store(1000)
	if d, err := a.EnsureCapabilities(t.Context(), bothCapabilities); err != nil || len(d.Capabilities) != 2 {
		t.Errorf("the device is not mended: %v", err)
	}
	room.Store(1)
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if a.AuthState() != account.AuthStateDisconnected || string(*last.Load()) != s.snapshot(a) {
		t.Error("what is saved is not what is current")
	}
	room.Store(1000)
	if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 || len(s.service.LiveTokens()) != 0 {
		t.Errorf("%d revocations, %d tokens left, %v", left, len(s.service.LiveTokens()), err)
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// TestSignInWithoutKey succeeds and says that the key is missing.
func TestSignInWithoutKey(t *testing.T) {
	s := newScene(t)
	a := s.account()
	address, err := a.BeginOAuthFlow(t.Context(), everything, "test")
	ok(t, "BeginOAuthFlow", err)
	u, err := url.Parse(address)
	ok(t, "the address", err)
	q := u.Query()
	q.Del("keys_jwk") // a page that makes no keys
	u.RawQuery = q.Encode()
	code, state := s.approve(u.String())
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	if !a.SyncKeyMissing() {
		t.Error("the missing key is not told")
	}
	before := s.requests(tokenRoute)
	_, err = a.AccessToken(t.Context(), account.ScopeOldSync)
	want(t, "AccessToken", err, account.ErrSyncKeyMissing)
	if s.requests(tokenRoute) != before {
		t.Error("a token was minted for nothing")
	}
	if _, err := a.AccessToken(t.Context(), account.ScopeProfile); err != nil {
		t.Errorf("the profile suffers: %v", err)
	}
}

// TestSignInReplacesOldBundles publishes the command keys anew when those on the
// server were sealed with another key than the sign-in has.
func TestSignInReplacesOldBundles(t *testing.T) {
	s := newScene(t)
	first, saver := s.signedIn()
	s.register(first)
	before := s.owner.Devices()[0].AvailableCommands
	var state map[string]any
	ok(t, "the state", json.Unmarshal(saver.last(), &state))
	state["bundle_kid"] = "1795205957667-AAAAAAAAAAAAAAAAAAAAAA"
	text, err := json.Marshal(state)
	ok(t, "the state", err)
	a := s.restore(text)
	s.signIn(a)
	after := s.owner.Devices()[0].AvailableCommands
	if len(after) != 2 {
		t.Fatalf("%d commands", len(after))
	}
	for command := range after {
		if after[command] == before[command] {
			t.Errorf("%s is as it was", command)
		}
	}
}

// TestSignInDropsDeadSession holds no session token that is known to be dead.
func TestSignInDropsDeadSession(t *testing.T) {
	s := lab(t)
	a, _ := s.signedIn(account.ScopeProfile, account.ScopeSession)
	code, state := s.begin(a, account.ScopeProfile)
	s.owner.RevokeSessions()
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	_, err := a.SessionToken()
	want(t, "SessionToken", err, account.ErrNoSessionToken)
}
