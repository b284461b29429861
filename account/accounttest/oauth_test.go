package accounttest

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"
)

// without copies a body without some members.
func without(body map[string]any, names ...string) map[string]any {
	out := maps.Clone(body)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

func with(body map[string]any, name string, value any) map[string]any {
	out := maps.Clone(body)
	out[name] = value
	return out
}

func TestCodeErrorsInTheirOrder(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	f := newFlow(ReferenceClientID, "profile")
	good := f.redeem(p.approve(f, h))
	confidential := map[string]any{"grant_type": "authorization_code", "client_id": ConfidentialClientID, "client_secret": ConfidentialClientSecret, "code": good["code"]}
	cases := []struct {
		name                       string
		body                       map[string]any
		auth, authErr, oauth, oErr int
	}{
		{"unknown client", with(good, "client_id", "0123456789abcdef"), 400, 162, 400, 101},
		{"malformed client", with(good, "client_id", "x"), 400, 107, 400, 109},
		{"no client", without(good, "client_id"), 400, 108, 400, 109},
		{"no code", without(good, "code"), 400, 108, 400, 109},
		{"unknown grant", with(good, "grant_type", "password"), 400, 107, 400, 109},
		{"unknown code", with(good, "code", strings.Repeat("0", 64)), 400, 172, 400, 105},
		{"code of another client", with(good, "client_id", AndroidClientID), 400, 173, 400, 106},
		{"no verifier", without(good, "code_verifier"), 400, 169, 400, 118},
		{"wrong verifier", with(good, "code_verifier", strings.Repeat("v", 43)), 400, 175, 400, 117},
		{"short verifier", with(good, "code_verifier", "short"), 400, 107, 400, 109},
		{"null verifier", with(good, "code_verifier", nil), 400, 107, 400, 109},
		{"zero ttl", with(good, "ttl", 0), 400, 107, 400, 109},
		{"secret of a public client", with(without(good, "code_verifier"), "client_secret", ConfidentialClientSecret), 400, 171, 400, 102},
		{"PKCE of a confidential client", map[string]any{"grant_type": "authorization_code", "client_id": ConfidentialClientID, "code": good["code"], "code_verifier": good["code_verifier"]}, 400, 166, 400, 116},
		{"confidential client without secret", without(confidential, "client_secret"), 400, 171, 400, 102},
		{"wrong secret", with(confidential, "client_secret", strings.Repeat("0", 64)), 400, 171, 400, 102},
		{"confidential client, code of another", confidential, 400, 173, 400, 106},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p.post("/v1/oauth/token", "", c.body).fails(c.auth, c.authErr)
			got := p.post("/v1/token", "", c.body).fails(c.oauth, c.oErr)
			if got.header.Get("Timestamp") != "" {
				t.Error("oauth replies carry no Timestamp")
			}
		})
	}
	// None of these used the code up.
	reply := p.post("/v1/oauth/token", "", good).ok()
	if reply.header.Get("Timestamp") == "" || reply.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("auth replies need Timestamp and Cache-Control: %v", reply.header)
	}
	if reply.json["keys_jwe"] != nil || reply.json["session_token"] != nil {
		t.Errorf("a profile grant has keys or a session: %s", reply.text)
	}
	p.post("/v1/oauth/token", "", good).fails(400, 172)

	late := newFlow(ReferenceClientID, "profile")
	body := late.redeem(p.approve(late, h))
	s.Clock.Advance(codeLifetime)
	p.post("/v1/oauth/token", "", body).fails(400, 174)
}

func TestTokenRouteTakesForms(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	f := newFlow(ReferenceClientID, "profile")
	code := p.approve(f, s.NewAccount("a@example.com", "password1"))
	got := p.post("/v1/token", "", url.Values{"client_id": {f.client}, "code": {code}, "code_verifier": {f.verifier}, "ttl": {"300"}}).ok()
	if got.num("expires_in") != 300 {
		t.Errorf("unexpected reply: %s", got.text)
	}
	p.post("/v1/account/device", "Bearer "+got.str("refresh_token"), url.Values{"name": {"x"}}).fails(415, 999)
}

