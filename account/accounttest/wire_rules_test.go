package accounttest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// chunked posts a body that does not say its length.
func (p *peer) chunked(path, body string) answer {
	p.t.Helper()
	r, err := http.NewRequest("POST", p.s.URL()+path, struct{ io.Reader }{strings.NewReader(body)})
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return p.send(r)
}

func TestBodiesSayTheirLength(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	for _, path := range []string{
		"/v1/account/status", "/v1/account/login", "/v1/account/create", "/v1/account/device", "/v1/account/devices/invoke_command",
		"/v1/oauth/token", "/v1/oauth/authorization", "/v1/oauth/destroy", "/v1/session/destroy", "/v1/password/change/start",
	} {
		got := p.chunked(path, `{"email":"a@example.com"}`).fails(411, 112)
		if got.str("error") != "Length Required" || got.header.Get("Timestamp") == "" {
			t.Errorf("%s: %v %s", path, got.header, got.text)
		}
	}
	// The oauth and profile servers have no such number.
	for path, errno := range map[string]int{"/v1/introspect": 109, "/v1/destroy": 109, "/v1/display_name": 100} {
		if got := p.chunked(path, `{}`); got.status == 411 || got.json["errno"] != float64(errno) {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
	p.chunked("/v1/nowhere", `{}`).fails(404, 999)
	// The connection stays good after a refusal.
	p.post("/v1/account/status", "", map[string]any{"email": "a@example.com"}).ok()
}

// TestAuthRepliesCarryTheirHeaders: every auth reply has them, errors too;
// those of the other servers have not.
func TestAuthRepliesCarryTheirHeaders(t *testing.T) {
	t.Parallel()
	s := New(t)
	s.Clock.Advance(1000 * time.Hour)
	p := newPeer(t, s)
	session := p.session(s.NewAccount("a@example.com", "password1"))
	huge := strings.Repeat("x", maxBody+1)
	for _, c := range []struct {
		name   string
		ask    func() answer
		status int
		auth   bool
	}{
		{"success", func() answer { return p.get("/v1/session/status", session) }, 200, true},
		{"no credential", func() answer { return p.get("/v1/session/status", "") }, 401, true},
		{"missing parameter", func() answer { return p.post("/v1/account/status", "", map[string]any{}) }, 400, true},
		{"body too large", func() answer { return p.post("/v1/account/status", "", huge) }, 413, true},
		{"broken JSON", func() answer { return p.post("/v1/account/status", "", "{") }, 400, true},
		{"unknown path", func() answer { return p.get("/v1/account/nothing", "") }, 404, true},
		{"wrong method", func() answer { return p.get("/v1/account/login", "") }, 404, true},
		{"a translated error", func() answer {
			return p.post("/v1/oauth/destroy", "", map[string]any{"client_id": "0123456789abcdef", "token": crypt.SHA256Hex("")})
		}, 400, true},
		{"an armed fault", func() answer {
			s.Faults.Next("GET /v1/session/status", 503)
			return p.get("/v1/session/status", session)
		}, 503, true},
		{"oauth success", func() answer { return p.post("/v1/introspect", "", map[string]any{"token": "x"}) }, 200, false},
		{"oauth error", func() answer { return p.post("/v1/token", "", map[string]any{}) }, 400, false},
		{"keys", func() answer { return p.get("/v1/jwks", "") }, 200, false},
		{"profile error", func() answer { return p.get("/v1/profile", "") }, 401, false},
		{"discovery", func() answer { return p.get("/.well-known/openid-configuration", "") }, 200, false},
	} {
		got := c.ask()
		if got.status != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.name, got.status, c.status, got.text)
		}
		if (got.header.Get("Timestamp") != "") != c.auth || c.auth && got.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: Timestamp %q, Cache-Control %q", c.name, got.header.Get("Timestamp"), got.header.Get("Cache-Control"))
		}
		if c.auth {
			if stamp, err := strconv.ParseInt(got.header.Get("Timestamp"), 10, 64); err != nil || s.Clock.Now().Unix() != stamp {
				t.Errorf("%s: Timestamp %q is not the service's time", c.name, got.header.Get("Timestamp"))
			}
		}
		if got.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "Timestamp") {
			t.Errorf("%s: no page of another origin may read this: %v", c.name, got.header)
		}
		if date, err := http.ParseTime(got.header.Get("Date")); err != nil || !date.Equal(s.Clock.Now().Truncate(time.Second)) {
			t.Errorf("%s: Date %q is not the service's time", c.name, got.header.Get("Date"))
		}
	}
}

// TestRepliesAreJSONOfOneShape: the members of errors are those documented.
func TestRepliesAreJSONOfOneShape(t *testing.T) {
	t.Parallel()
	p := newPeer(t, New(t))
	for _, got := range []answer{
		p.get("/nowhere", "").fails(404, 999),
		p.do("PUT", "/v1/account/status", "", map[string]any{}).fails(404, 999),
		p.do("DELETE", "/v1/profile", "", nil).fails(404, 999),
		p.get("/v1/session/status", "").fails(401, 110),
		p.get("/v1/profile", "").fails(401, 100),
		p.post("/v1/verify", "", map[string]any{}).fails(400, 109),
	} {
		if got.header.Get("Content-Type") != "application/json; charset=utf-8" || got.header.Get("Content-Length") != strconv.Itoa(len(got.text)) {
			t.Errorf("headers %v of %s", got.header, got.text)
		}
		if !strings.HasPrefix(got.str("info"), "https://") {
			t.Errorf("info %q", got.str("info"))
		}
	}
}

