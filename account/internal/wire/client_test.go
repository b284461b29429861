package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2"

// clock is moved by hand.
type clock struct {
	mu   sync.Mutex
	wall time.Time
	mono time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

func (c *clock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mono
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.mono = c.wall.Add(d), c.mono+d
}

func (c *clock) set(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}

// server is a service whose answer each test chooses; discovery works.
type server struct {
	*httptest.Server
	clock *clock

	mu     sync.Mutex
	answer http.HandlerFunc
	seen   []*http.Request
	bodies []string
}

func serve(t *testing.T, answer http.HandlerFunc) (*server, *wire.Client) {
	t.Helper()
	s := &server{answer: answer, clock: &clock{wall: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s, s.client(t, func(*wire.Params) {})
}

func (s *server) client(t *testing.T, change func(*wire.Params)) *wire.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p := wire.Params{
		ContentURL: s.URL, ClientID: "0123456789abcdef", Transport: transport, Clock: s.clock,
		Random: rand.NewChaCha8([32]byte{}), UserAgent: "test",
	}
	change(&p)
	c, err := wire.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	s.seen, s.bodies = append(s.seen, r), append(s.bodies, string(body))
	answer := s.answer
	s.mu.Unlock()
	switch r.URL.Path {
	case "/.well-known/fxa-client-configuration":
		reply(w, 200, map[string]string{
			"auth_server_base_url": s.URL + "/auth/", "oauth_server_base_url": s.URL + "/oauth",
			"profile_server_base_url": s.URL + "/profile", "sync_tokenserver_base_url": s.URL + "/token",
			"pairing_server_base_uri": "ws://127.0.0.1:1",
		})
	case "/.well-known/openid-configuration":
		reply(w, 200, map[string]string{
			"authorization_endpoint": s.URL + "/authorization", "introspection_endpoint": s.URL + "/oauth/v1/introspect",
			"issuer": s.URL, "jwks_uri": s.URL + "/oauth/v1/jwks", "token_endpoint": s.URL + "/oauth/v1/token",
			"userinfo_endpoint": s.URL + "/profile/v1/profile",
		})
	default:
		answer(w, r)
	}
}

func (s *server) set(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// last is the newest request and its body; count is how many there were on a path.
func (s *server) last() (*http.Request, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[len(s.seen)-1], s.bodies[len(s.bodies)-1]
}

func (s *server) count(path string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.seen {
		if r.URL.Path == path {
			n++
		}
	}
	return n
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}

func refuse(status, errno int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		reply(w, status, map[string]any{"code": 999, "errno": errno, "message": secret, "request": map[string]string{"authorization": secret}})
	}
}

func answers(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, err := io.WriteString(w, body); err != nil {
			panic(http.ErrAbortHandler) // the client has heard enough
		}
	}
}

// session is a session credential of made-up parts.
func session() wire.Credential {
	return wire.Session(secret, []byte("a MAC key of thirty-two octets..."))
}

// calls is every exported method that makes a request, with the least answer that
// each of them takes.
var calls = map[string]struct {
	do     func(context.Context, *wire.Client) error
	method string
	path   string
	least  string
}{
	"RedeemCode": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.RedeemCode(ctx, wire.Credential{}, secret, "verifier")
		return err
	}, "POST", "/auth/v1/oauth/token", `{"access_token":"a","expires_in":1,"scope":""}`},
	"RefreshAccess": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.RefreshAccess(ctx, secret, "profile", 60)
		return err
	}, "POST", "/auth/v1/oauth/token", `{"access_token":"a","expires_in":1,"scope":"profile"}`},
	"SessionAccess": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.SessionAccess(ctx, session(), "profile")
		return err
	}, "POST", "/auth/v1/oauth/token", `{"access_token":"a","expires_in":1,"scope":"profile"}`},
	"SessionRefresh": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.SessionRefresh(ctx, session(), "profile")
		return err
	}, "POST", "/auth/v1/oauth/token", `{"access_token":"a","expires_in":1,"scope":"profile"}`},
	"Exchange": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.Exchange(ctx, secret, "profile")
		return err
	}, "POST", "/auth/v1/oauth/token", `{"access_token":"a","expires_in":1,"scope":"profile"}`},
	"Introspect": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.Introspect(ctx, secret)
		return err
	}, "POST", "/oauth/v1/introspect", `{"active":false}`},
	"DestroyToken": {func(ctx context.Context, c *wire.Client) error {
		return c.DestroyToken(ctx, secret, wire.HintAccess)
	}, "POST", "/auth/v1/oauth/destroy", ``},
	"Authorize": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.Authorize(ctx, session(), wire.AuthorizationRequest{ClientID: "c", State: "s"})
		return err
	}, "POST", "/auth/v1/oauth/authorization", `{"code":"c","state":"s"}`},
	"ScopedKeyData": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.ScopedKeyData(ctx, session(), "c", "profile")
		return err
	}, "POST", "/auth/v1/account/scoped-key-data", `{}`},
	"SessionStatus": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.SessionStatus(ctx, session())
		return err
	}, "GET", "/auth/v1/session/status", `{"uid":"u","state":"verified"}`},
	"DestroySession": {func(ctx context.Context, c *wire.Client) error {
		return c.DestroySession(ctx, session())
	}, "POST", "/auth/v1/session/destroy", ``},
	"AccountExists": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.AccountExists(ctx, "u")
		return err
	}, "GET", "/auth/v1/account/status", `{"exists":true}`},
	"AccountProfile": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.AccountProfile(ctx, session())
		return err
	}, "GET", "/auth/v1/account/profile", `{}`},
	"VerifyTOTP": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.VerifyTOTP(ctx, session(), "123456")
		return err
	}, "POST", "/auth/v1/session/verify/totp", `{"success":false}`},
	"AttachedClients": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.AttachedClients(ctx, session())
		return err
	}, "GET", "/auth/v1/account/attached_clients", `[]`},
	"DestroyClient": {func(ctx context.Context, c *wire.Client) error {
		return c.DestroyClient(ctx, session(), wire.ClientReference{ClientID: "c"})
	}, "POST", "/auth/v1/account/attached_client/destroy", ``},
	"Profile": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.Profile(ctx, secret, "")
		return err
	}, "GET", "/profile/v1/profile", `{"uid":"u","email":"e"}`},
	"MetricsFlow": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.MetricsFlow(ctx, "http://localhost:8000", url.Values{"entrypoint": {"e"}})
		return err
	}, "GET", "/metrics-flow", `{"flowId":"f","flowBeginTime":1}`},
	"Devices": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.Devices(ctx, wire.Bearer(secret), time.Time{})
		return err
	}, "GET", "/auth/v1/account/devices", `[]`},
	"UpdateDevice": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.UpdateDevice(ctx, wire.Bearer(secret), wire.DeviceUpdate{Type: "desktop"})
		return err
	}, "POST", "/auth/v1/account/device", `{"id":"d"}`},
	"DestroyDevice": {func(ctx context.Context, c *wire.Client) error {
		return c.DestroyDevice(ctx, wire.Bearer(secret), "d")
	}, "POST", "/auth/v1/account/device/destroy", ``},
	"Commands": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.Commands(ctx, wire.Bearer(secret), 1, 0)
		return err
	}, "GET", "/auth/v1/account/device/commands", `{"index":0,"messages":[]}`},
	"Invoke": {func(ctx context.Context, c *wire.Client) error {
		_, err := c.Invoke(ctx, wire.Bearer(secret), wire.Invocation{Target: "t", Command: "c", Payload: json.RawMessage(`{}`)})
		return err
	}, "POST", "/auth/v1/account/devices/invoke_command", `{}`},
}