func TestConfidentialClientUsesItsSecret(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	authorize := func() string {
		f := newFlow(ConfidentialClientID, "profile openid")
		f.extra["code_challenge"], f.extra["code_challenge_method"], f.extra["keys_jwk"] = nil, nil, nil
		return p.approve(f, h)
	}
	body := map[string]any{"client_id": ConfidentialClientID, "client_secret": ConfidentialClientSecret, "code": authorize()}
	got := p.post("/v1/token", "", body).ok()
	p.post("/v1/introspect", "", map[string]any{"token": got.str("refresh_token")}).fails(400, 116)
	p.post("/v1/token", "", map[string]any{"grant_type": "refresh_token", "client_id": ConfidentialClientID, "refresh_token": got.str("refresh_token")}).fails(400, 102)
	renewed := p.post("/v1/token", "", map[string]any{
		"grant_type": "refresh_token", "client_id": ConfidentialClientID, "client_secret": ConfidentialClientSecret, "refresh_token": got.str("refresh_token"),
	}).ok()
	if renewed.str("scope") != "profile" || renewed.json["id_token"] != nil {
		t.Errorf("openid must be dropped from a refresh: %s", renewed.text)
	}
	p.get("/v1/account/devices", "Bearer "+got.str("refresh_token")).fails(400, 166)

	r := map[string]any{"grant_type": "authorization_code", "code": authorize()}
	basic := "Basic ZGNkYjVhZTdhZGQ4MjVkMjpiOTNlZjhhOGYzZTU1M2E0MzBkN2U1YjkwNGM2MTMyYjI3MjI2MzNhZjlmMDMxMjgwMjkyMDFkMjRhOTdmMmE4"
	p.post("/v1/oauth/token", basic, with(r, "client_secret", ConfidentialClientSecret)).fails(400, 107)
	p.post("/v1/oauth/token", basic, r).ok()
	verified := p.post("/v1/verify", "", map[string]any{"token": renewed.str("access_token")}).ok()
	if verified.str("user") != h.UID() || verified.str("client_id") != ConfidentialClientID {
		t.Errorf("unexpected verification: %s", verified.text)
	}
	s.Clock.Advance(25 * time.Hour)
	p.post("/v1/verify", "", map[string]any{"token": renewed.str("access_token")}).fails(400, 115)
	p.post("/v1/verify", "", map[string]any{"token": strings.Repeat("0", 64)}).fails(400, 108)
}

func TestRefreshGrantKeepsWithinItsScopes(t *testing.T) {
	t.Parallel()
	s := New(t, WithTokenLifetime(time.Hour))
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	token := p.signIn(UntrustedClientID, "profile:email profile:uid", h).str("refresh_token")
	body := map[string]any{"grant_type": "refresh_token", "client_id": UntrustedClientID, "refresh_token": token}
	if got := p.post("/v1/oauth/token", "", with(body, "ttl", 1<<20)).ok(); got.num("expires_in") != 3600 || got.str("scope") != "profile:email profile:uid" {
		t.Errorf("unexpected grant: %s", got.text)
	}
	p.post("/v1/oauth/token", "", with(body, "scope", "profile:email")).ok()
	for _, scope := range []string{"profile", "profile:avatar", scopeOldSync, "profile:email:write"} {
		p.post("/v1/oauth/token", "", with(body, "scope", scope)).fails(400, 163)
	}
	p.post("/v1/oauth/token", "", with(body, "client_id", ReferenceClientID)).fails(401, 110)
	p.post("/v1/token", "", with(body, "client_id", ReferenceClientID)).fails(400, 108)
	p.post("/v1/oauth/token", "", with(body, "refresh_token", strings.Repeat("0", 64))).fails(401, 110)

	trusted := p.signIn(ReferenceClientID, everything, h).str("refresh_token")
	all := p.post("/v1/oauth/token", "", map[string]any{"grant_type": "refresh_token", "client_id": ReferenceClientID, "refresh_token": trusted}).ok()
	if all.str("scope") != "profile "+scopeOldSync || all.json["session_token"] != nil {
		t.Errorf("the session scope must be dropped from a refresh: %s", all.text)
	}

	s.ChangeClient(ReferenceClientID, func(c *Client) { c.Disabled = true })
	off := p.post("/v1/oauth/token", "", map[string]any{"grant_type": "refresh_token", "client_id": ReferenceClientID, "refresh_token": trusted}).fails(503, 204)
	if off.header.Get("Retry-After") != "30" || off.num("retryAfter") != 30 {
		t.Errorf("a disabled client needs a wait: %v %s", off.header, off.text)
	}
}