// TestHexLetters: small and capital digits are one on the auth server, the
// oauth server knows small ones only.
func TestHexLetters(t *testing.T) {
	t.Parallel()
	_, p, h := newStage(t)
	tokens := p.signIn(ReferenceClientID, everything, h)
	session := typedSession(tokens.str("session_token"))
	id := h.Devices()[0].ID
	for _, c := range []struct {
		name   string
		ask    func(change func(string) string) answer
		errno  int
		status int
	}{
		{"device id", func(f func(string) string) answer {
			return p.post("/v1/account/device", session, map[string]any{"id": f(id)})
		}, 0, 200},
		{"command target", func(f func(string) string) answer {
			return p.post("/v1/account/devices/invoke_command", session, map[string]any{"target": f(id), "command": "x", "payload": map[string]any{}})
		}, 157, 400},
		{"uid of the status", func(f func(string) string) answer { return p.get("/v1/account/status?uid="+f(h.UID()), "") }, 0, 200},
		{"refresh token on device routes", func(f func(string) string) answer {
			return p.get("/v1/account/devices", "Bearer "+f(tokens.str("refresh_token")))
		}, 0, 200},
	} {
		small, capital := c.ask(strings.ToLower), c.ask(strings.ToUpper)
		if small.status != c.status || capital.status != small.status || capital.json["errno"] != small.json["errno"] || capital.json["exists"] != small.json["exists"] {
			t.Errorf("%s: small %d %s, capital %d %s", c.name, small.status, small.text, capital.status, capital.text)
		}
	}
	for name, body := range map[string]map[string]any{
		"client id":     {"client_id": strings.ToUpper(AndroidClientID), "token": crypt.SHA256Hex("")},
		"access token":  {"client_id": AndroidClientID, "token": strings.ToUpper(tokens.str("access_token"))},
		"client secret": {"client_id": ConfidentialClientID, "client_secret": strings.ToUpper(ConfidentialClientSecret), "token": crypt.SHA256Hex("")},
	} {
		if got := p.post("/v1/oauth/destroy", "", body); got.status != 400 || got.json["errno"] != 107.0 {
			t.Errorf("%s in capitals: %d %s", name, got.status, got.text)
		}
	}
	p.get("/v1/profile", "Bearer "+strings.ToUpper(tokens.str("access_token"))).fails(401, 100)
}

// TestPreflights: browsers ask before they send credentials.
func TestPreflights(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	for _, path := range []string{"/v1/account/devices", "/v1/oauth/token", "/v1/profile", "/nowhere"} {
		got := p.do("OPTIONS", path, "", nil)
		if got.status != 204 || got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Access-Control-Allow-Methods") != "GET, POST" || got.text != "" {
			t.Errorf("%s: %d %v", path, got.status, got.header)
		}
		if got.header.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%s: headers allowed that nobody asked for", path)
		}
	}
}

// TestHeadAndRawConnections: a HEAD is answered like a GET without its body,
// and two requests share a connection.
func TestHeadAndRawConnections(t *testing.T) {
	t.Parallel()
	s := New(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for _, method := range []string{"HEAD", "GET"} {
		if _, err := io.WriteString(conn, method+" /v1/account/status?uid=00000000000000000000000000000000 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(method, s.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(r, req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 || res.Header.Get("Timestamp") == "" {
			t.Errorf("%s: %d %v %v", method, res.StatusCode, res.Header, err)
		}
		if (len(body) == 0) != (method == "HEAD") || res.ContentLength < 10 {
			t.Errorf("%s: body %q, length %d", method, body, res.ContentLength)
		}
	}
}

// TestServiceBasesAreOneService: the prefixes of SeparateBases lead to the same
// routes, and discovery names them.
func TestServiceBasesAreOneService(t *testing.T) {
	t.Parallel()
	s := New(t, SeparateBases())
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	configuration := p.get("/.well-known/fxa-client-configuration", "").ok()
	auth, oauth, profile := configuration.str("auth_server_base_url"), configuration.str("oauth_server_base_url"), configuration.str("profile_server_base_url")
	if auth == oauth || oauth == profile || !strings.HasPrefix(auth, s.URL()+"/") || strings.HasSuffix(auth, "/v1") {
		t.Fatalf("bases %s, %s, %s", auth, oauth, profile)
	}
	tokens := p.signIn(ReferenceClientID, "profile", h)
	p.get(auth+"/v1/account/devices", "Bearer "+tokens.str("refresh_token")).ok()
	p.post(oauth+"/v1/introspect", "", map[string]any{"token": tokens.str("access_token")}).ok()
	p.get(profile+"/v1/profile", "Bearer "+tokens.str("access_token")).ok()
	openID := p.get("/.well-known/openid-configuration", "").ok()
	if openID.str("userinfo_endpoint") != profile+"/v1/profile" || openID.str("token_endpoint") != oauth+"/v1/token" || openID.str("issuer") != s.URL() {
		t.Errorf("discovery %s", openID.text)
	}
	const body = `{"email":"a@example.com"}`
	token := h.NewSession()
	path := strings.TrimPrefix(auth, s.URL()) + "/v1/account/device"
	p.post(path, hawk(p, token, "POST", path, "application/json", `{"name":"x"}`, nil), `{"name":"x"}`).ok()
	p.post(path, hawk(p, token, "POST", "/v1/account/device", "application/json", `{"name":"x"}`, nil), `{"name":"x"}`).fails(401, 109)
	p.post(auth+"/v1/account/status", "", body).ok()
	s.Faults.Next("POST /v1/account/status", 500)
	p.post(auth+"/v1/account/status", "", body).fails(500, 999)
}
