package accounttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// firefoxCapture is what a real desktop Firefox sent to another test server.
type firefoxCapture struct {
	Account struct {
		Email, Password, UID, KB string
		OldsyncKey               crypt.ScopedKey
	}
	FirefoxSession        struct{ SessionToken, HawkID, HawkKeyHex string }
	OwnDevice, PeerDevice string
	Hawk                  []struct {
		Method, URL, Host, Port, ContentType, Authorization string
		RawBody                                             *string
	}
	Pages []struct {
		Step, Method, URL string
		Headers           map[string]string
		RawBody           *string
	}
	Pairing struct {
		Verifier, ApprovalPage string
	}
}

// firefoxWorld is a service with the account and the devices of the capture.
func firefoxWorld(t *testing.T) (*Service, *peer, *Account, firefoxCapture) {
	t.Helper()
	var capture firefoxCapture
	readTestdata(t, "testdata/firefox.json", &capture)
	s := New(t)
	h := s.NewAccount(capture.Account.Email, capture.Account.Password)
	s.mu.Lock()
	defer s.mu.Unlock()
	cred := crypt.DeriveCredential(unhex(capture.FirefoxSession.SessionToken), "sessionToken")
	if cred.ID != capture.FirefoxSession.HawkID {
		t.Fatalf("Hawk id %s, Firefox used %s", cred.ID, capture.FirefoxSession.HawkID)
	}
	now := s.Clock.Now()
	session := s.newSession(h.a, useragent.Agent{}, now, true)
	delete(s.sessions, session.id)
	session.id, session.key, session.token = cred.ID, cred.Key, capture.FirefoxSession.SessionToken
	s.sessions[cred.ID] = session
	other := s.newSession(h.a, useragent.Agent{}, now, true)
	phone := s.newDevice(h.a, other, nil, now)
	phone.id, phone.name = capture.PeerDevice, "Lab Peer"
	phone.commands = map[string]string{commandOpenURI: "x", commandCloseURI: "y"}
	return s, newPeer(t, s), h, capture
}

func TestFirefoxRequestsAreUnderstood(t *testing.T) {
	t.Parallel()
	s, p, h, capture := firefoxWorld(t)
	for _, c := range capture.Hawk {
		var body *strings.Reader
		r, err := http.NewRequest(c.Method, s.URL()+c.URL, nil)
		if c.RawBody != nil {
			body = strings.NewReader(*c.RawBody)
			r, err = http.NewRequest(c.Method, s.URL()+c.URL, body)
		}
		if err != nil {
			t.Fatal(err)
		}
		r.Host = c.Host + ":" + c.Port
		r.Header.Set("Authorization", c.Authorization)
		r.Header.Set("Content-Type", c.ContentType)
		got := p.send(r)
		if got.status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", c.Method, c.URL, got.status, got.text)
		}
		if strings.HasPrefix(c.URL, "/v1/account/device") && c.Method == "POST" && !strings.Contains(c.URL, "invoke") {
			// Firefox's id on the other server is what its later requests name.
			s.mu.Lock()
			s.sessions[capture.FirefoxSession.HawkID].device.id = capture.OwnDevice
			s.mu.Unlock()
		}
	}
	if n := len(h.a.device(capture.PeerDevice).queue); n != 2 {
		t.Errorf("%d commands wait for the peer, want 2", n)
	}

	r, err := http.NewRequest("GET", s.URL()+capture.Hawk[0].URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", strings.Replace(capture.Hawk[0].Authorization, `nonce="`, `nonce="x`, 1))
	r.Host = capture.Hawk[0].Host + ":" + capture.Hawk[0].Port
	p.send(r).fails(401, 109)
	loose := newPeer(t, New(t, Loose()))
	loose.get("/v1/account/attached_clients", capture.Hawk[0].Authorization).fails(401, 110)
}