func TestCredentialsGrant(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	body := map[string]any{"grant_type": "fxa-credentials", "client_id": DesktopClientID, "scope": "profile"}
	p.post("/v1/oauth/token", "", body).fails(401, 110)
	if got := p.post("/v1/oauth/token", session, without(body, "grant_type")).ok(); got.json["refresh_token"] != nil {
		t.Errorf("online access has no refresh token: %s", got.text)
	}
	offline := p.post("/v1/oauth/token", session, with(with(body, "access_type", "offline"), "scope", scopeOldSync)).ok()
	if len(offline.str("refresh_token")) != 64 {
		t.Errorf("unexpected grant: %s", offline.text)
	}
	if devices := h.Devices(); len(devices) != 1 || !devices[0].HasSession || devices[0].ClientID != DesktopClientID {
		t.Errorf("the placeholder must join session and token: %+v", devices)
	}
	p.post("/v1/oauth/token", session, with(body, "client_id", ConfidentialClientID)).fails(400, 166)
	p.post("/v1/oauth/token", session, with(body, "client_id", UntrustedClientID)).fails(400, 107)
	p.post("/v1/oauth/token", session, with(body, "scope", "https://identity.mozilla.com/apps/other")).fails(400, 163)
	h.UnverifySessions()
	p.post("/v1/oauth/token", session, body).ok()
	p.post("/v1/oauth/token", session, with(body, "scope", scopeOldSync)).fails(401, 110)
	if got := p.get("/v1/session/status", session).ok(); got.str("state") != "unverified" {
		t.Errorf("the session is alive and unconfirmed: %s", got.text)
	}
}

func TestTokenExchange(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	old := p.signIn(AndroidClientID, scopeOldSync, h).str("refresh_token")
	device := p.post("/v1/account/device", "Bearer "+old, map[string]any{"name": "Phone"}).ok().str("id")
	body := map[string]any{
		"grant_type": grantExchange, "subject_token": old, "subject_token_type": subjectRefresh, "scope": "profile",
	}
	p.post("/v1/oauth/token", "", with(body, "client_id", AndroidClientID)).fails(400, 107)
	p.post("/v1/oauth/token", "", without(body, "scope")).fails(400, 108)
	p.post("/v1/oauth/token", "", with(body, "subject_token_type", "x")).fails(400, 107)
	p.post("/v1/oauth/token", "", with(body, "scope", "https://identity.mozilla.com/apps/other")).fails(403, 112)
	got := p.post("/v1/oauth/token", "", body).ok()
	if got.str("scope") != scopeOldSync+" profile" || got.str("refresh_token") == old {
		t.Errorf("unexpected exchange: %s", got.text)
	}
	p.get("/v1/account/devices", "Bearer "+old).fails(401, 110)
	list := p.get("/v1/account/devices", "Bearer "+got.str("refresh_token")).ok().list()
	if len(list) != 1 || list[0]["id"] != device || list[0]["isCurrentDevice"] != true {
		t.Errorf("the device record did not move to the new token: %v", list)
	}
	desktop := p.signIn(DesktopClientID, "profile", h).str("refresh_token")
	p.post("/v1/oauth/token", "", with(with(body, "subject_token", desktop), "scope", scopeOldSync)).fails(403, 112)
}

