package accounttest

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer speaks raw HTTP to a service.
type peer struct {
	t    testing.TB
	s    *Service
	http *http.Client
}

func newPeer(t testing.TB, s *Service) *peer {
	t.Helper()
	transport := s.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	if !s.cfg.inMemory { // in a bubble, time is exact as it is
		s.Clock.rest()
	}
	return &peer{t: t, s: s, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// rest has the service's time stand still, so that waits and ages are exact on a busy machine: only Advance moves it.
func (c *Clock) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.base()
	c.base = func() time.Time { return now }
}

// newStage is a service with one account and somebody to ask it.
func newStage(t testing.TB, opts ...Option) (*Service, *peer, *Account) {
	t.Helper()
	s := New(t, opts...)
	return s, newPeer(t, s), s.NewAccount("a@example.com", "password1")
}

// in is the same peer for a subtest.
func (p *peer) in(t testing.TB) *peer { return &peer{t: t, s: p.s, http: p.http} }

// typedBody is a body of another content type than JSON.
type typedBody struct{ kind, text string }

var (
	formBody = typedBody{"application/x-www-form-urlencoded", "email=a%40example.com"}
	xmlBody  = typedBody{"text/xml", "<x/>"}
)

// answer is a reply.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	text   string
	json   map[string]any
}

// do sends a request. The credential is a whole Authorization value or "". The
// body is a map, a string or nil.
func (p *peer) do(method, path, credential string, body any) answer {
	p.t.Helper()
	var reader io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case typedBody:
		reader, kind = strings.NewReader(b.text), b.kind
	case string:
		reader = strings.NewReader(b)
	case url.Values:
		reader, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			p.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	base := p.s.URL()
	if strings.HasPrefix(path, "http") {
		base = ""
	}
	r, err := http.NewRequest(method, base+path, reader)
	if err != nil {
		p.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	if credential != "" {
		r.Header.Set("Authorization", credential)
	}
	return p.send(r)
}

func (p *peer) send(r *http.Request) answer {
	p.t.Helper()
	res, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		p.t.Fatal(err)
	}
	a := answer{t: p.t, status: res.StatusCode, header: res.Header, text: string(text)}
	if len(text) > 0 && strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		var anything any
		if err := json.Unmarshal(text, &anything); err != nil {
			p.t.Fatalf("reply is not JSON: %v", err)
		}
		a.json, _ = anything.(map[string]any)
	}
	return a
}

func (p *peer) post(path, credential string, body any) answer {
	p.t.Helper()
	return p.do("POST", path, credential, body)
}

func (p *peer) get(path, credential string) answer {
	p.t.Helper()
	return p.do("GET", path, credential, nil)
}

// ok wants a 200.
func (a answer) ok() answer {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("status %d, want 200: %s", a.status, a.text)
	}
	return a
}

// fails wants an error of status and errno.
func (a answer) fails(status, errno int) answer {
	a.t.Helper()
	if a.status != status || a.json["errno"] != float64(errno) {
		a.t.Fatalf("got %d %s, want %d/%d", a.status, a.text, status, errno)
	}
	if a.json["code"] != float64(status) {
		a.t.Errorf("code %v in the body, status %d", a.json["code"], status)
	}
	for _, name := range []string{"error", "message", "info"} {
		if text, ok := a.json[name].(string); !ok || text == "" {
			a.t.Errorf("error without %s: %s", name, a.text)
		}
	}
	return a
}

func (a answer) str(name string) string {
	a.t.Helper()
	text, ok := a.json[name].(string)
	if !ok {
		a.t.Fatalf("no text %q in %s", name, a.text)
	}
	return text
}

func (a answer) num(name string) float64 {
	a.t.Helper()
	n, ok := a.json[name].(float64)
	if !ok {
		a.t.Fatalf("no number %q in %s", name, a.text)
	}
	return n
}

// list decodes a reply that is an array of objects.
func (a answer) list() []map[string]any {
	a.t.Helper()
	var out []map[string]any
	if err := json.Unmarshal([]byte(a.text), &out); err != nil {
		a.t.Fatalf("no array of objects: %v in %s", err, a.text)
	}
	return out
}

// flow is one authorization of an application.
type flow struct {
	client, scope, state, verifier string
	key                            *ecdh.PrivateKey
	extra                          url.Values
}

func newFlow(client, scope string) *flow {
	sum := sha256.Sum256([]byte(client + scope + "verifier"))
	key, err := ecdh.P256().NewPrivateKey(sum[:])
	if err != nil {
		panic(err)
	}
	return &flow{client: client, scope: scope, state: "state-" + client, verifier: crypt.B64(sum[:]) + "-._~", key: key, extra: url.Values{}}
}

func (f *flow) challenge() string {
	sum := sha256.Sum256([]byte(f.verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (f *flow) jwk() string {
	point := f.key.PublicKey().Bytes()
	return crypt.B64([]byte(`{"kty":"EC","crv":"P-256","x":"` + crypt.B64(point[1:33]) + `","y":"` + crypt.B64(point[33:]) + `"}`))
}

func (f *flow) url(s *Service) string {
	q := url.Values{
		"client_id": {f.client}, "scope": {f.scope}, "state": {f.state}, "response_type": {"code"}, "access_type": {"offline"},
		"code_challenge": {f.challenge()}, "code_challenge_method": {"S256"}, "keys_jwk": {f.jwk()}, "action": {"email"},
	}
	for name, values := range f.extra {
		if values == nil {
			q.Del(name)
			continue
		}
		q[name] = values
	}
	return s.URL() + "/authorization?" + q.Encode()
}

const everything = "profile " + scopeOldSync + " " + scopeSession

// approve gives the code of a flow.
func (p *peer) approve(f *flow, h *Account) string {
	p.t.Helper()
	redirect, err := p.s.Approve(f.url(p.s), h)
	if err != nil {
		p.t.Fatal(err)
	}
	u, err := url.Parse(redirect)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := u.Query().Get("state"); got != f.state {
		p.t.Fatalf("state %q came back, want %q", got, f.state)
	}
	return u.Query().Get("code")
}

func (f *flow) redeem(code string) map[string]any {
	return map[string]any{"grant_type": "authorization_code", "client_id": f.client, "code": code, "code_verifier": f.verifier}
}

// signIn does a whole sign-in and gives the answer of the token route.
func (p *peer) signIn(client, scope string, h *Account) answer {
	p.t.Helper()
	f := newFlow(client, scope)
	return p.post("/v1/oauth/token", "", f.redeem(p.approve(f, h))).ok()
}

// session makes a session and its typed bearer credential.
func (p *peer) session(h *Account) string {
	p.t.Helper()
	return typedSession(h.NewSession())
}

func typedSession(token string) string {
	return "Bearer fxs_" + crypt.DeriveCredential(unhex(token), "sessionToken").ID
}

func unhex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}

// privateJWK turns a key into the form go-jose decrypts with.
func privateJWK(t testing.TB, key *ecdh.PrivateKey) jose.JSONWebKey {
	t.Helper()
	point := key.PublicKey().Bytes()
	text := `{"kty":"EC","crv":"P-256","x":"` + crypt.B64(point[1:33]) + `","y":"` + crypt.B64(point[33:]) + `","d":"` + crypt.B64(key.Bytes()) + `"}`
	var jwk jose.JSONWebKey
	if err := json.Unmarshal([]byte(text), &jwk); err != nil {
		t.Fatal(err)
	}
	return jwk
}

func hexOf(raw []byte) string { return hex.EncodeToString(raw) }
