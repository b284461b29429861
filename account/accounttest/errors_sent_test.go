package accounttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
)

// routeOfSpace is a route whose errors are of the space.
var routeOfSpace = map[errno.Space]string{errno.AuthSpace: "/v1/session/status", errno.OAuthSpace: "/v1/jwks", errno.ProfileSpace: "/v1/profile"}

// TestEveryNumberCanBeSent arms every number of every space with its own
// status and reads it back from the wire.
func TestEveryNumberCanBeSent(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	sent := 0
	for sp, path := range routeOfSpace {
		for errno, row := range errno.Tables[sp] {
			s.Faults.Next(path, row.Status, Errno(errno))
			got := p.get(path, "").fails(row.Status, errno)
			if got.str("error") != row.Phrase || got.str("message") != row.Message {
				t.Errorf("space %d, %d: %s", sp, errno, got.text)
			}
			if got.json["retryAfter"] != nil || got.header.Get("Retry-After") != "" {
				t.Errorf("space %d, %d: a wait nobody asked for: %s", sp, errno, got.text)
			}
			sent++
		}
	}
	if sent < 80 {
		t.Errorf("only %d numbers", sent)
	}
	// A number outside the tables is sent as it is.
	s.Faults.Next("/v1/profile", 418, Errno(31337))
	p.get("/v1/profile", "").fails(418, 31337)
}

// TestNumbersThatServersDisagreeAbout: the same number with the statuses
// different servers give it.
func TestNumbersThatServersDisagreeAbout(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	for _, c := range []struct{ status, errno int }{
		{404, 116},
		{410, 116},
		{503, 202},
		{403, 202},
		{500, 151},
		{422, 151},
		{401, 171},
		{500, 162},
		{401, 111},
		{403, 112},
		{400, 115},
		{404, 999},
		{415, 999},
		{429, 216},
		{400, 122},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.status, c.errno), func(t *testing.T) {
			s.Faults.Next("POST /v1/oauth/token", c.status, Errno(c.errno))
			p.in(t).post("/v1/oauth/token", "", map[string]any{}).fails(c.status, c.errno)
		})
	}
}