func TestAuthorizationRoute(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	f := newFlow(AndroidClientID, "profile "+scopeOldSync)
	jwe := "aaaa..bbbb.cccc.dddd"
	good := map[string]any{
		"client_id": f.client, "state": f.state, "scope": f.scope, "access_type": "offline", "response_type": "code",
		"code_challenge": f.challenge(), "code_challenge_method": "S256", "keys_jwe": jwe,
	}
	got := p.post("/v1/oauth/authorization", session, good).ok()
	if got.str("state") != f.state || got.str("scope") != f.scope || !strings.HasPrefix(got.str("redirect"), pairRedirect+"?code=") {
		t.Errorf("unexpected reply: %s", got.text)
	}
	if token := p.post("/v1/oauth/token", "", f.redeem(got.str("code"))).ok(); token.str("keys_jwe") != jwe {
		t.Errorf("keys_jwe did not pass through: %s", token.text)
	}
	for name, c := range map[string]struct {
		body          map[string]any
		status, errno int
	}{
		"no state":             {without(good, "state"), 400, 108},
		"no scope":             {without(good, "scope"), 400, 107},
		"null challenge":       {with(good, "code_challenge", nil), 400, 107},
		"challenge alone":      {without(good, "code_challenge_method"), 400, 107},
		"plain challenge":      {with(good, "code_challenge_method", "plain"), 400, 107},
		"no PKCE":              {without(good, "code_challenge", "code_challenge_method"), 400, 169},
		"unknown client":       {with(good, "client_id", "0123456789abcdef"), 400, 162},
		"foreign redirect":     {with(good, "redirect_uri", "https://evil.example/"), 400, 167},
		"urn redirect":         {with(good, "redirect_uri", pairRedirect), 400, 107},
		"token response":       {with(good, "response_type", "token"), 400, 168},
		"second factor":        {with(good, "acr_values", "AAL2"), 400, 170},
		"foreign scope":        {with(good, "scope", "https://example.com/x"), 400, 163},
		"hash in scope":        {with(good, "scope", "a#b"), 400, 107},
		"long state":           {with(good, "state", strings.Repeat("s", 513)), 400, 107},
		"keys_jwe in 4 parts":  {with(good, "keys_jwe", "a.b.c.d"), 400, 107},
		"PKCE of confidential": {with(good, "client_id", ConfidentialClientID), 400, 166},
	} {
		t.Run(name, func(t *testing.T) { p.post("/v1/oauth/authorization", session, c.body).fails(c.status, c.errno) })
	}
	loopback := p.post("/v1/oauth/authorization", session, with(good, "redirect_uri", "http://127.0.0.1:4711/back?x=1")).ok()
	if back := loopback.str("redirect"); !strings.HasPrefix(back, "http://127.0.0.1:4711/back?") || !strings.Contains(back, "x=1") {
		t.Errorf("unexpected redirect: %s", back)
	}
	s.Clock.Advance(time.Hour)
	p.post("/v1/oauth/authorization", session, with(good, "max_age", 60)).fails(400, 164)
	p.post("/v1/oauth/authorization", "", good).fails(401, 110)
	h.SetVerified(false)
	p.post("/v1/oauth/authorization", session, good).fails(400, 104)
	h.SetVerified(true)
	h.UnverifySessions()
	p.post("/v1/oauth/authorization", session, good).fails(401, 110)
	h.OTP("123456")
	if got := p.post("/v1/session/verify/totp", session, map[string]any{"code": "000000"}).ok(); got.json["success"] != false {
		t.Error("a wrong code was taken")
	}
	p.post("/v1/session/verify/totp", session, map[string]any{"code": "123456"}).ok()
	p.post("/v1/oauth/authorization", session, with(good, "acr_values", "AAL2")).ok()
}