// needsAnswer are the calls whose success needs something from the answer.
func needsAnswer(name string) bool { return calls[name].least != "" }

func TestEachCall(t *testing.T) {
	for name, c := range calls {
		t.Run(name, func(t *testing.T) {
			s, client := serve(t, answers(c.least))
			if err := c.do(t.Context(), client); err != nil {
				t.Fatalf("the least answer was refused: %v", err)
			}
			r, body := s.last()
			if r.Method != c.method || r.URL.Path != c.path {
				t.Errorf("asked %s %s, want %s %s", r.Method, r.URL.Path, c.method, c.path)
			}
			if hasType := r.Header.Get("Content-Type") == "application/json"; hasType != (r.Method == "POST") {
				t.Errorf("content type of a %s is %q", r.Method, r.Header.Get("Content-Type"))
			}
			if r.Method == "GET" && body != "" {
				t.Error("a GET has a body")
			}
			if r.Method == "POST" && !json.Valid([]byte(body)) {
				t.Errorf("the body is not JSON: %s", body)
			}
			if r.UserAgent() != "test" {
				t.Errorf("user agent is %q", r.UserAgent())
			}
		})
	}
}

// TestEachFailure runs every call against every way in which an answer goes wrong.
func TestEachFailure(t *testing.T) {
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			if _, err := io.WriteString(w, "<html>"+secret); err != nil {
				panic(err)
			}
		}
	}
	var (
		status    = new(*wire.StatusError)
		wait      = new(*wire.BackoffError)
		transport = new(*wire.TransportError)
		answer    = new(*wire.AnswerError)
	)
	failures := map[string]struct {
		answer http.HandlerFunc
		want   any
		// answered is for failures that only calls which need an answer notice.
		answered bool
	}{
		"401":               {refuse(401, 110), status, false},
		"400 unknown errno": {refuse(400, 4711), status, false},
		"500":               {refuse(500, 999), status, false},
		"429 with wait":     {refuse(429, 114, "Retry-After", "7"), wait, false},
		"429 without wait":  {refuse(429, 114), status, false},
		"503 with wait":     {refuse(503, 201, "Retry-After", "7"), wait, false},
		"HTML 403":          {page(403), status, false},
		"HTML 502":          {page(502), status, false},
		"captive portal":    {page(200), status, false},
		"406":               {refuse(406, 0), status, false},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, status, false},
		"cut before": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, transport, false},
		"cut within": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			if _, err := io.WriteString(w, `{"x`); err != nil {
				panic(err)
			}
		}, transport, false},
		"truncated JSON": {answers(`{"id": "d", "acc`), answer, true},
		"wrong types": {answers(`{"access_token":1,"expires_in":"x","scope":[],"active":"no","code":1,"state":2,
			"sessionToken":1,"uid":1,"exists":1,"email":1,"success":"x","flowId":1,"id":1,"index":"x","messages":1,
			"authenticationMethods":1,"a":1}`), answer, true},
		"null":     {answers(`null`), answer, true},
		"too long": {answers(`{"x":"` + strings.Repeat("x", 5<<20) + `"}`), answer, false},
	}
	for what, f := range failures {
		t.Run(what, func(t *testing.T) {
			for name, c := range calls {
				if f.answered && (!needsAnswer(name) || name == "AccountProfile" && what == "null") {
					continue
				}
				s, client := serve(t, f.answer)
				err := c.do(t.Context(), client)
				if err == nil || !errors.As(err, f.want) {
					t.Errorf("%s gave %v, want %T", name, err, f.want)
					continue
				}
				if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "?") {
					t.Errorf("%s shows too much: %v", name, err)
				}
				if what == "redirect" && s.count("/elsewhere") != 0 {
					t.Errorf("%s followed a redirect with its credential", name)
				}
				var e *wire.StatusError
				if errors.As(err, &e) && !strings.HasSuffix(c.path, e.Route) {
					t.Errorf("%s names the route %s", name, e.Route)
				}
			}
		})
	}
}

