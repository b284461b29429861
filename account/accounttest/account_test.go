package accounttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// login is a browser's login with a password.
func (p *peer) login(email, password, query string) answer {
	p.t.Helper()
	return p.post("/v1/account/login"+query, "", map[string]any{
		"email": email, "authPW": hex.EncodeToString(crypt.Stretch(email, password).AuthPW), "reason": "login",
	})
}

func typed(prefix, token, kind string) string {
	return "Bearer " + prefix + crypt.DeriveCredential(unhex(token), kind).ID
}

// openBundle undoes keysBundle with the holder's key.
func openBundle(t testing.TB, token, bundle string) (kA, wrapKb []byte) {
	t.Helper()
	raw := unhex(bundle)
	if len(raw) != 96 {
		t.Fatalf("bundle of %d octets", len(raw))
	}
	out := crypt.Derive(crypt.DeriveCredential(unhex(token), "keyFetchToken").Extra, "account/keys", 96)
	mac := hmac.New(sha256.New, out[:32])
	mac.Write(raw[:64])
	if !hmac.Equal(mac.Sum(nil), raw[64:]) {
		t.Fatal("the bundle's MAC is wrong")
	}
	plain := crypt.XOR(raw[:64], out[32:])
	return plain[:32], plain[32:]
}

func TestAccountLifeByPassword(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	const email, password = "New.Person@example.com", "first password"
	secrets := crypt.Stretch(email, password)
	body := map[string]any{"email": email, "authPW": hex.EncodeToString(secrets.AuthPW)}
	created := p.post("/v1/account/create?keys=true", "", body).ok()
	keyFetch := created.str("keyFetchToken")
	session := typedSession(created.str("sessionToken"))

	if got := p.get("/v1/recovery_email/status", session).ok(); got.json["verified"] != false || got.str("email") != email {
		t.Errorf("unexpected status: %s", got.text)
	}
	p.get("/v1/account/keys", typed("fxk_", keyFetch, "keyFetchToken")).fails(400, 104)
	p.post("/v1/oauth/token", session, map[string]any{"client_id": DesktopClientID, "scope": "profile"}).fails(400, 104)

	replaced := p.post("/v1/account/create?keys=true", "", body).ok()
	if replaced.str("uid") == created.str("uid") {
		t.Error("an unconfirmed account must give its address up to a new one")
	}
	keyFetch, session = replaced.str("keyFetchToken"), typedSession(replaced.str("sessionToken"))
	h := s.Accounts()[0]
	p.post("/v1/recovery_email/verify_code", "", map[string]any{"uid": h.UID(), "code": strings.Repeat("0", 32)}).fails(400, 105)
	p.post("/v1/recovery_email/verify_code", "", map[string]any{"uid": strings.Repeat("0", 32), "code": h.VerifyCode()}).fails(400, 102)
	p.post("/v1/recovery_email/verify_code", "", map[string]any{"uid": h.UID(), "code": h.VerifyCode()}).ok()
	if got := p.get("/v1/session/status", session).ok(); got.str("state") != "verified" || got.str("uid") != h.UID() {
		t.Errorf("unexpected status: %s", got.text)
	}
	bundle := p.get("/v1/account/keys", typed("fxk_", keyFetch, "keyFetchToken")).ok().str("bundle")
	_, wrapKb := openBundle(t, keyFetch, bundle)
	kB := crypt.XOR(wrapKb, secrets.UnwrapBKey)
	p.get("/v1/account/keys", typed("fxk_", keyFetch, "keyFetchToken")).fails(401, 110)
	p.post("/v1/account/create", "", body).fails(400, 101)

	p.login("nobody@example.com", password, "").fails(400, 102)
	p.login(email, "wrong", "").fails(400, 103)
	if got := p.login(strings.ToLower(email), password, "").fails(400, 120); got.str("email") != email {
		t.Errorf("the right spelling is missing: %s", got.text)
	}
	logged := p.login(email, password, "?keys=true").ok()
	if logged.json["verified"] != true || logged.json["sessionVerified"] != true || logged.num("authAt") < 1e9 {
		t.Errorf("unexpected login: %s", logged.text)
	}
	_, again := openBundle(t, logged.str("keyFetchToken"), p.get("/v1/account/keys", typed("fxk_", logged.str("keyFetchToken"), "keyFetchToken")).ok().str("bundle"))
	if string(crypt.XOR(again, secrets.UnwrapBKey)) != string(kB) {
		t.Error("kB differs between two fetches")
	}

	changePassword(t, p, email, password, "second password", kB, logged.str("sessionToken"))
	p.get("/v1/session/status", session).fails(401, 110)
	p.login(email, password, "").fails(400, 103)
	final := p.login(email, "second password", "?keys=true").ok()
	_, wrapped := openBundle(t, final.str("keyFetchToken"), p.get("/v1/account/keys", typed("fxk_", final.str("keyFetchToken"), "keyFetchToken")).ok().str("bundle"))
	if string(crypt.XOR(wrapped, crypt.Stretch(email, "second password").UnwrapBKey)) != string(kB) {
		t.Error("kB changed with the password")
	}
	if _, err := h.ScopedKey(scopeOldSync); err == nil {
		t.Error("the pages know keys of a password they never saw")
	}

	destroy := map[string]any{"email": email, "authPW": hex.EncodeToString(crypt.Stretch(email, "second password").AuthPW)}
	p.post("/v1/account/destroy", "", with(destroy, "authPW", strings.Repeat("0", 64))).fails(400, 103)
	p.post("/v1/account/destroy", typedSession(final.str("sessionToken")), destroy).ok()
	if got := p.get("/v1/account/status?uid="+h.UID(), "").ok(); got.json["exists"] != false {
		t.Errorf("the account is still there: %s", got.text)
	}
	p.get("/v1/account/status", "").fails(400, 108)
	if got := p.post("/v1/account/status", "", map[string]any{"email": email}).ok(); got.json["exists"] != false {
		t.Errorf("unexpected status: %s", got.text)
	}
}

