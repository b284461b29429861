package accounttest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
)

// TestPairingServerCalls plays both ends' server calls of a pairing: the
// authority grants with its session, the supplicant redeems without any.
func TestPairingServerCalls(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	authority := p.session(h)
	g := newAgent(t, s, "authority")
	p.post("/v1/account/device", authority, g.record("Laptop", sendTab)).ok()

	f := newFlow(AndroidClientID, everything)
	data := p.post("/v1/account/scoped-key-data", authority, map[string]any{"client_id": f.client, "scope": f.scope}).ok()
	if len(data.json) != 1 || data.json[scopeOldSync] == nil {
		t.Fatalf("only scopes with keys belong here: %s", data.text)
	}
	key, err := h.ScopedKey(scopeOldSync)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := json.Marshal(map[string]any{scopeOldSync: key})
	if err != nil {
		t.Fatal(err)
	}
	jwe := sealFor(t, f, bundle)
	granted := p.post("/v1/oauth/authorization", authority, map[string]any{
		"client_id": f.client, "response_type": "code", "state": f.state, "scope": f.scope, "access_type": "offline",
		"code_challenge": f.challenge(), "code_challenge_method": "S256", "keys_jwe": jwe,
	}).ok()
	if granted.str("state") != f.state || !strings.HasPrefix(granted.str("redirect"), pairRedirect) {
		t.Errorf("unexpected grant: %s", granted.text)
	}

	tokens := p.post("/v1/oauth/token", "", f.redeem(granted.str("code"))).ok()
	if tokens.str("keys_jwe") != jwe || len(tokens.str("session_token")) != 64 {
		t.Errorf("unexpected tokens: %s", tokens.text)
	}
	if message := g.next(); message["data"].(map[string]any)["deviceName"] != "Firefox for Android" {
		t.Errorf("the others are told at the grant, by the client's name: %v", message)
	}
	phone := "Bearer " + tokens.str("refresh_token")
	p.post("/v1/account/device", phone, map[string]any{"name": "Phone", "type": "mobile", "availableCommands": sendTab}).ok()
	h.SendPush("fxaccounts:marker", nil)
	if message := g.next(); message["command"] != "fxaccounts:marker" {
		t.Errorf("the later registration is an update and tells nobody: %v", message)
	}
	if got := p.get("/v1/session/status", typedSession(tokens.str("session_token"))).ok(); got.str("state") != "verified" {
		t.Errorf("the minted session copies the authority's confirmation: %s", got.text)
	}
}