// TestFirefoxSignsInByThePage plays Firefox's side of its sign-in page.
func TestFirefoxSignsInByThePage(t *testing.T) {
	t.Parallel()
	s, p, h, capture := firefoxWorld(t)
	page := capture.Pages[0]
	for _, step := range capture.Pages {
		if step.Step == "signin-page" {
			page = step
			break
		}
	}
	shown := p.get(page.URL, "")
	if shown.status != 200 || !strings.Contains(shown.text, "webchannel.js") || !strings.Contains(shown.text, "not Mozilla") {
		t.Fatalf("not the WebChannel page: %d %s", shown.status, shown.text)
	}
	_, query, _ := strings.Cut(page.URL, "?")
	form := url.Values{"query": {query}, "email": {h.Email()}, "password": {capture.Account.Password}}
	signed := p.post("/webchannel/signin", "", form).ok()
	login, _ := signed.json["login"].(map[string]any)
	oauth, _ := signed.json["oauth"].(map[string]any)
	if login["uid"] != h.UID() || login["verified"] != true || len(login["sessionToken"].(string)) != 64 {
		t.Errorf("unexpected login: %s", signed.text)
	}
	asked, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	if oauth["state"] != asked.Get("state") || oauth["redirect"] != webChannelRedirect || oauth["action"] != "signin" {
		t.Errorf("unexpected result: %s", signed.text)
	}
	wrong := url.Values{"query": {query}, "email": {h.Email()}, "password": {"wrong"}}
	if got := p.post("/webchannel/signin", "", wrong); got.status != 401 || got.str("message") == "" {
		t.Errorf("a wrong password gave %d %s", got.status, got.text)
	}
	for _, name := range []string{"channel.js", "webchannel.js", "pairauthority.js", "style.css"} {
		kind := map[bool]string{true: "text/css; charset=utf-8", false: "text/javascript; charset=utf-8"}[strings.HasSuffix(name, ".css")]
		if got := p.get("/static/"+name, ""); got.status != 200 || got.text == "" || got.header.Get("Content-Type") != kind {
			t.Errorf("/static/%s: %d %v", name, got.status, got.header)
		}
	}
	for _, name := range []string{"signin.html", "nothing.js", "..%2fdoc.go"} {
		if got := p.get("/static/"+name, ""); got.status != 404 {
			t.Errorf("/static/%s: %d", name, got.status)
		}
	}

	approval, err := url.Parse(capture.Pairing.ApprovalPage)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.get(approval.RequestURI(), ""); got.status != 200 || !strings.Contains(got.text, "pairauthority.js") {
		t.Errorf("not the pairing page: %d %s", got.status, got.text)
	}
	stranger := strings.Replace(approval.RequestURI(), AndroidClientID, UntrustedClientID, 1)
	if got := p.get(stranger, ""); got.status != 400 {
		t.Errorf("a client outside the list may pair: %d", got.status)
	}
	_ = s
}

func TestSignedInFirefoxKeepsItsDeviceWhenItDropsItsRefreshToken(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	firefox := p.session(h)
	id := p.post("/v1/account/device", firefox, map[string]any{"name": "Firefox", "availableCommands": map[string]string{}}).ok().str("id")
	f := newFlow(DesktopClientID, scopeOldSync+" profile")
	f.extra.Set("context", "oauth_webchannel_v1")
	got := p.post("/v1/oauth/token", firefox, f.redeem(p.approve(f, h))).ok()
	if devices := h.Devices(); len(devices) != 1 || devices[0].ID != id || devices[0].ClientID != DesktopClientID {
		t.Fatalf("the grant must join the session's device: %+v", devices)
	}
	p.post("/v1/oauth/destroy", "", map[string]any{"client_id": DesktopClientID, "token": got.str("refresh_token")}).ok()
	if devices := h.Devices(); len(devices) != 1 || !devices[0].HasSession || devices[0].ClientID != "" {
		t.Fatalf("the device went with the refresh token: %+v", devices)
	}
	granted := p.post("/v1/oauth/token", firefox, map[string]any{
		"client_id": DesktopClientID, "grant_type": "fxa-credentials", "scope": scopeOldSync, "ttl": 21600,
	}).ok()
	if granted.num("expires_in") != 21600 || granted.json["refresh_token"] != nil {
		t.Errorf("unexpected grant: %s", granted.text)
	}
	p.post("/v1/session/destroy?service=sync", firefox, "{}").ok()
	if n := len(h.Devices()); n != 0 {
		t.Errorf("%d devices are left after session/destroy", n)
	}
	p.get("/v1/session/status", firefox).fails(401, 110)
	if got := p.get("/v1/account/status?uid="+h.UID(), "").ok(); got.json["exists"] != true {
		t.Errorf("the account is gone: %s", got.text)
	}
}

