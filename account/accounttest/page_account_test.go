package accounttest

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var disconnectKey = regexp.MustCompile(`name="key" value="([^"]+)"`)

// TestSettingsDisconnectsEachKindOfRow: devices, grants, sessions and clients
// that only hold access tokens.
func TestSettingsDisconnectsEachKindOfRow(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	phone := p.signIn(AndroidClientID, everything, h)
	site := p.signIn(UntrustedClientID, "profile:uid", h)
	session := p.session(h)
	desktop := p.post("/v1/oauth/token", session, map[string]any{"client_id": DesktopClientID, "scope": "profile"}).ok()
	stranger := s.NewAccount("b@example.com", "password1")
	foreign := p.signIn(AndroidClientID, everything, stranger)
	b := newBrowser(t, s)
	b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"password1"}})
	dead := map[string]func() bool{
		"phone":   func() bool { return p.get("/v1/account/devices", "Bearer "+phone.str("refresh_token")).status == 401 },
		"site":    func() bool { return p.get("/v1/profile", "Bearer "+site.str("access_token")).status == 401 },
		"session": func() bool { return p.get("/v1/session/status", session).status == 401 },
		"desktop": func() bool { return p.get("/v1/profile", "Bearer "+desktop.str("access_token")).status == 401 },
	}
	for name, key := range map[string]string{
		"phone": "0" + h.Devices()[0].ID, "session": "2" + strings.TrimPrefix(session, "Bearer fxs_"), "desktop": "3" + DesktopClientID,
	} {
		if dead[name]() {
			t.Fatalf("%s was dead before", name)
		}
		if got := b.post("/settings/clients/disconnect", "", url.Values{"key": {key}}).redirected(); got.Path != "/settings" {
			t.Errorf("leads to %s", got)
		}
		if !dead[name]() {
			t.Errorf("%s lives on", name)
		}
	}
	rows := disconnectKey.FindAllStringSubmatch(b.get("/settings", "").text, -1)
	if len(rows) != 2 { // the site's grant and the browser's own session
		t.Errorf("%d rows are left: %v", len(rows), rows)
	}
	if dead["site"]() {
		t.Error("the site's token ended by itself")
	}
	for _, row := range rows {
		if strings.HasPrefix(row[1], "1") {
			b.post("/settings/clients/disconnect", "", url.Values{"key": {row[1]}})
		}
	}
	p.post("/v1/introspect", "", map[string]any{"token": site.str("refresh_token")}).inactive()
	// Keys of other accounts, of nothing, and forms of a browser that is signed out.
	for _, key := range []string{"0" + stranger.Devices()[0].ID, "", "nonsense"} {
		b.post("/settings/clients/disconnect", "", url.Values{"key": {key}})
	}
	newBrowser(t, s).post("/settings/clients/disconnect", "", url.Values{"key": {"0" + stranger.Devices()[0].ID}})
	p.get("/v1/account/devices", "Bearer "+foreign.str("refresh_token")).ok()
}

// TestSettingsName: the new name reaches the profile and the devices.
func TestSettingsName(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	g := p.watcher(h, "desk")
	access := "Bearer " + p.signIn(ReferenceClientID, "profile", h).str("access_token")
	b := newBrowser(t, s)
	b.post("/settings/name", "", url.Values{"name": {"nobody is signed in"}})
	if got := p.get("/v1/display_name", access); got.status != 204 {
		t.Errorf("a stranger named the account: %d %s", got.status, got.text)
	}
	b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"password1"}})
	for _, c := range []struct {
		name, given, want string
		told              bool
	}{
		{"a name", "Ada 🦊", "Ada 🦊", true},
		{"too long", strings.Repeat("n", 257), "Ada 🦊", false},
		{"the longest", strings.Repeat("n", 256), strings.Repeat("n", 256), true},
		{"none", "", "", true},
	} {
		b.post("/settings/name", "", url.Values{"name": {c.given}}).redirected()
		if got := p.get("/v1/profile", access).ok(); c.want != "" && got.str("displayName") != c.want || c.want == "" && got.json["displayName"] != nil {
			t.Errorf("%s: %s", c.name, got.text)
		}
		if c.told {
			if message := g.next(); message["command"] != "fxaccounts:profile_updated" {
				t.Errorf("%s: pushed %v", c.name, message)
			}
		}
	}
}

