package account_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/internal/keys"
)

// keysFor encrypts a text to the key in a sign-in address, as a page does.
func keysFor(t *testing.T, address, text string) string {
	t.Helper()
	u, err := url.Parse(address)
	ok(t, "the address", err)
	jwk, err := keys.ParseKeysJWK(u.Query().Get("keys_jwk"))
	ok(t, "keys_jwk", err)
	jwe, err := keys.EncryptJWE(rand.NewChaCha8([32]byte{}), jwk, []byte(text))
	ok(t, "EncryptJWE", err)
	return jwe
}

// TestSignInOddKeys checks each key that a sign-in brings, although only the page
// could have encrypted it.
func TestSignInOddKeys(t *testing.T) {
	const kid = `"kid":"1795205957667-WTyIUHGcTHoudVg1Gj5Q_g"`
	k := `"k":"` + strings.Repeat("k", 85) + `A"` // 64 bytes
	good := `{"` + account.ScopeOldSync + `":{"kty":"oct","scope":"` + account.ScopeOldSync + `",` + k + `,` + kid + `}}`
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"good":              {good, true},
		"without the scope": {strings.Replace(good, `"scope":"`+account.ScopeOldSync+`",`, "", 1), true},
		"of another scope":  {strings.Replace(good, `"scope":"`+account.ScopeOldSync, `"scope":"profile`, 1), false},
		"too short":         {strings.Replace(good, k, `"k":"AAAA"`, 1), false},
		"no key":            {strings.Replace(good, k, `"k":""`, 1), false},
		"no kid":            {strings.Replace(good, kid, `"kid":""`, 1), false},
		"kid without dash":  {strings.Replace(good, kid, `"kid":"1795205957667"`, 1), false},
		"another kty":       {strings.Replace(good, `"oct"`, `"EC"`, 1), false},
		"a list":            {`[]`, false},
		"no JSON":           {`x`, false},
		"nothing":           {`{}`, true}, // no key for any scope is told otherwise
	} {
		t.Run(name, func(t *testing.T) {
			s := lab(t)
			a := s.account()
			address, err := a.BeginOAuthFlow(t.Context(), everything, "test")
			ok(t, "BeginOAuthFlow", err)
			code, state := s.approve(address)
			before := s.snapshot(a)
			body := `{"access_token":"aa","refresh_token":"bb","expires_in":9,"scope":"profile ` + account.ScopeOldSync + `","keys_jwe":"` +
				keysFor(t, address, c.text) + `"}`
			s.service.Faults.Next(tokenRoute, http.StatusOK, accounttest.RawBody("application/json", body))
			err = a.CompleteOAuthFlow(t.Context(), code, state)
			if c.good {
				ok(t, "CompleteOAuthFlow", err)
				if a.SyncKeyMissing() != (name == "nothing") {
					t.Errorf("the key is missing: %t", a.SyncKeyMissing())
				}
				return
			}
			want(t, "CompleteOAuthFlow", err, account.ErrCrypto)
			if s.snapshot(a) != before {
				t.Error("the state changed")
			}
			if err != nil && strings.Contains(err.Error(), "kkkk") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

// TestSignInSessionCopy revokes a session that the sign-in brings beside the page's
// own, when it belongs to no device record.
func TestSignInSessionCopy(t *testing.T) {
	s := newScene(t)
	a := s.account()
	code, state := s.begin(a, account.ScopeProfile, account.ScopeSession)
	page := s.owner.NewSession()
	ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: page}))
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	if token, err := a.SessionToken(); err != nil || token != page {
		t.Errorf("another session is held, %v", err)
	}
	for _, token := range s.service.LiveTokens() {
		if token.Kind == "session" {
			t.Error("the copy is alive")
		}
	}
}

// limitedRandom fails after so many bytes.
type limitedRandom struct {
	below io.Reader
	left  int
}

var errNoRandom = errors.New("no randomness")

func (r *limitedRandom) Read(p []byte) (int, error) {
	if r.left < len(p) {
		return 0, errNoRandom
	}
	r.left -= len(p)
	return r.below.Read(p)
}

// TestNoRandomness fails instead of going on with less.
func TestNoRandomness(t *testing.T) {
	s := newScene(t)
	base, _ := s.signedIn()
	text, err := base.Snapshot()
	ok(t, "Snapshot", err)
	request := s.request(s.account(), everything...)
	enough := false
	for left := 0; left < 160 && !enough; left += 8 {
		transport := s.service.Transport()
		t.Cleanup(transport.CloseIdleConnections)
		a, err := account.Restore(text, account.WithTransport(transport), account.WithClock(s.clock),
			account.WithRandom(&limitedRandom{rand.NewChaCha8([32]byte{}), left}))
		ok(t, "Restore", err)
		_, err = a.BeginOAuthFlow(t.Context(), everything, "test")
		enough = err == nil
		if !enough {
			want(t, "BeginOAuthFlow", err, account.ErrInternal)
			want(t, "a sign-in that did not begin", a.CompleteOAuthFlow(t.Context(), "code", "state"), account.ErrNoAuthFlow)
		}
		if snapshot, err := a.Snapshot(); err != nil || !enough && string(snapshot) != string(text) {
			t.Errorf("the state changed, %v", err)
		}
		if left == 0 {
			_, err = a.AuthorizeCode(t.Context(), request)
			want(t, "AuthorizeCode", err, account.ErrCrypto)
		}
	}
	if !enough {
		t.Error("160 bytes are not enough to begin a sign-in")
	}
}

// TestProxyRefusesSize knows a request that is too large by the status alone.
func TestProxyRefusesSize(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.service.Faults.Next(clientsRoute, 413, accounttest.HTML())
	_, err := a.AttachedClients(t.Context())
	want(t, "AttachedClients", err, account.ErrTooLarge)
}

// TestDefaults works with nothing injected, on the machine's own clock, randomness
// and transport.
func TestDefaults(t *testing.T) {
	s := lab(t)
	a, err := account.New(s.config())
	ok(t, "New", err)
	t.Cleanup(a.Close)
	s.signIn(a)
	_, err = a.Profile(t.Context())
	ok(t, "Profile", err)
	for range 5 {
		_, err = a.CheckAuthorization(t.Context())
		ok(t, "CheckAuthorization", err)
	}
	_, err = a.CheckAuthorization(t.Context())
	want(t, "a check too many", err, account.ErrCircuitOpen)
	if agent := s.service.Requests(tokenRoute)[0].Header.Get("User-Agent"); agent != "Tabferry" {
		t.Errorf("the user agent is %q", agent)
	}
	ok(t, "Disconnect", a.Disconnect(t.Context()))
}

func TestUserAgentAndHawk(t *testing.T) {
	s := newScene(t)
	a := s.account(account.WithUserAgent("Another/1.0"))
	s.signIn(a)
	s.service.Faults.Next(clientsRoute, 401) // as a server that knows no typed bearer
	_, err := a.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)
	list := s.service.Requests(clientsRoute)
	if len(list) != 2 || !strings.HasPrefix(list[0].Header.Get("Authorization"), "Bearer fxs_") ||
		!strings.HasPrefix(list[1].Header.Get("Authorization"), "Hawk id=") || list[1].Header.Get("User-Agent") != "Another/1.0" {
		t.Errorf("%d requests", len(list))
	}
}