func TestCallGivenUp(t *testing.T) {
	release := make(chan struct{})
	s, client := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	_ = s
	gone := errors.New("the person left")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	for name, c := range calls {
		if err := c.do(ctx, client); !errors.Is(err, gone) {
			t.Errorf("%s gave %v, want the context's cause", name, err)
		}
	}
}

func TestNumberSpaces(t *testing.T) {
	want := map[string]wire.Space{
		"Introspect": wire.SpaceOAuth, "Profile": wire.SpaceProfile, "MetricsFlow": 0,
	}
	_, client := serve(t, refuse(400, 108))
	for name, c := range calls {
		var e *wire.StatusError
		if err := c.do(t.Context(), client); !errors.As(err, &e) {
			t.Errorf("%s gave %v", name, err)
			continue
		}
		expected, special := want[name]
		if !special {
			expected = wire.SpaceAuth
		}
		if e.Space != expected || e.Errno != 108 || e.Status != 400 {
			t.Errorf("%s: %v with status %d, errno %d", name, e.Space, e.Status, e.Errno)
		}
	}
}

func TestTranslateSeesEveryError(t *testing.T) {
	s, _ := serve(t, refuse(500, 999))
	mine := errors.New("translated")
	var told []error
	client := s.client(t, func(p *wire.Params) {
		p.Translate = func(error) error { return mine }
		p.Outcome = func(err error) { told = append(told, err) }
	})
	for name, c := range calls {
		told = nil
		if err := c.do(t.Context(), client); err != mine { // the very value is meant
			t.Errorf("%s gave %v", name, err)
		}
		if name == "MetricsFlow" && len(told) == 0 {
			continue // statistics say nothing to a person
		}
		if len(told) != 1 || told[0] != mine {
			t.Errorf("%s told %v", name, told)
		}
	}
}