// TestSettingsAreOfOneBrowser: cookies are not shared, and end with the
// session.
func TestSettingsAreOfOneBrowser(t *testing.T) {
	t.Parallel()
	s, _, h := newStage(t)
	signIn := func() *peer {
		b := newBrowser(t, s)
		got := b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"password1"}})
		cookie := got.header.Get("Set-Cookie")
		if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") || strings.Contains(cookie, h.UID()) {
			t.Errorf("cookie %s", cookie)
		}
		return b
	}
	in := func(b *peer) bool { return strings.Contains(b.get("/settings", "").text, h.UID()) }
	b := signIn()
	if !in(b) || in(newBrowser(t, s)) {
		t.Error("the cookie decides who is signed in")
	}
	for name, end := range map[string]func(b *peer){
		"signing out":     func(b *peer) { b.post("/settings/signout", "", url.Values{}) },
		"password change": func(*peer) { h.ChangePassword("password1") },
		"revocation":      func(*peer) { h.RevokeSessions() },
		"four weeks":      func(*peer) { s.Clock.Advance(sessionLifetime + time.Second) },
	} {
		b := signIn()
		if !in(b) {
			t.Fatalf("%s: not signed in", name)
		}
		if end(b); in(b) {
			t.Errorf("%s does not end the browser's session", name)
		}
	}
}

// TestOtherPages: what has no part in signing in.
func TestOtherPages(t *testing.T) {
	t.Parallel()
	s, p, _ := newStage(t)
	for path, c := range map[string]struct {
		status      int
		kind, words string
	}{
		"/oauth/success/" + ReferenceClientID: {200, "text/html; charset=utf-8", "go back to the application"},
		"/settings/avatar/change":             {200, "text/html; charset=utf-8", "Sign in"},
		"/connect_another_device":             {200, "text/html; charset=utf-8", "/pair"},
		"/pair/":                              {200, "text/html; charset=utf-8", "takes no part in pairing"},
		"/static/style.css":                   {200, "text/css; charset=utf-8", "{"},
		"/static/webchannel.js":               {200, "text/javascript; charset=utf-8", "fxaccounts:"},
		"/static/signin.html":                 {404, "", ""},
		"/static/none.css":                    {404, "", ""},
		"/static/..%2fdoc.go":                 {404, "", ""},
		"/__heartbeat__":                      {200, "application/json; charset=utf-8", "ok"},
		"/__lbheartbeat__":                    {200, "application/json; charset=utf-8", "ok"},
		"/__version__":                        {200, "application/json; charset=utf-8", "version"},
		"/token/1.0/sync/1.5":                 {503, "application/json", "errors"},
		"/pair/auth/complete":                 {302, "", ""},
		"/pair/auth/wait_for_supp":            {302, "", ""},
		"/pair/supp/allow":                    {302, "", ""},
	} {
		got := p.get(path, "")
		if got.status != c.status || c.kind != "" && got.header.Get("Content-Type") != c.kind || !strings.Contains(got.text, c.words) {
			t.Errorf("%s: %d %s %s", path, got.status, got.header.Get("Content-Type"), got.text)
		}
		if got.status == 302 && got.header.Get("Location") != "/pair/failure" {
			t.Errorf("%s leads to %s", path, got.header.Get("Location"))
		}
	}
	pairing := func(client string) answer {
		return p.get("/oauth?"+url.Values{"client_id": {client}, "redirect_uri": {pairRedirect}, "channel_id": {"abc"}, "email": {"a@example.com"}}.Encode(), "")
	}
	for client, status := range map[string]int{AndroidClientID: 200, IOSClientID: 200, ReferenceClientID: 200, UntrustedClientID: 400, "0000000000000000": 400} {
		if got := pairing(client); got.status != status {
			t.Errorf("pairing of %s: %d", client, got.status)
		}
	}
	if s.Requests("GET /__version__")[0].Status != 200 {
		t.Error("pages are in the list of requests")
	}
}