func TestBareErrorsLoseTheirExtras(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		var opts []Option
		if bare {
			opts = append(opts, BareErrors())
		}
		p := newPeer(t, New(t, opts...))
		got := p.post("/v1/oauth/token", "", map[string]any{"client_id": "0123456789abcdef", "grant_type": "refresh_token", "refresh_token": strings.Repeat("0", 64)}).fails(400, 162)
		if (got.json["clientId"] == nil) != bare {
			t.Errorf("bare %v: %s", bare, got.text)
		}
	}
}

func TestScopedKeyData(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	body := map[string]any{"client_id": ReferenceClientID, "scope": everything}
	got := p.post("/v1/account/scoped-key-data", session, body).ok()
	entry, _ := got.json[scopeOldSync].(map[string]any)
	if len(got.json) != 1 || entry["identifier"] != scopeOldSync || entry["keyRotationSecret"] != strings.Repeat("0", 64) {
		t.Errorf("unexpected key data: %s", got.text)
	}
	key, err := h.ScopedKey(scopeOldSync)
	if err != nil {
		t.Fatal(err)
	}
	if stamp, _, _ := strings.Cut(key["kid"], "-"); !strings.Contains(got.text, `"keyRotationTimestamp":`+stamp) {
		t.Errorf("kid %s and %s disagree", key["kid"], got.text)
	}
	p.post("/v1/account/scoped-key-data", session, with(body, "client_id", "0123456789abcdef")).fails(400, 162)
	p.post("/v1/account/scoped-key-data", session, with(body, "client_id", UntrustedClientID)).fails(400, 163)
	p.post("/v1/account/scoped-key-data", session, without(body, "scope")).fails(400, 108)
	p.post("/v1/account/scoped-key-data", "", body).fails(401, 110)
	s.mu.Lock()
	h.a.keysChangedAt = s.Clock.Now().Add(time.Minute)
	s.mu.Unlock()
	p.post("/v1/account/scoped-key-data", session, body).fails(400, 164)
}

func TestDestroyRoutes(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	tokens := p.signIn(ReferenceClientID, "profile", h)
	access, refresh := tokens.str("access_token"), tokens.str("refresh_token")
	destroy := func(client, token string) answer {
		return p.post("/v1/oauth/destroy", "", map[string]any{"client_id": client, "token": token, "token_type_hint": "anything"})
	}
	destroy(ReferenceClientID, strings.Repeat("0", 64)).ok()
	destroy("0123456789abcdef", access).fails(400, 162)
	destroy(ConfidentialClientID, access).fails(400, 171)
	destroy(AndroidClientID, access).ok() // another client's: no effect
	p.get("/v1/profile", "Bearer "+access).ok()
	destroy(ReferenceClientID, access).ok()
	destroy(ReferenceClientID, access).ok()
	p.get("/v1/profile", "Bearer "+access).fails(401, 100)

	legacy := func(body map[string]any) answer { return p.post("/v1/destroy", "", body) }
	legacy(map[string]any{"token": access}).fails(400, 108)
	legacy(map[string]any{"token": access, "refresh_token": refresh}).fails(400, 109)
	legacy(map[string]any{}).fails(400, 109)
	legacy(map[string]any{"refresh_token": refresh, "client_id": AndroidClientID}).fails(400, 108)
	legacy(map[string]any{"refresh_token": refresh}).ok()
	legacy(map[string]any{"refresh_token": refresh}).fails(400, 108)
	second := p.signIn(ReferenceClientID, "profile", h)
	legacy(map[string]any{"access_token": second.str("access_token")}).ok()
	legacy(map[string]any{"refresh_token_id": tokenID(second.str("refresh_token"))}).ok()
	if left := s.LiveTokens(); len(left) != 0 {
		t.Errorf("live tokens are left: %+v", left)
	}
}