// TestWhatTheServiceRefusesByItself reaches each error number that a request
// can bring about, with the extras documented for it.
func TestWhatTheServiceRefusesByItself(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("Person@example.com", "password1")
	session := p.session(h)
	own := p.post("/v1/account/device", session, map[string]any{"name": "Me", "availableCommands": sendTab}).ok().str("id")
	second := p.session(h)
	p.post("/v1/account/device", second, map[string]any{"name": "Second"}).ok()
	unconfirmed := s.NewAccount("new@example.com", "password1")
	unconfirmed.SetVerified(false)
	unconfirmedSession := p.session(unconfirmed)
	doubtful := s.NewAccount("doubt@example.com", "password1")
	doubtfulSession := p.session(doubtful)
	doubtful.UnverifySessions()
	f := newFlow(ReferenceClientID, "profile")
	code := f.redeem(p.approve(f, h))
	authorization := map[string]any{
		"client_id": f.client, "scope": f.scope, "state": "s", "code_challenge": f.challenge(), "code_challenge_method": "S256",
	}
	credentials := map[string]any{"client_id": DesktopClientID, "scope": "profile"}
	command := map[string]any{"target": own, "command": commandOpenURI, "payload": map[string]any{}}
	s.ChangeClient(IOSClientID, func(c *Client) { c.Disabled = true })
	authPW := func(email, password string) string { return hexOf(crypt.Stretch(email, password).AuthPW) }
	none := strings.Repeat("0", 64)

	for _, c := range []struct {
		name, path, credential string
		body                   any
		status, errno          int
		extras                 []string
	}{
		{"101 address taken", "/v1/account/create", "", map[string]any{"email": h.Email(), "authPW": none}, 400, 101, []string{"email"}},
		{"102 no account", "/v1/account/login", "", map[string]any{"email": "x@example.com", "authPW": none}, 400, 102, []string{"email"}},
		{"103 wrong password", "/v1/account/login", "", map[string]any{"email": h.Email(), "authPW": none}, 400, 103, []string{"email"}},
		{"104 account not confirmed", "/v1/oauth/token", unconfirmedSession, credentials, 400, 104, nil},
		{"105 wrong code of the mail", "/v1/recovery_email/verify_code", "", map[string]any{"uid": h.UID(), "code": none[:32]}, 400, 105, nil},
		{"107 invalid parameter", "/v1/account/device", session, map[string]any{"type": 5}, 400, 107, []string{"validation"}},
		{"108 missing parameter", "/v1/account/device/destroy", session, map[string]any{}, 400, 108, []string{"param"}},
		{"110 no token", "/v1/account/device", "", map[string]any{}, 401, 110, nil},
		{"113 body too large", "/v1/account/device", session, strings.Repeat(" ", maxBody+1), 413, 113, nil},
		{"120 other letter case", "/v1/account/login", "", map[string]any{"email": "person@example.com", "authPW": authPW("person@example.com", "password1")}, 400, 120, []string{"email"}},
		{"123 unknown device", "/v1/account/device/destroy", session, map[string]any{"id": none[:32]}, 400, 123, nil},
		{"124 another device", "/v1/account/device", second, map[string]any{"id": own}, 400, 124, []string{"deviceId"}},
		{"138 session not confirmed", "/v1/account/attached_client/destroy", doubtfulSession, map[string]any{"clientId": f.client}, 400, 138, nil},
		{"157 command not offered", "/v1/account/devices/invoke_command", session, with(command, "command", "x"), 400, 157, nil},
		{"162 unknown client", "/v1/oauth/authorization", session, with(authorization, "client_id", "0000000000000000"), 400, 162, []string{"clientId"}},
		{"163 scope not allowed", "/v1/oauth/authorization", session, with(authorization, "scope", "https://x.example/y"), 400, 163, []string{"invalidScopes"}},
		{"166 not public", "/v1/oauth/authorization", session, with(authorization, "client_id", ConfidentialClientID), 400, 166, []string{"clientId"}},
		{"167 redirect", "/v1/oauth/authorization", session, with(authorization, "redirect_uri", "https://x.example/"), 400, 167, []string{"redirectUri"}},
		{"168 response type", "/v1/oauth/authorization", session, with(authorization, "response_type", "id_token"), 400, 168, nil},
		{"169 no PKCE", "/v1/oauth/authorization", session, without(authorization, "code_challenge", "code_challenge_method"), 400, 169, nil},
		{"170 level too low", "/v1/oauth/authorization", session, with(authorization, "acr_values", "AAL2"), 400, 170, []string{"foundValue"}},
		{"171 wrong secret", "/v1/oauth/destroy", "", map[string]any{"client_id": ConfidentialClientID, "client_secret": none, "token": none}, 400, 171, []string{"clientId"}},
		{"172 unknown code", "/v1/oauth/token", "", with(code, "code", none), 400, 172, []string{"requestCode"}},
		{"173 code of another", "/v1/oauth/token", "", with(code, "client_id", AndroidClientID), 400, 173, []string{"requestCode", "client"}},
		{"175 verifier does not fit", "/v1/oauth/token", "", with(code, "code_verifier", strings.Repeat("v", 64)), 400, 175, []string{"requestCodeChallenge"}},
		{"183 wrong short code", "/v1/session/verify_code", session, map[string]any{"code": "1"}, 400, 183, nil},
		{"204 client off", "/v1/oauth/authorization", session, with(authorization, "client_id", IOSClientID), 503, 204, []string{"clientId", "retryAfter"}},
		{"112 exchange forbidden", "/v1/oauth/token", "", nil, 403, 112, nil},
		{"999 broken JSON", "/v1/account/device", session, `{"name":`, 400, 999, nil},
		{"999 other content", "/v1/account/status", "", formBody, 415, 999, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := p.in(t)
			if c.errno == 112 {
				c.body = exchangeOf(q.signIn(DesktopClientID, "profile", h).str("refresh_token"), scopeOldSync)
			}
			got := q.post(c.path, c.credential, c.body).fails(c.status, c.errno)
			for _, extra := range c.extras {
				if got.json[extra] == nil {
					t.Errorf("no %s in %s", extra, got.text)
				}
			}
			if len(c.extras) == 0 && len(got.json) != 5 {
				t.Errorf("surplus members in %s", got.text)
			}
		})
	}
	s.Clock.Advance(codeLifetime)
	if got := p.post("/v1/oauth/token", "", code).fails(400, 174); got.json["expiredAt"] == nil || got.json["requestCode"] == nil {
		t.Errorf("174 without its extras: %s", got.text)
	}
	s.Clock.Advance(time.Hour)
	if got := p.post("/v1/oauth/authorization", session, with(authorization, "max_age", 10)).fails(400, 164); got.json["authAt"] == nil {
		t.Errorf("164 without authAt: %s", got.text)
	}
}