func changePassword(t testing.TB, p *peer, email, old, changed string, kB []byte, sessionToken string) {
	t.Helper()
	started := p.post("/v1/password/change/start", "", map[string]any{
		"email": email, "oldAuthPW": hex.EncodeToString(crypt.Stretch(email, old).AuthPW),
	}).ok()
	fresh := crypt.Stretch(email, changed)
	finish := map[string]any{
		"authPW": hex.EncodeToString(fresh.AuthPW), "wrapKb": hex.EncodeToString(crypt.XOR(kB, fresh.UnwrapBKey)),
		"sessionToken": crypt.DeriveCredential(unhex(sessionToken), "sessionToken").ID,
	}
	credential := typed("fxpc_", started.str("passwordChangeToken"), "passwordChangeToken")
	p.post("/v1/password/change/finish", "", finish).fails(401, 110)
	p.post("/v1/password/change/finish", typed("fxs_", started.str("passwordChangeToken"), "passwordChangeToken"), finish).fails(401, 110)
	finished := p.post("/v1/password/change/finish?keys=true", credential, finish).ok()
	p.get("/v1/session/status", typedSession(finished.str("sessionToken"))).ok()
	p.post("/v1/password/change/finish", credential, finish).fails(401, 110)
}

// hawk signs a request as an older client does.
func hawk(p *peer, token, method, path, contentType, body string, change func(m map[string]string)) string {
	u, err := url.Parse(p.s.URL() + path)
	if err != nil {
		p.t.Fatal(err)
	}
	cred := crypt.DeriveCredential(unhex(token), "sessionToken")
	m := map[string]string{"id": cred.ID, "ts": "1700000000", "nonce": "abc", "hash": "", "ext": ""}
	if body != "" {
		sum := sha256.Sum256([]byte("hawk.1.payload\n" + contentType + "\n" + body + "\n"))
		m["hash"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	if change != nil {
		change(m)
	}
	mac := hmac.New(sha256.New, cred.Key)
	fmt.Fprintf(mac, "hawk.1.header\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n", m["ts"], m["nonce"], method, u.RequestURI(), u.Hostname(), u.Port(), m["hash"], m["ext"])
	m["mac"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	out := "Hawk "
	for _, name := range []string{"id", "ts", "nonce", "hash", "ext", "mac"} {
		if m[name] != "" {
			out += name + `="` + m[name] + `", `
		}
	}
	return strings.TrimSuffix(out, ", ")
}

func TestHawkAndTypedBearer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts      []Option
		badMAC    int // errno wanted for a wrong MAC, 0: accepted
		noHash    int
		wrongHash int
	}{
		"strict": {nil, 109, 0, 109},
		"loose":  {[]Option{Loose()}, 0, 0, 0},
		"lint":   {[]Option{Lint()}, 109, 109, 109},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Start(c.opts...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			p := newPeer(t, s)
			token := s.NewAccount("a@example.com", "password1").NewSession()
			want := func(got answer, errno int) {
				t.Helper()
				if errno == 0 {
					got.ok()
				} else {
					got.fails(401, errno)
				}
			}
			const path, body = "/v1/account/device", `{"name":"Hawk"}`
			p.post(path, hawk(p, token, "POST", path, "application/json", body, nil), body).ok()
			p.get("/v1/account/devices?x=1", hawk(p, token, "GET", "/v1/account/devices?x=1", "", "", nil)).ok()
			want(p.get("/v1/account/devices", hawk(p, token, "GET", "/v1/account/devices?x=1", "", "", nil)), c.badMAC)
			want(p.post(path, hawk(p, token, "POST", path, "application/json", `{"name":"Other"}`, nil), body), c.wrongHash)
			want(p.post(path, hawk(p, token, "POST", path, "application/json", body, func(m map[string]string) { m["hash"] = "" }), body), c.noHash)
			p.get("/v1/account/devices", hawk(p, strings.Repeat("0", 64), "GET", "/v1/account/devices", "", "", nil)).fails(401, 110)
			typed := typedSession(token)
			p.get("/v1/account/devices", typed).ok()
			for _, bad := range []string{typed + " ", strings.Replace(typed, " ", "  ", 1), strings.ToUpper(typed), strings.Replace(typed, "fxs_", "fxk_", 1), "Bearer fxs_" + token, "Basic eDp5"} {
				if got := p.get("/v1/session/status", bad); got.status != 401 {
					// net/http trims the space at the end, so that form is good.
					if bad != typed+" " {
						t.Errorf("%q: %d", bad, got.status)
					}
				}
			}
		})
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	first := p.session(h)
	copied := p.post("/v1/session/duplicate", first, map[string]any{"reason": "migration"}).ok()
	second := typedSession(copied.str("sessionToken"))
	p.get("/v1/session/status", second).ok()
	if h.SessionCount() != 2 {
		t.Errorf("%d sessions, want 2", h.SessionCount())
	}
	id := strings.TrimPrefix(second, "Bearer fxs_")
	p.post("/v1/session/destroy", first, map[string]any{"customSessionToken": strings.Repeat("0", 64)}).fails(401, 110)
	p.post("/v1/session/destroy", first, map[string]any{"customSessionToken": id}).ok()
	p.get("/v1/session/status", second).fails(401, 110)
	p.post("/v1/account/device", first, map[string]any{"name": "Kept"}).ok()
	idle := p.session(h)
	s.Clock.Advance(sessionLifetime)
	p.get("/v1/session/status", idle).fails(401, 110)
	p.get("/v1/session/status", first).ok() // sessions with a device do not expire
	p.post("/v1/session/destroy", first, nil).ok()
	if n := len(h.Devices()); n != 0 {
		t.Errorf("%d devices are left", n)
	}
}

func TestUnconfirmedSessionAnnouncesItsDeviceLater(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	watcher := p.session(h)
	g := newAgent(t, s, "watcher")
	p.post("/v1/account/device", watcher, g.record("Watcher", sendTab)).ok()
	h.OTP("111222")
	if message := g.next(); message["command"] != "fxaccounts:profile_updated" {
		t.Errorf("unexpected push: %v", message)
	}
	logged := p.login(h.Email(), "password1", "").ok()
	if logged.json["sessionVerified"] != false || logged.str("verificationMethod") != "totp-2fa" {
		t.Errorf("unexpected login: %s", logged.text)
	}
	session := typedSession(logged.str("sessionToken"))
	p.post("/v1/account/device", session, map[string]any{"name": "Newcomer"}).ok()
	p.post("/v1/account/attached_client/destroy", session, map[string]any{"clientId": ReferenceClientID}).fails(400, 138)
	p.post("/v1/session/verify_code", session, map[string]any{"code": "0"}).fails(400, 183)
	p.post("/v1/session/verify_code", session, map[string]any{"code": h.SessionCode()}).ok()
	if message := g.next(); message["command"] != "fxaccounts:device_connected" || message["data"].(map[string]any)["deviceName"] != "Newcomer" {
		t.Errorf("unexpected push: %v", message)
	}
	if message := g.next(); message != nil {
		t.Errorf("a confirmed sign-in wakes with an empty message, got %v", message)
	}
	if got := p.get("/v1/account/profile", session).ok(); !strings.Contains(got.text, `"otp"`) || got.num("authenticatorAssuranceLevel") != 2 {
		t.Errorf("unexpected profile: %s", got.text)
	}
}

func TestCascades(t *testing.T) {
	t.Parallel()
	acts := map[string]struct {
		act      func(h *Account)
		command  string
		newKeys  bool
		gone     bool
		siteLeft bool // tokens of confidential clients stay
	}{
		"password change": {func(h *Account) { h.ChangePassword() }, "fxaccounts:password_changed", false, false, true},
		"password reset":  {func(h *Account) { h.ResetPassword("a new one") }, "fxaccounts:password_reset", true, false, true},
		"deletion":        {func(h *Account) { h.Delete() }, "fxaccounts:account_destroyed", false, true, false},
	}
	for name, c := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			p := newPeer(t, s)
			h := s.NewAccount("a@example.com", "password1")
			bystander := s.NewAccount("b@example.com", "password1")
			foreign := p.signIn(ReferenceClientID, everything, bystander).str("refresh_token")
			tokens := p.signIn(ReferenceClientID, everything, h)
			refresh := "Bearer " + tokens.str("refresh_token")
			site := newFlow(ConfidentialClientID, "profile")
			site.extra["code_challenge"], site.extra["code_challenge_method"], site.extra["keys_jwk"] = nil, nil, nil
			siteToken := p.post("/v1/token", "", map[string]any{
				"client_id": ConfidentialClientID, "client_secret": ConfidentialClientSecret, "code": p.approve(site, h),
			}).ok().str("refresh_token")
			pending := newFlow(AndroidClientID, "profile")
			code := p.approve(pending, h)
			g := newAgent(t, s, "x")
			p.post("/v1/account/device", refresh, g.record("X", sendTab)).ok()
			before, err := h.ScopedKey(scopeOldSync)
			if err != nil {
				t.Fatal(err)
			}

			c.act(h)

			message := g.next()
			if message["command"] != c.command {
				t.Errorf("pushed %v, want %s", message, c.command)
			}
			if c.gone && message["data"].(map[string]any)["uid"] != h.UID() {
				t.Errorf("the uid is missing: %v", message)
			}
			p.get("/v1/account/devices", refresh).fails(401, 110)
			p.get("/v1/session/status", typedSession(tokens.str("session_token"))).fails(401, 110)
			p.get("/v1/profile", "Bearer "+tokens.str("access_token")).fails(401, 100)
			p.post("/v1/oauth/token", "", pending.redeem(code)).fails(400, 172)
			p.get("/v1/account/devices", "Bearer "+foreign).ok()
			renewal := p.post("/v1/token", "", map[string]any{
				"grant_type": "refresh_token", "client_id": ConfidentialClientID, "client_secret": ConfidentialClientSecret, "refresh_token": siteToken,
			})
			if (renewal.status == 200) != c.siteLeft {
				t.Errorf("the site's token: %d %s", renewal.status, renewal.text)
			}
			if got := p.get("/v1/account/status?uid="+h.UID(), "").ok(); got.json["exists"] != !c.gone {
				t.Errorf("unexpected status: %s", got.text)
			}
			if len(h.Devices()) != 0 || h.SessionCount() != 0 {
				t.Errorf("%d devices and %d sessions are left", len(h.Devices()), h.SessionCount())
			}
			if c.gone {
				if _, err := s.Approve(newFlow(ReferenceClientID, "profile").url(s), h); !errors.Is(err, ErrDeleted) {
					t.Errorf("a deleted account signs in: %v", err)
				}
				return
			}
			after, err := h.ScopedKey(scopeOldSync)
			if err != nil {
				t.Fatal(err)
			}
			if (after["k"] != before["k"]) != c.newKeys || (after["kid"] != before["kid"]) != c.newKeys {
				t.Errorf("keys before %v, after %v", before["kid"], after["kid"])
			}
			p.login(h.Email(), h.Password(), "").ok()
			p.signIn(ReferenceClientID, everything, h)
		})
	}
}

