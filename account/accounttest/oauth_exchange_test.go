package accounttest

import (
	"strings"
	"testing"
	"time"
)

func exchangeOf(token, scope string) map[string]any {
	return map[string]any{"grant_type": grantExchange, "subject_token": token, "subject_token_type": subjectRefresh, "scope": scope}
}

func TestExchangeRefusals(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	phone := p.signIn(AndroidClientID, scopeOldSync, h).str("refresh_token")
	desktop := p.signIn(DesktopClientID, "profile", h).str("refresh_token")
	off := p.signIn(IOSClientID, "profile", h).str("refresh_token")
	s.ChangeClient(IOSClientID, func(c *Client) { c.Disabled = true })
	good := exchangeOf(phone, "profile")
	for _, c := range []struct {
		name               string
		body               map[string]any
		status, auth       int
		oauthStatus, oauth int
	}{
		{"with client id", with(good, "client_id", AndroidClientID), 400, 107, 400, 109},
		{"no subject", without(good, "subject_token"), 400, 108, 400, 109},
		{"no type", without(good, "subject_token_type"), 400, 108, 400, 109},
		{"access token as subject", with(good, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), 400, 107, 400, 109},
		{"no scope", without(good, "scope"), 400, 108, 400, 109},
		{"broken subject", with(good, "subject_token", "xyz"), 400, 107, 400, 109},
		{"unknown subject", with(good, "subject_token", strings.Repeat("0", 64)), 401, 110, 400, 108},
		{"foreign scope", with(good, "scope", "https://identity.mozilla.com/apps/notes"), 403, 112, 403, 112},
		{"client not listed", with(good, "subject_token", desktop), 403, 112, 403, 112},
		{"client switched off", with(good, "subject_token", off), 503, 204, 503, 202},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := p.in(t)
			q.post("/v1/oauth/token", "", c.body).fails(c.status, c.auth)
			q.post("/v1/token", "", c.body).fails(c.oauthStatus, c.oauth)
		})
	}
	p.post("/v1/token", "", good).ok() // none of them used the token up
}

func TestExchangeGivesOldAndNewScopes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, have, ask, want string
		devices               int
	}{
		{"adds", scopeOldSync, "profile", scopeOldSync + " profile", 1},
		{"held already", scopeOldSync, scopeOldSync, scopeOldSync, 1},
		{"two at once", "profile:uid", "profile " + scopeOldSync, "profile:uid profile " + scopeOldSync, 1},
		{"implied by a held one", "profile", "profile:email", "profile profile:email", 0},
		{"same twice", "profile", "profile profile", "profile", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, p, h := newStage(t)
			first := p.signIn(AndroidClientID, c.have, h)
			got := p.post("/v1/oauth/token", "", with(exchangeOf(first.str("refresh_token"), c.ask), "ttl", 600)).ok()
			if got.str("scope") != c.want || got.num("expires_in") != 600 || got.str("token_type") != "bearer" {
				t.Errorf("granted %s", got.text)
			}
			for _, member := range []string{"keys_jwe", "id_token", "session_token", "auth_at"} {
				if got.json[member] != nil {
					t.Errorf("an exchange gave %s", member)
				}
			}
			if n := len(h.Devices()); n != c.devices {
				t.Errorf("%d device records, want %d", n, c.devices)
			}
			p.post("/v1/introspect", "", map[string]any{"token": first.str("refresh_token")}).inactive()
			p.get("/v1/profile", "Bearer "+first.str("access_token")) // lives on until it expires
			renewed := p.post("/v1/introspect", "", map[string]any{"token": got.str("refresh_token")}).ok()
			if renewed.json["active"] != true || renewed.str("scope") != c.want || renewed.str("client_id") != AndroidClientID {
				t.Errorf("the new token: %s", renewed.text)
			}
			access := p.post("/v1/verify", "", map[string]any{"token": got.str("access_token")}).ok()
			if access.str("user") != h.UID() || access.str("client_id") != AndroidClientID {
				t.Errorf("the new access token: %s", access.text)
			}
		})
	}
}

// inactive wants the answer of a token that is dead.
func (a answer) inactive() {
	a.t.Helper()
	if a.ok(); a.json["active"] != false || len(a.json) != 1 {
		a.t.Errorf("not just inactive: %s", a.text)
	}
}

func TestExchangeTellsTheOthersAboutANewDevice(t *testing.T) {
	t.Parallel()
	_, p, h := newStage(t)
	g := p.watcher(h, "desk")
	token := p.signIn(AndroidClientID, "profile", h).str("refresh_token")
	if len(h.Devices()) != 1 {
		t.Fatalf("a profile grant made a device: %+v", h.Devices())
	}
	token = p.post("/v1/oauth/token", "", exchangeOf(token, scopeOldSync)).ok().str("refresh_token")
	message := g.next()
	if message["command"] != "fxaccounts:device_connected" || message["data"].(map[string]any)["deviceName"] != "Firefox for Android" {
		t.Errorf("pushed %v", message)
	}
	own := p.get("/v1/account/devices", "Bearer "+token).ok().list()
	if len(own) != 2 || own[0]["isCurrentDevice"] == own[1]["isCurrentDevice"] {
		t.Errorf("devices %v", own)
	}
}

// TestRefusedExchangesAreThrottled: refusals count, exchanges that go through
// do not, and each grant counts for itself.
func TestRefusedExchangesAreThrottled(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	ask := func(token, scope string) answer { return p.post("/v1/oauth/token", "", exchangeOf(token, scope)) }
	token := p.signIn(AndroidClientID, "profile", h).str("refresh_token")
	for range 2 * exchangeRefusals {
		token = ask(token, "profile").ok().str("refresh_token")
	}
	for range exchangeRefusals {
		ask(token, "https://x.example/").fails(403, 112)
	}
	ask(token, "https://x.example/").fails(403, 112) // this one starts the block
	got := ask(token, "profile").fails(429, 114)
	if got.header.Get("Retry-After") != "900" || got.num("retryAfter") != 900000 {
		t.Errorf("wait %s, body %v", got.header.Get("Retry-After"), got.json["retryAfter"])
	}
	p.post("/v1/token", "", exchangeOf(token, "profile")).fails(429, 114)

	other := p.signIn(IOSClientID, "profile", h).str("refresh_token")
	ask(other, scopeOldSync).ok()
	p.post("/v1/oauth/token", "", map[string]any{"grant_type": grantRefresh, "client_id": AndroidClientID, "refresh_token": token}).ok()
	s.Clock.Advance(exchangeWindow - time.Second)
	ask(token, "profile").fails(429, 114)
	s.Clock.Advance(time.Second)
	ask(token, scopeOldSync).ok()

	for range exchangeRefusals + 1 {
		ask(strings.Repeat("0", 64), "profile").fails(401, 110)
	}
	ask(strings.Repeat("1", 64), "profile").fails(429, 114)
}

// TestSlowRefusalsAreNotThrottled: only refusals close together count.
func TestSlowRefusalsAreNotThrottled(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	token := p.signIn(AndroidClientID, "profile", s.NewAccount("a@example.com", "password1")).str("refresh_token")
	for range 3 * exchangeRefusals {
		p.post("/v1/oauth/token", "", exchangeOf(token, "https://x.example/")).fails(403, 112)
		s.Clock.Advance(exchangeWindow / 4)
	}
}