// TestOAuthNumbersByThemselves reaches the numbers of the oauth space.
func TestOAuthNumbersByThemselves(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	f := newFlow(ReferenceClientID, "profile")
	code := f.redeem(p.approve(f, h))
	tokens := p.signIn(AndroidClientID, "profile:uid", h)
	none := strings.Repeat("0", 64)
	renewal := map[string]any{"grant_type": grantRefresh, "client_id": AndroidClientID, "refresh_token": tokens.str("refresh_token")}
	for _, c := range []struct {
		name, path    string
		body          any
		status, errno int
		extra         string
	}{
		{"101 unknown client", "/v1/token", with(code, "client_id", "0000000000000000"), 400, 101, "clientId"},
		{"102 secret of a public client", "/v1/token", with(renewal, "client_secret", none), 400, 102, "clientId"},
		{"103 redirect", "/v1/token", with(code, "redirect_uri", "https://x.example/"), 400, 103, "redirectUri"},
		{"104 no identity", "/v1/token", map[string]any{"grant_type": grantCredentials, "client_id": DesktopClientID, "scope": "profile"}, 401, 104, ""},
		{"104 assertion", "/v1/key-data", map[string]any{"client_id": f.client, "scope": scopeOldSync, "assertion": "x"}, 401, 104, ""},
		{"105 unknown code", "/v1/token", with(code, "code", none), 400, 105, "requestCode"},
		{"106 code of another", "/v1/token", with(code, "client_id", AndroidClientID), 400, 106, "requestCode"},
		{"108 unknown refresh token", "/v1/token", with(renewal, "refresh_token", none), 400, 108, ""},
		{"108 unknown token destroyed", "/v1/destroy", map[string]any{"token": none}, 400, 108, ""},
		{"108 bad id token", "/v1/oauth/id-token-verify", map[string]any{"client_id": f.client, "id_token": "a.b.c"}, 400, 108, ""},
		{"109 missing", "/v1/verify", map[string]any{}, 400, 109, "validation"},
		{"113 content type", "/v1/token", xmlBody, 415, 113, ""},
		{"114 scope", "/v1/token", with(renewal, "scope", "https://x.example/y"), 400, 114, "invalidScopes"},
		{"116 confidential with PKCE", "/v1/token", with(code, "client_id", ConfidentialClientID), 400, 116, "clientId"},
		{"117 verifier", "/v1/token", with(code, "code_verifier", strings.Repeat("v", 43)), 400, 117, "requestCodeChallenge"},
		{"118 no verifier", "/v1/token", without(code, "code_verifier"), 400, 118, ""},
		{"999 broken JSON", "/v1/introspect", `{`, 400, 999, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := p.in(t)
			got := q.post(c.path, "", c.body).fails(c.status, c.errno)
			if c.extra != "" && got.json[c.extra] == nil {
				t.Errorf("no %s in %s", c.extra, got.text)
			}
		})
	}
	s.Clock.Advance(codeLifetime)
	p.post("/v1/token", "", code).fails(400, 107)
	s.Clock.Advance(24 * time.Hour)
	p.post("/v1/verify", "", map[string]any{"token": tokens.str("access_token")}).fails(400, 115)
	s.ChangeClient(AndroidClientID, func(c *Client) { c.Disabled = true })
	off := p.post("/v1/token", "", renewal).fails(503, 202)
	if off.header.Get("Retry-After") != "" || off.json["clientId"] != AndroidClientID {
		t.Errorf("the oauth space has no wait here: %v %s", off.header, off.text)
	}
}
