package accounttest

import (
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// mistake is a change of a good body and the number it must give.
type mistake struct {
	member string
	value  any // absent: the member is left out
	errno  int
}

type absentMember struct{}

var absent = absentMember{}

func (m mistake) apply(good map[string]any) map[string]any {
	if m.value == absent {
		return without(good, m.member)
	}
	return with(good, m.member, m.value)
}

// TestParametersOfEveryRoute holds each member of each request against its
// documented shape: missing is 108, wrong is 107.
func TestParametersOfEveryRoute(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	own := p.post("/v1/account/device", session, map[string]any{"name": "Me", "availableCommands": sendTab}).ok().str("id")
	point := crypt.B64(newFlow("k", "k").key.PublicKey().Bytes())
	long := func(n int) string { return strings.Repeat("x", n) }
	digits := func(n int) string { return strings.Repeat("0", n) }

	for _, c := range []struct {
		path       string
		credential string
		good       map[string]any
		mistakes   []mistake
	}{
		{"/v1/account/create", "", map[string]any{"email": "new@example.com", "authPW": digits(64)}, []mistake{
			{"email", absent, 108},
			{"email", "", 107},
			{"email", nil, 107},
			{"email", 5, 107},
			{"email", "no-at-sign", 107},
			{"email", "a b@example.com", 107},
			{"email", long(251) + "@x.de", 107},
			{"authPW", absent, 108},
			{"authPW", digits(63), 107},
			{"authPW", digits(65), 107},
			{"authPW", strings.Repeat("g", 64), 107},
			{"service", long(17), 107},
			{"service", "a b", 107},
			{"metricsContext", "x", 107},
		}},
		{"/v1/account/login", "", map[string]any{"email": "a@example.com", "authPW": hexOf(crypt.Stretch("a@example.com", "password1").AuthPW)}, []mistake{
			{"email", absent, 108},
			{"email", []string{"a@example.com"}, 107},
			{"authPW", absent, 108},
			{"authPW", true, 107},
			{"unblockCode", "123456789", 107},
			{"originalLoginEmail", "x", 107},
			{"service", "späße", 107},
			{"email", "other@example.com", 102},
			{"authPW", digits(64), 103},
			{"email", "A@example.com", 120},
		}},
		{"/v1/account/status", "", map[string]any{"email": "a@example.com"}, []mistake{{"email", absent, 108}, {"email", "x", 107}}},
		{"/v1/account/credentials/status", "", map[string]any{"email": "a@example.com"}, []mistake{{"email", absent, 108}, {"email", 1, 107}}},
		{"/v1/recovery_email/verify_code", "", map[string]any{"uid": h.UID(), "code": h.VerifyCode()}, []mistake{
			{"uid", absent, 108}, {"code", absent, 108}, {"uid", "x", 107}, {"code", digits(31), 107}, {"code", digits(32), 105}, {"uid", digits(32), 102},
		}},
		{"/v1/session/verify_code", session, map[string]any{"code": h.SessionCode()}, []mistake{
			{"code", absent, 108}, {"code", "12a", 107}, {"code", "", 107}, {"code", long(33), 107}, {"code", "99", 183},
		}},
		{"/v1/session/verify/totp", session, map[string]any{"code": "123456"}, []mistake{{"code", absent, 108}, {"code", "abc", 107}}},
		{"/v1/account/metrics_opt", session, map[string]any{"state": "in"}, []mistake{{"state", absent, 108}, {"state", "on", 107}, {"state", "inin", 107}}},
		{"/v1/account/device", session, map[string]any{
			"id": own, "name": "Me", "type": "desktop", "pushCallback": "https://example.com/p", "pushPublicKey": point,
			"pushAuthKey": "AAAAAAAAAAAAAAAAAAAAAA", "availableCommands": sendTab, "capabilities": []string{},
		}, []mistake{
			{"id", digits(31), 107},
			{"id", digits(32), 123},
			{"name", 1, 107},
			{"name", "line\nbreak", 107},
			{"name", "a\u2028b", 107},
			{"name", "a\u0085b", 107},
			{"name", "a\uf8ffb", 107},
			{"name", "a\ufffdb", 0},
			{"name", long(255), 0},
			{"name", long(256), 107},
			{"type", long(16), 0},
			{"type", long(17), 107},
			{"type", "", 107},
			{"type", 1, 107},
			{"pushCallback", absent, 107},
			{"pushPublicKey", absent, 107},
			{"pushAuthKey", absent, 107},
			{"pushCallback", "ftp://example.com/", 107},
			{"pushCallback", "example.com", 107},
			{"pushCallback", "https://", 107},
			{"pushCallback", "", 0},
			{"pushPublicKey", "AAAA", 107},
			{"pushPublicKey", "*", 107},
			{"pushPublicKey", long(89), 107},
			{"pushPublicKey", point + "=", 0},
			{"pushPublicKey", "", 0},
			{"pushAuthKey", long(25), 107},
			{"pushAuthKey", "*", 107},
			{"pushAuthKey", "", 0},
			{"availableCommands", nil, 107},
			{"availableCommands", "x", 107},
			{"availableCommands", map[string]any{"x": nil}, 0},
			{"availableCommands", map[string]any{"x": long(2048)}, 0},
			{"availableCommands", map[string]any{"x": long(2049)}, 107},
			{"capabilities", "x", 107},
			{"capabilities", nil, 107},
		}},
		{"/v1/account/devices/invoke_command", session, map[string]any{
			"target": own, "command": commandOpenURI, "payload": map[string]any{"encrypted": "x"}, "ttl": 10,
		}, []mistake{
			{"target", absent, 108},
			{"target", "x", 107},
			{"target", nil, 107},
			{"target", digits(32), 123},
			{"command", absent, 108},
			{"command", "", 107},
			{"command", "unknown", 157},
			{"command", strings.ToUpper(commandOpenURI), 157},
			{"payload", absent, 108},
			{"payload", nil, 107},
			{"payload", "text", 107},
			{"payload", 1, 107},
			{"payload", []any{}, 107},
			{"payload", map[string]any{}, 0},
			{"ttl", -1, 107},
			{"ttl", 1.5, 107},
			{"ttl", "10", 107},
			{"ttl", nil, 107},
			{"ttl", 10000000, 0},
			{"ttl", 10000001, 107},
			{"ttl", 0, 0},
		}},
		{"/v1/account/devices/notify", session, map[string]any{
			"to": "all", "excluded": []string{}, "TTL": 5, "payload": map[string]any{"version": 1, "command": "fxaccounts:profile_updated"},
		}, []mistake{
			{"to", absent, 108},
			{"to", "some", 107},
			{"to", []string{own}, 107},
			{"excluded", "x", 107},
			{"payload", absent, 107},
			{"payload", map[string]any{}, 107},
			{"payload", map[string]any{"version": 1, "command": "evil"}, 107},
			{"payload", map[string]any{"version": "1", "command": "fxaccounts:profile_updated"}, 107},
			{"TTL", -1, 107},
			{"TTL", "5", 107},
			{"_endpointAction", "other", 107},
		}},
		{"/v1/account/device/destroy", session, map[string]any{"id": own}, []mistake{{"id", absent, 108}, {"id", "x", 107}, {"id", nil, 107}, {"id", digits(32), 123}}},
		{"/v1/account/attached_client/destroy", session, map[string]any{"clientId": ReferenceClientID}, []mistake{
			{"clientId", absent, 108},
			{"clientId", "x", 107},
			{"clientId", "ABCDEF0123456789", 107},
			{"deviceId", "x", 107},
			{"deviceId", digits(32), 123},
			{"refreshTokenId", digits(63), 107},
			{"sessionTokenId", "x", 107},
			{"refreshTokenId", nil, 0},
		}},
		{"/v1/account/scoped-key-data", session, map[string]any{"client_id": ReferenceClientID, "scope": everything}, []mistake{
			{"client_id", absent, 108}, {"scope", absent, 108}, {"client_id", "x", 107}, {"scope", "a,b", 107}, {"scope", long(257), 107}, {"scope", 1, 107},
		}},
		{"/v1/oauth/destroy", "", map[string]any{"client_id": ReferenceClientID, "token": digits(64), "token_type_hint": "x"}, []mistake{
			{"client_id", absent, 108},
			{"token", absent, 108},
			{"token", "x", 107},
			{"token", strings.Repeat("A", 64), 107},
			{"token", "a.b.c", 0},
			{"token_type_hint", long(65), 107},
			{"client_secret", "x", 107},
			{"client_secret", digits(64), 171},
		}},
		{"/v1/session/duplicate", session, map[string]any{}, []mistake{{"reason", "migration", 0}}},
	} {
		t.Run(strings.TrimPrefix(c.path, "/v1/"), func(t *testing.T) {
			p := &peer{t: t, s: s, http: p.http}
			if c.credential != "" {
				c.credential = session
			}
			for _, m := range c.mistakes {
				got := p.post(c.path, c.credential, m.apply(c.good))
				if m.errno == 0 {
					if got.status != 200 {
						t.Errorf("%s = %.40v is good, got %d %s", m.member, m.value, got.status, got.text)
					}
					continue
				}
				if got.json["errno"] != float64(m.errno) || got.status != 400 {
					t.Errorf("%s = %.40v: got %d %s, want 400/%d", m.member, m.value, got.status, got.text, m.errno)
					continue
				}
				if m.errno == 108 && got.json["param"] != m.member {
					t.Errorf("%s is missing, param says %v", m.member, got.json["param"])
				}
				if m.errno == 107 && got.json["validation"] == nil {
					t.Errorf("%s: no validation in %s", m.member, got.text)
				}
			}
			if !strings.HasSuffix(c.path, "/create") {
				p.post(c.path, c.credential, c.good).ok()
			}
			if c.path == "/v1/account/device/destroy" { // its session went with it
				p.get("/v1/session/status", session).fails(401, 110)
				session = p.session(h)
			}
		})
	}
}

// TestOAuthSpaceParameters: the oauth server has one number for both faults.
func TestOAuthSpaceParameters(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	for path, c := range map[string]struct {
		good     map[string]any
		mistakes []mistake
	}{
		"/v1/introspect": {map[string]any{"token": "x"}, []mistake{
			{"token", absent, 109}, {"token", nil, 109}, {"token", 1, 109}, {"token", strings.Repeat("x", 1025), 109}, {"token_type_hint", "x", 109}, {"token_type_hint", "access_token", 0},
		}},
		"/v1/verify":                {nil, []mistake{{"token", absent, 109}, {"token", "x", 109}, {"token", strings.Repeat("0", 64), 108}}},
		"/v1/oauth/id-token-verify": {nil, []mistake{{"client_id", absent, 109}, {"client_id", "x", 109}}},
		"/v1/key-data":              {nil, []mistake{{"client_id", absent, 109}}},
		"/v1/token": {nil, []mistake{
			{"client_id", absent, 109}, {"client_id", "x", 109}, {"grant_type", "x", 109}, {"code", "x", 109},
		}},
	} {
		for _, m := range c.mistakes {
			good := c.good
			if good == nil {
				good = map[string]any{}
			}
			got := p.post(path, "", m.apply(good))
			if m.errno == 0 {
				got.ok()
			} else if got.status != 400 || got.json["errno"] != float64(m.errno) {
				t.Errorf("%s, %s = %v: %d %s", path, m.member, m.value, got.status, got.text)
			}
		}
	}
}