func TestIntrospectionHintsAndTimes(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	tokens := p.signIn(ReferenceClientID, "profile", s.NewAccount("a@example.com", "password1"))
	ask := func(body map[string]any) answer { return p.post("/v1/introspect", "", body) }
	access := ask(map[string]any{"token": tokens.str("access_token")}).ok()
	if access.json["active"] != true || access.num("exp")-access.num("iat") != 86400000 || access.str("token_type") != "access_token" {
		t.Errorf("unexpected answer: %s", access.text)
	}
	refresh := ask(map[string]any{"token": tokens.str("refresh_token"), "token_type_hint": "refresh_token"}).ok()
	if refresh.json["exp"] != nil || refresh.json["fxa-lastUsedAt"] == nil || refresh.num("iat") < 1e12 {
		t.Errorf("unexpected answer: %s", refresh.text)
	}
	for _, body := range []map[string]any{
		{"token": tokens.str("refresh_token"), "token_type_hint": "access_token"},
		{"token": tokens.str("access_token"), "token_type_hint": "refresh_token"},
		{"token": "garbage"},
		{"token": strings.Repeat("0", 64)},
		{"token": "a.b.c"},
	} {
		if got := ask(body).ok(); got.json["active"] != false || len(got.json) != 1 {
			t.Errorf("%v: %s", body, got.text)
		}
	}
	ask(map[string]any{"token": tokens.str("access_token"), "token_type_hint": "x"}).fails(400, 109)
	s.Clock.Advance(24 * time.Hour)
	if got := ask(map[string]any{"token": tokens.str("access_token")}).ok(); got.json["active"] != false {
		t.Errorf("an expired token is active: %s", got.text)
	}
}

func TestClientRoutes(t *testing.T) {
	t.Parallel()
	p := newPeer(t, New(t))
	if got := p.get("/v1/client/"+AndroidClientID, "").ok(); got.str("name") == "" || got.json["trusted"] != true {
		t.Errorf("unexpected client: %s", got.text)
	}
	p.get("/v1/client/0123456789abcdef", "").fails(400, 101)
	p.get("/v1/oauth/client/0123456789abcdef", "").fails(400, 162)
	p.post("/v1/authorization", "", map[string]any{"client_id": ReferenceClientID, "assertion": "x"}).fails(401, 104)
	got := p.get("/v1/authorization?client_id="+ReferenceClientID+"&state=x", "")
	if got.status != 302 || !strings.HasSuffix(got.header.Get("Location"), "/authorization?client_id="+ReferenceClientID+"&state=x") {
		t.Errorf("unexpected redirect: %d %v", got.status, got.header)
	}
	p.get("/v1/authorization?keys_jwk=x", "").fails(400, 109)
}