func TestRevocationControls(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	tokens := p.signIn(ReferenceClientID, everything, h)
	h.RevokeAccessTokens()
	p.get("/v1/profile", "Bearer "+tokens.str("access_token")).fails(401, 100)
	p.get("/v1/account/devices", "Bearer "+tokens.str("refresh_token")).ok()
	h.RevokeTokens(AndroidClientID)
	p.get("/v1/account/devices", "Bearer "+tokens.str("refresh_token")).ok()
	id := h.Devices()[0].ID
	if !h.ExpirePush(id) || !h.Devices()[0].PushEndpointExpired || h.ExpirePush("x") {
		t.Error("ExpirePush does not flag the device")
	}
	h.RevokeTokens("")
	p.get("/v1/account/devices", "Bearer "+tokens.str("refresh_token")).fails(401, 110)
	session := p.session(h)
	h.RevokeSessions()
	p.get("/v1/session/status", session).fails(401, 110)
	tokens = p.signIn(ReferenceClientID, everything, h)
	if h.DeleteDevice("x") || !h.DeleteDevice(h.Devices()[0].ID) {
		t.Error("DeleteDevice found the wrong device")
	}
	p.get("/v1/account/devices", "Bearer "+tokens.str("refresh_token")).fails(401, 110)
	s.Clock.Advance(time.Second)
	if replaced := s.NewAccount("A@example.com", "other"); replaced.UID() == h.UID() || len(s.Accounts()) != 1 {
		t.Error("a new account of the same address must replace the old one")
	}
}

func TestMetricsContextAndLetterCase(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	authPW := hex.EncodeToString(crypt.Stretch("a@example.com", "password1").AuthPW)
	login := func(context any) answer {
		return p.post("/v1/account/login", "", map[string]any{"email": h.Email(), "authPW": strings.ToUpper(authPW), "metricsContext": context})
	}
	flow := strings.Repeat("0", 64)
	login(map[string]any{"flowId": flow, "flowBeginTime": 1700000000000, "entrypoint": "a.b:c-d", "utmSource": "x/y"}).ok()
	login(map[string]any{}).ok()
	for _, bad := range []any{
		map[string]any{"flowId": flow},
		map[string]any{"flowBeginTime": 1},
		map[string]any{"flowId": "x", "flowBeginTime": 1},
		map[string]any{"entrypoint": "a b"},
		map[string]any{"utmTerm": 1},
		map[string]any{"flowId": flow, "flowBeginTime": -1},
		"x", nil,
	} {
		login(bad).fails(400, 107)
	}
	session := p.session(h)
	id := p.post("/v1/account/device", session, map[string]any{"name": "Me"}).ok().str("id")
	p.post("/v1/account/device/destroy", session, map[string]any{"id": strings.ToUpper(id)}).ok()
}