func TestBodyLimitIsKnownBefore(t *testing.T) {
	s, client := serve(t, answers(`{}`))
	payload, err := json.Marshal(strings.Repeat("x", wire.MaxBody))
	if err != nil {
		t.Fatal(err)
	}
	i := wire.Invocation{Target: "t", Command: "c", Payload: payload}
	_, err = client.Invoke(t.Context(), wire.Bearer(secret), i)
	var size *wire.SizeError
	if !errors.As(err, &size) || size.Limit != 16384 || len(s.seen) != 0 {
		t.Fatalf("gave %v after %d requests", err, len(s.seen))
	}
	n, err := i.Size()
	if err != nil || n != size.Size {
		t.Errorf("Size says %d, %v; the refusal %d", n, err, size.Size)
	}
	// Exactly the limit passes, and & < > cost one octet each.
	i.Payload, err = json.Marshal("")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := i.Size()
	if err != nil {
		t.Fatal(err)
	}
	i.Payload = json.RawMessage(`"` + strings.Repeat("&", wire.MaxBody-empty) + `"`)
	if _, err := client.Invoke(t.Context(), wire.Bearer(secret), i); err != nil {
		t.Errorf("a body of exactly the limit: %v", err)
	}
	if _, body := s.last(); len(body) != wire.MaxBody {
		t.Errorf("the body had %d octets", len(body))
	}
}

func TestOnlySecureAddresses(t *testing.T) {
	s, _ := serve(t, answers(`{}`))
	for address, allowed := range map[string]bool{
		s.URL: true, "http://accounts.example.com": false, "http://127.0.0.1.example.com": false,
		"ftp://127.0.0.1": false, "http://10.0.0.1": false,
	} {
		asked := false
		client := s.client(t, func(p *wire.Params) {
			p.ContentURL = address
			p.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
				asked = true
				return nil, errors.New("asked")
			})
		})
		_, err := client.Endpoints(t.Context())
		var insecure *wire.InsecureError
		if asked != allowed || errors.As(err, &insecure) == allowed {
			t.Errorf("%s: asked %t, error %v", address, asked, err)
		}
	}
	for _, loopback := range []string{"http://localhost:1", "http://[::1]:1", "https://accounts.example.com"} {
		asked := false
		client := s.client(t, func(p *wire.Params) {
			p.ContentURL = loopback
			p.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
				asked = true
				return nil, errors.New("asked")
			})
		})
		if _, err := client.Endpoints(t.Context()); err == nil || !asked {
			t.Errorf("%s was not asked", loopback)
		}
	}
	if _, err := wire.New(wire.Params{ContentURL: "accounts.firefox.com"}); err == nil {
		t.Error("an address without a host was taken")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestInsecureBase refuses an API base that discovery names on plain http.
func TestInsecureBase(t *testing.T) {
	s, _ := serve(t, answers(`{}`))
	client := s.client(t, func(p *wire.Params) {
		p.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			recorder := httptest.NewRecorder()
			reply(recorder, 200, map[string]string{
				"auth_server_base_url": "http://example.com", "oauth_server_base_url": "http://example.com",
				"profile_server_base_url": "http://example.com", "sync_tokenserver_base_url": "http://example.com",
				"authorization_endpoint": "http://example.com", "introspection_endpoint": "http://example.com/i",
				"issuer": "x", "jwks_uri": "x", "token_endpoint": "x", "userinfo_endpoint": "http://example.com/p",
			})
			return recorder.Result(), nil
		})
	})
	for name, c := range calls {
		if name == "MetricsFlow" {
			continue
		}
		var insecure *wire.InsecureError
		if err := c.do(t.Context(), client); !errors.As(err, &insecure) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestSimulatedFailure(t *testing.T) {
	_, client := serve(t, answers(`{"active":true}`))
	client.FailNext()
	if _, err := client.Endpoints(t.Context()); err != nil {
		t.Errorf("discovery is not exempt: %v", err)
	}
	if _, err := client.Introspect(t.Context(), secret); !errors.Is(err, wire.ErrSimulated) {
		t.Errorf("the next request gave %v", err)
	}
	if _, err := client.Introspect(t.Context(), secret); err != nil {
		t.Errorf("the one after gave %v", err)
	}
}
