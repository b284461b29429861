package accounttest

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// rowsBy indexes attached clients by a member.
func rowsBy(list []map[string]any, member string) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, row := range list {
		if key, ok := row[member].(string); ok {
			out[key] = row
		}
	}
	return out
}

func TestAttachedClientsMergeEverything(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	sessionID := strings.TrimPrefix(session, "Bearer fxs_")
	phone := p.signIn(AndroidClientID, everything, h)
	site := p.signIn(UntrustedClientID, "profile:uid", h)
	p.post("/v1/oauth/token", session, map[string]any{"client_id": DesktopClientID, "scope": "profile"}).ok()

	list := p.get("/v1/account/attached_clients", session).ok().list()
	byClient := rowsBy(list, "clientId")
	android, untrusted, desktop := byClient[AndroidClientID], byClient[UntrustedClientID], byClient[DesktopClientID]
	if android["deviceId"] != h.Devices()[0].ID || android["sessionTokenId"] == nil || android["scope"] != nil || android["deviceType"] == nil {
		t.Errorf("unexpected device row: %v", android)
	}
	if untrusted["refreshTokenId"] == nil || untrusted["deviceId"] != nil || untrusted["scope"] == nil || untrusted["name"] != "Untrusted application" {
		t.Errorf("unexpected grant row: %v", untrusted)
	}
	if desktop["refreshTokenId"] != nil || desktop["scope"] == nil {
		t.Errorf("unexpected access-token row: %v", desktop)
	}
	own := rowsBy(list, "sessionTokenId")[sessionID]
	if own["isCurrentSession"] != true || own["userAgent"] != "" || own["deviceType"] != nil {
		t.Errorf("unexpected own row: %v", own)
	}
	for _, row := range list {
		for _, member := range []string{"clientId", "deviceId", "sessionTokenId", "refreshTokenId", "deviceType", "scope", "os", "location", "createdTime"} {
			if _, ok := row[member]; !ok {
				t.Errorf("no member %s in %v", member, row)
			}
		}
	}
	oauth := p.get("/v1/account/attached_oauth_clients", session).ok().list()
	if len(oauth) != 3 {
		t.Errorf("%d OAuth clients, want 3: %v", len(oauth), oauth)
	}

	destroy := func(body map[string]any) answer { return p.post("/v1/account/attached_client/destroy", session, body) }
	destroy(map[string]any{}).fails(400, 108)
	destroy(map[string]any{"refreshTokenId": untrusted["refreshTokenId"]}).fails(400, 108)
	destroy(map[string]any{"deviceId": strings.Repeat("0", 32)}).fails(400, 123)
	destroy(map[string]any{"deviceId": android["deviceId"], "refreshTokenId": strings.Repeat("0", 64), "clientId": AndroidClientID}).fails(400, 107)
	destroy(map[string]any{"sessionTokenId": strings.Repeat("0", 64)}).fails(400, 107)
	destroy(map[string]any{"clientId": UntrustedClientID, "refreshTokenId": strings.Repeat("0", 64)}).ok()
	p.post("/v1/introspect", "", map[string]any{"token": site.str("refresh_token")}).ok()
	destroy(map[string]any{
		"clientId": untrusted["clientId"], "refreshTokenId": untrusted["refreshTokenId"], "deviceId": nil, "sessionTokenId": nil,
	}).ok()
	if got := p.post("/v1/introspect", "", map[string]any{"token": site.str("refresh_token")}).ok(); got.json["active"] != false {
		t.Error("the grant is still active")
	}
	destroy(map[string]any{"clientId": DesktopClientID}).ok()
	destroy(map[string]any{"deviceId": android["deviceId"], "clientId": AndroidClientID, "refreshTokenId": android["refreshTokenId"], "sessionTokenId": android["sessionTokenId"]}).ok()
	p.get("/v1/account/devices", "Bearer "+phone.str("refresh_token")).fails(401, 110)
	destroy(map[string]any{"sessionTokenId": sessionID}).ok()
	p.get("/v1/session/status", session).fails(401, 110)
}

func TestIdleClientsAreFilteredOut(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	idle := p.session(h)
	p.post("/v1/account/device", idle, map[string]any{"name": "Idle"}).ok()
	s.Clock.Advance(22 * 24 * time.Hour)
	session := p.session(h)
	p.post("/v1/account/device", session, map[string]any{"name": "Busy"}).ok()
	since := "?filterIdleDevicesTimestamp=" + strconv.FormatInt(s.Clock.Now().Add(-21*24*time.Hour).UnixMilli(), 10)
	for path, want := range map[string]int{
		"/v1/account/devices": 2, "/v1/account/devices" + since: 1,
		"/v1/account/attached_clients": 2, "/v1/account/attached_clients" + since: 1,
	} {
		if got := p.get(path, session).ok().list(); len(got) != want {
			t.Errorf("%s: %d rows, want %d", path, len(got), want)
		}
	}
	p.get("/v1/account/devices?filterIdleDevicesTimestamp=x", session).fails(400, 107)
	if got := p.get("/v1/account/devices", session).ok().list()[0]["lastAccessTimeFormatted"]; got != "22 days ago" {
		t.Errorf("unexpected words: %v", got)
	}
}