func TestDeviceRoutesByRefreshToken(t *testing.T) {
	t.Parallel()
	s := New(t, WithClients(Client{ID: "aaaaaaaaaaaaaaaa", Name: "Other trusted", RedirectURIs: []string{"https://t.example/"}, Trusted: true, AllowedScopes: []string{scopeOldSync}}))
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	listed := p.signIn(ReferenceClientID, "profile", h).str("refresh_token")
	p.get("/v1/account/devices", "Bearer "+listed).ok()
	withSync := p.signIn("aaaaaaaaaaaaaaaa", scopeOldSync, h).str("refresh_token")
	p.get("/v1/account/devices", "Bearer "+withSync).ok()
	neither := p.signIn("aaaaaaaaaaaaaaaa", "profile", h).str("refresh_token")
	p.get("/v1/account/devices", "Bearer "+neither).fails(401, 110)
	if got := p.post("/v1/introspect", "", map[string]any{"token": neither}).ok(); got.json["active"] != true {
		t.Error("the refused token is alive")
	}
	if got := p.get("/v1/account/devices", "Bearer xyz").fails(400, 107); got.json["validation"] != "authorization" {
		t.Errorf("unexpected validation: %s", got.text)
	}
	p.get("/v1/account/devices", "Bearer "+strings.Repeat("0", 64)).fails(401, 110)
	p.get("/v1/account/devices", "").fails(401, 110)
	p.get("/v1/account/attached_clients", "Bearer "+listed).fails(401, 110)

	strict := New(t, ListedDeviceClients(), WithClients(Client{ID: "aaaaaaaaaaaaaaaa", Name: "Other", RedirectURIs: []string{"https://t.example/"}, Trusted: true, AllowedScopes: []string{scopeOldSync}}))
	q := newPeer(t, strict)
	token := q.signIn("aaaaaaaaaaaaaaaa", scopeOldSync, strict.NewAccount("a@example.com", "password1")).str("refresh_token")
	q.get("/v1/account/devices", "Bearer "+token).fails(401, 110)
}

func TestJWTsAndKeyRotation(t *testing.T) {
	t.Parallel()
	s := New(t)
	s.ChangeClient(ReferenceClientID, func(c *Client) { c.JWTAccessTokens = true })
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	tokens := p.signIn(ReferenceClientID, "openid profile", h)
	if len(tokens.str("access_token")) > 1024 || strings.Count(tokens.str("access_token"), ".") != 2 {
		t.Errorf("not a JWT within 1024 characters: %s", tokens.str("access_token"))
	}
	check := map[string]any{"client_id": ReferenceClientID, "id_token": tokens.str("id_token")}
	claims := p.post("/v1/oauth/id-token-verify", "", check).ok()
	if claims.str("sub") != h.UID() || claims.str("iss") != s.URL() || claims.num("exp")-claims.num("iat") != 300 || claims.num("auth_time") < 1e9 {
		t.Errorf("unexpected claims: %s", claims.text)
	}
	if got := p.get("/v1/profile", "Bearer "+tokens.str("access_token")).ok(); got.str("sub") != h.UID() {
		t.Errorf("openid adds sub: %s", got.text)
	}
	p.post("/v1/oauth/id-token-verify", "", with(check, "client_id", AndroidClientID)).fails(400, 108)
	p.post("/v1/oauth/id-token-verify", "", with(check, "id_token", tokens.str("id_token")+"x")).fails(400, 108)

	next := s.AnnounceKey()
	if keys := p.get("/v1/jwks", "").ok().json["keys"].([]any); len(keys) != 2 {
		t.Fatalf("%d keys, want 2", len(keys))
	}
	if got := s.RotateKey(); got != next {
		t.Errorf("key %s is in use, %s was announced", got, next)
	}
	p.post("/v1/oauth/id-token-verify", "", check).ok()
	s.DropPreviousKey()
	p.post("/v1/oauth/id-token-verify", "", check).fails(400, 108)
	p.get("/v1/profile", "Bearer "+tokens.str("access_token")).fails(401, 100)

	again := p.signIn(ReferenceClientID, "openid profile", h).str("id_token")
	s.Clock.Advance(6 * time.Minute)
	check["id_token"] = again
	p.post("/v1/oauth/id-token-verify", "", check).fails(400, 108)
	p.post("/v1/oauth/id-token-verify", "", with(check, "expiry_grace_period", 120)).ok()
	var key map[string]any
	for _, k := range p.get("/v1/jwks", "").ok().json["keys"].([]any) {
		key, _ = k.(map[string]any)
	}
	kid, _ := key["kid"].(string)
	if key["kty"] != "RSA" || key["use"] != "sig" || key["alg"] != "RS256" || len(kid) != 43 || key["fxa-createdAt"] == nil || key["d"] != nil {
		t.Errorf("unexpected key: %v", key)
	}
}