func TestDiscoveryDocuments(t *testing.T) {
	t.Parallel()
	s := New(t, SeparateBases())
	p := newPeer(t, s)
	config := p.get("/.well-known/fxa-client-configuration", "").ok()
	if config.header.Get("Cache-Control") != "public, max-age=86400" || config.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("unexpected headers: %v", config.header)
	}
	for name, want := range map[string]string{
		"auth_server_base_url": s.URL() + "/api/auth", "oauth_server_base_url": s.URL() + "/api/oauth",
		"profile_server_base_url": s.URL() + "/api/profile", "pairing_server_base_uri": "ws" + strings.TrimPrefix(s.URL(), "http"),
		"sync_tokenserver_base_url": s.URL() + "/token",
	} {
		if config.str(name) != want {
			t.Errorf("%s is %q, want %q", name, config.str(name), want)
		}
	}
	openid := p.get("/.well-known/openid-configuration", "").ok()
	if openid.str("issuer") != s.URL() || openid.str("introspection_endpoint") != s.URL()+"/api/oauth/v1/introspect" {
		t.Errorf("unexpected document: %s", openid.text)
	}
	h := s.NewAccount("a@example.com", "password1")
	token := p.signIn(ReferenceClientID, "profile", h).str("access_token")
	p.get(openid.str("userinfo_endpoint"), "Bearer "+token).ok()
	p.post(openid.str("introspection_endpoint"), "", map[string]any{"token": token}).ok()
	if got := p.get(openid.str("jwks_uri"), "").ok(); !strings.Contains(got.text, `"RS256"`) {
		t.Errorf("unexpected keys: %s", got.text)
	}
	p.get(config.str("auth_server_base_url")+"/v1/account/devices", p.session(h)).ok()
	var date time.Time
	var err error
	s.Clock.Advance(100 * time.Hour)
	if date, err = http.ParseTime(p.get("/v1/jwks", "").header.Get("Date")); err != nil || !date.Equal(s.Clock.Now().Truncate(time.Second)) {
		t.Errorf("Date %v is not the service's time, %v", date, err)
	}
	var anything json.RawMessage
	if err := json.Unmarshal([]byte(config.text), &anything); err != nil {
		t.Error(err)
	}
}

func readTestdata(t testing.TB, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

func TestHawkMatchesPublishedHeaders(t *testing.T) {
	t.Parallel()
	var d struct {
		Hawk struct {
			Cases []struct {
				TokenID, HawkKey, HawkKeyUtf8, Method, URL, Header string
				Body                                               *string
			}
		} `json:"hawk_legacy_header"`
	}
	readTestdata(t, "internal/crypt/testdata/derivations.json", &d)
	s := New(t)
	for _, c := range d.Hawk.Cases {
		key := unhex(c.HawkKey)
		if c.HawkKeyUtf8 != "" {
			key = []byte(c.HawkKeyUtf8)
		}
		body := ""
		if c.Body != nil {
			body = *c.Body
		}
		r := httptest.NewRequest(c.Method, c.URL, strings.NewReader(body))
		r.Host = r.URL.Host
		if r.URL.Scheme == "https" {
			r.Host += ":443"
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", strings.ReplaceAll(c.Header, "\n", ""))
		if c.Header == "" {
			continue // the published server example has no whole header
		}
		call := &call{s: s, r: r, route: &route{method: c.Method, path: r.URL.Path}, body: []byte(body)}
		id, err := s.credentialID(call, "sessionToken", func(id string) ([]byte, bool) { return key, id == c.TokenID })
		if err != nil || id != c.TokenID {
			t.Errorf("%s %s: %v", c.Method, c.URL, err)
		}
		call.body = append(call.body, ' ')
		if _, err := s.credentialID(call, "sessionToken", func(string) ([]byte, bool) { return key, true }); body != "" && errno.From(err).Errno != 109 {
			t.Errorf("a changed body passed: %v", err)
		}
		call.r.Method = "PUT"
		if _, err := s.credentialID(call, "sessionToken", func(string) ([]byte, bool) { return key, true }); errno.From(err).Errno != 109 {
			t.Errorf("a changed method passed: %v", err)
		}
	}
}