// sealFor makes a keys_jwe with another implementation.
func sealFor(t testing.TB, f *flow, plain []byte) string {
	t.Helper()
	private := privateJWK(t, f.key)
	public := private.Public()
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES, Key: public.Key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := encrypter.Encrypt(plain)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := sealed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

// TestMintedSessionOfAnUnconfirmedOne stays unconfirmed.
func TestMintedSessionOfAnUnconfirmedOne(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	h.OTP("1")
	logged := typedSession(p.login(h.Email(), "password1", "").ok().str("sessionToken"))
	f := newFlow(AndroidClientID, "profile "+scopeSession)
	granted := p.post("/v1/oauth/authorization", logged, map[string]any{
		"client_id": f.client, "state": f.state, "scope": f.scope, "access_type": "offline", "code_challenge": f.challenge(), "code_challenge_method": "S256",
	}).ok()
	minted := typedSession(p.post("/v1/oauth/token", "", f.redeem(granted.str("code"))).ok().str("session_token"))
	if got := p.get("/v1/session/status", minted).ok(); got.str("state") != "unverified" {
		t.Errorf("the minted session is confirmed: %s", got.text)
	}
	p.post("/v1/oauth/token", minted, map[string]any{"client_id": ReferenceClientID, "scope": scopeOldSync}).fails(401, 110)
	p.get("/v1/session/status", minted).ok() // refused for its level, not dead
}

// TestDeadSessionLooksDeadEverywhere is what Firefox goes through when its
// session is gone.
func TestDeadSessionLooksDeadEverywhere(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	p.post("/v1/account/device", session, map[string]any{"name": "Firefox"}).ok()
	h.RevokeSessions()
	for range 2 {
		p.get("/v1/account/devices", session).fails(401, 110)
		p.get("/v1/session/status", session).fails(401, 110)
	}
	if got := p.get("/v1/account/status?uid="+h.UID(), "").ok(); got.json["exists"] != true {
		t.Errorf("the account is there: %s", got.text)
	}
	h.Delete()
	if got := p.get("/v1/account/status?uid="+h.UID(), "").ok(); got.json["exists"] != false {
		t.Errorf("the account is gone: %s", got.text)
	}
}

// TestPasswordChangeTellsAllButTheCaller by the routes a browser uses.
func TestPasswordChangeTellsAllButTheCaller(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	logged := p.login(h.Email(), "password1", "").ok().str("sessionToken")
	caller, other := newAgent(t, s, "caller"), newAgent(t, s, "other")
	p.post("/v1/account/device", typedSession(logged), caller.record("Caller", sendTab)).ok()
	p.post("/v1/account/device", p.session(h), other.record("Other", sendTab)).ok()
	if message := caller.next(); message["command"] != "fxaccounts:device_connected" {
		t.Fatalf("unexpected push: %v", message)
	}
	kB := h.a.kB()
	changePassword(t, p, h.Email(), "password1", "password2", kB, logged)
	if message := other.next(); message["command"] != "fxaccounts:password_changed" {
		t.Errorf("unexpected push: %v", message)
	}
	caller.write(`{}`)
	if answer := caller.read(); len(answer) != 0 {
		t.Errorf("the caller was told too: %v", answer)
	}
	if len(h.Devices()) != 0 {
		t.Error("device records outlive a password change")
	}
}

// TestPasswordChangeFinishRefusals covers the second half's own checks.
func TestPasswordChangeFinishRefusals(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	p.post("/v1/password/change/start", "", map[string]any{"email": h.Email(), "oldAuthPW": strings.Repeat("0", 64)}).fails(400, 103)
	p.post("/v1/password/change/start", "", map[string]any{"email": h.Email()}).fails(400, 108)
	secrets := crypt.Stretch(h.Email(), "password1")
	started := p.post("/v1/password/change/start", "", map[string]any{"email": h.Email(), "oldAuthPW": hexOf(secrets.AuthPW)}).ok()
	credential := typed("fxpc_", started.str("passwordChangeToken"), "passwordChangeToken")
	p.post("/v1/password/change/finish", credential, map[string]any{"authPW": "x", "wrapKb": "y"}).fails(400, 107)
	p.post("/v1/password/change/finish", credential, map[string]any{"authPW": hexOf(secrets.AuthPW)}).fails(400, 108)
	p.post("/v1/password/change/finish", credential, map[string]any{
		"authPW": hexOf(secrets.AuthPW), "wrapKb": hexOf(secrets.AuthPW), "sessionToken": strings.Repeat("0", 64),
	}).ok()
	s.Clock.Advance(1)
	late := p.post("/v1/password/change/start", "", map[string]any{"email": h.Email(), "oldAuthPW": hexOf(secrets.AuthPW)}).ok()
	s.Clock.Advance(oneTimeLifetime)
	p.post("/v1/password/change/finish", typed("fxpc_", late.str("passwordChangeToken"), "passwordChangeToken"), map[string]any{}).fails(401, 110)
}

// TestKeyFetchTokenIsUsedUpByAWrongSignature as on production.
func TestKeyFetchTokenIsUsedUpByAWrongSignature(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	token := p.login(h.Email(), "password1", "?keys=true").ok().str("keyFetchToken")
	id := crypt.DeriveCredential(unhex(token), "keyFetchToken").ID
	p.get("/v1/account/keys", `Hawk id="`+id+`", ts="1", nonce="n", mac="AAAA"`).fails(401, 109)
	p.get("/v1/account/keys", "Bearer fxk_"+id).fails(401, 110)
}

// TestTheServiceOwnsUpToItsFaults: a failure inside the service is a finding
// and never looks like a refusal.
func TestTheServiceOwnsUpToItsFaults(t *testing.T) {
	t.Parallel()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	s.routes.exact["GET /broken"] = &route{method: "GET", path: "/broken", handle: func(*Service, *call) (any, error) { panic("broken on purpose") }}
	s.routes.exact["GET /unwritable"] = &route{method: "GET", path: "/unwritable", handle: func(*Service, *call) (any, error) { return func() {}, nil }}
	p := newPeer(t, s)
	res, err := p.http.Get(s.URL() + "/broken")
	if !errors.Is(err, io.EOF) {
		if err == nil {
			_ = res.Body.Close()
		}
		t.Errorf("unexpected answer: %v", err)
	}
	if got := p.get("/unwritable", ""); got.status != http.StatusInternalServerError {
		t.Errorf("unexpected answer: %d", got.status)
	}
	if found := s.Findings(); len(found) != 1 || !strings.Contains(found[0], "broken on purpose") {
		t.Errorf("findings %q", found)
	}
	p.get("/v1/jwks", "").ok() // the lock is free
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestClientsCanBeAddedAndReplaced(t *testing.T) {
	t.Parallel()
	s := New(t, WithClients(
		Client{ID: "bbbbbbbbbbbbbbbb", Name: "Bare"},
		Client{ID: UntrustedClientID, Name: "Replaced", RedirectURIs: []string{"https://r.example/"}},
	))
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	if got := p.get("/v1/client/"+UntrustedClientID, "").ok(); got.str("name") != "Replaced" {
		t.Errorf("unexpected client: %s", got.text)
	}
	f := newFlow("bbbbbbbbbbbbbbbb", "profile:uid")
	f.extra["keys_jwk"] = nil
	var refused *errno.Error
	if _, err := s.Approve(f.url(s), h); !errors.As(err, &refused) || refused.Errno != 103 {
		t.Errorf("a client without any redirect: %v", err)
	}
	f.extra.Set("redirect_uri", s.URL()+"/oauth/success/bbbbbbbbbbbbbbbb")
	if _, err := s.Approve(f.url(s), h); err != nil {
		t.Errorf("the service's own success page: %v", err)
	}
	f = newFlow(UntrustedClientID, "profile:uid")
	f.extra.Set("redirect_uri", "http://127.0.0.1:1/x")
	if _, err := s.Approve(f.url(s), h); !errors.As(err, &refused) || refused.Errno != 103 {
		t.Errorf("loopback without permission: %v", err)
	}
	for _, bad := range []string{"://", "/authorization?scope=x", "/authorization?client_id=" + UntrustedClientID + "&scope=profile:uid&state=x&code_challenge=short&code_challenge_method=S256"} {
		if _, err := s.Approve(bad, h); err == nil {
			t.Errorf("%s was approved", bad)
		}
	}
	s.ChangeClient("unknown", func(c *Client) { c.Disabled = true })
	s.ChangeClient(UntrustedClientID, func(c *Client) { c.ID = "x"; c.Disabled = true })
	if _, err := s.Approve(newFlow(UntrustedClientID, "profile:uid").url(s), h); !errors.As(err, &refused) || refused.Errno != 202 {
		t.Errorf("a disabled client: %v", err)
	}
}

// TestDeadSessionIsSeenBeforeTheCode: a bad credential makes the exchange fail
// without using the code up.
func TestDeadSessionIsSeenBeforeTheCode(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	f := newFlow(ReferenceClientID, "profile")
	body := f.redeem(p.approve(f, h))
	p.post("/v1/oauth/token", "Bearer fxs_"+strings.Repeat("0", 64), body).fails(401, 110)
	p.post("/v1/oauth/token", "", body).ok()
}

// TestServiceNameStandsForScopes: Firefox-like clients may name a service
// instead of scopes.
func TestServiceNameStandsForScopes(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	session := p.session(s.NewAccount("a@example.com", "password1"))
	f := newFlow(DesktopClientID, "")
	body := map[string]any{
		"client_id": f.client, "state": "x", "service": "sync", "code_challenge": f.challenge(), "code_challenge_method": "S256",
	}
	if got := p.post("/v1/oauth/authorization", session, body).ok(); got.str("scope") != scopeOldSync+" profile" || got.str("redirect") == "" {
		t.Errorf("unexpected grant: %s", got.text)
	}
	p.post("/v1/oauth/authorization", session, with(body, "service", "other")).fails(400, 107)
	p.post("/v1/oauth/authorization", session, with(body, "client_id", UntrustedClientID)).fails(400, 107)
}

// TestProfileThrottlingCountsSeconds: the profile server's own number space.
func TestProfileThrottlingCountsSeconds(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	credential := "Bearer " + p.signIn(ReferenceClientID, "profile", s.NewAccount("a@example.com", "password1")).str("access_token")
	s.Limit(RateRule{Route: "/v1/profile", Attempts: 1, Window: time.Minute, Block: 45 * time.Second})
	p.get("/v1/profile", credential).ok()
	if got := p.get("/v1/profile", credential).fails(429, 114); got.num("retryAfter") != 45 || got.header.Get("Retry-After") != "45" {
		t.Errorf("unexpected wait: %v %s", got.header, got.text)
	}
}
