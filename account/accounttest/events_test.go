package accounttest

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// site is a relying party's webhook.
type site struct {
	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	status int
	tokens []string
}

func newSite(t testing.TB) *site {
	s := &site{t: t, status: 200}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) != 0 || r.Method != "POST" || r.Header.Get("Content-Type") != "" {
			t.Errorf("unexpected delivery: %s %q %v %v", r.Method, body, r.Header, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tokens = append(s.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		w.WriteHeader(s.status)
	}))
	t.Cleanup(s.server.Close)
	return s
}

func (s *site) answer(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func (s *site) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.tokens...)
}

// verified checks a token with the published keys and gives its claims.
func verified(t testing.TB, p *peer, token string) map[string]any {
	t.Helper()
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(p.get("/v1/jwks", "").ok().text), &keys); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if len(signed.Signatures[0].Header.ExtraHeaders) != 0 {
		t.Errorf("the header has more than alg and kid: %v", signed.Signatures[0].Header.ExtraHeaders)
	}
	payload, err := signed.Verify(keys.Key(signed.Signatures[0].Header.KeyID)[0])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestEventsReachSitesTheAccountUses(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	used, unused := newSite(t), newSite(t)
	s.SetWebhook(ReferenceClientID, used.server.URL)
	s.SetWebhook(AndroidClientID, unused.server.URL)
	h.SetDisplayName("before any sign-in")
	p.signIn(ReferenceClientID, "profile", h)
	h.SetEmail("b@example.com")
	h.ChangePassword()
	if n := h.Emit("invented", map[string]any{"x": 1}); n != 1 {
		t.Errorf("%d sites took the event, want 1", n)
	}
	h.Delete()
	h.Emit(EventProfileChange, nil)
	want := []string{EventProfileChange, EventPasswordChange, "invented", EventDeleteUser}
	got := used.received()
	if len(got) != len(want) || len(unused.received()) != 0 {
		t.Fatalf("%d events, want %d; %d for the unused client", len(got), len(want), len(unused.received()))
	}
	ids := map[any]bool{}
	for i, name := range want {
		claims := verified(t, p, got[i])
		events, _ := claims["events"].(map[string]any)
		if _, ok := events[eventPrefix+name]; !ok || len(events) != 1 || claims["sub"] != h.UID() || claims["aud"] != ReferenceClientID || claims["iss"] != s.URL() {
			t.Errorf("event %d: %v, want %s", i, claims, name)
		}
		if claims["exp"] != nil || claims["nbf"] != nil || ids[claims["jti"]] {
			t.Errorf("unexpected claims: %v", claims)
		}
		ids[claims["jti"]] = true
	}
	if email := verified(t, p, got[0])["events"].(map[string]any)[eventPrefix+EventProfileChange].(map[string]any)["email"]; email != "b@example.com" {
		t.Errorf("email %v", email)
	}
}

func TestEventsAreRetriedForAWeek(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	p.signIn(ReferenceClientID, "profile", h)
	receiver := newSite(t)
	receiver.answer(503)
	s.SetWebhook(ReferenceClientID, receiver.server.URL)
	h.SetDisplayName("x")
	if n := s.RetryEvents(); n != 1 || len(receiver.received()) != 1 {
		t.Errorf("%d wait after %d attempts", n, len(receiver.received()))
	}
	s.Clock.Advance(11 * time.Second)
	receiver.answer(204) // only 200 counts
	if n := s.RetryEvents(); n != 1 || len(receiver.received()) != 2 {
		t.Errorf("%d wait after %d attempts", n, len(receiver.received()))
	}
	s.Clock.Advance(11 * time.Second) // the second wait is longer
	if s.RetryEvents(); len(receiver.received()) != 2 {
		t.Error("no back-off")
	}
	s.Clock.Advance(10 * time.Second)
	receiver.answer(200)
	if n := s.RetryEvents(); n != 0 || len(receiver.received()) != 3 {
		t.Errorf("%d wait after %d attempts", n, len(receiver.received()))
	}
	first, last := verified(t, p, receiver.received()[0]), verified(t, p, receiver.received()[2])
	if first["jti"] == last["jti"] || first["iat"] == last["iat"] {
		t.Error("every attempt has its own jti and iat")
	}
	receiver.answer(500)
	h.SetDisplayName("y")
	attempts := 0
	for range 2000 {
		s.Clock.Advance(time.Hour)
		attempts++
		if s.RetryEvents() == 0 {
			break
		}
	}
	if attempts != 7*24 {
		t.Errorf("given up after %d hours, want a week", attempts)
	}
	s.SetWebhook(ReferenceClientID, "")
	if h.Emit("x", nil) != 0 {
		t.Error("a removed webhook gets events")
	}
}

// TestSubscriptionsTell: what came and what went is told apart, and the profile lists what there is.
func TestSubscriptionsTell(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	receiver := newSite(t)
	s.SetWebhook(ReferenceClientID, receiver.server.URL)
	token := p.signIn(ReferenceClientID, "profile", h)
	h.SetSubscriptions("vpn", "relay")
	h.SetSubscriptions("relay", "monitor")
	var got []string
	for _, token := range receiver.received() {
		if e, ok := eventsOf(t, token)[EventSubscriptionChange].(map[string]any); ok {
			got = append(got, fmt.Sprint(e["capabilities"], e["isActive"]))
		}
	}
	if want := []string{"[vpn relay] true", "[monitor] true", "[vpn] false"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if text := p.get("/v1/profile", "Bearer "+token.str("access_token")).ok().text; !strings.Contains(text, `"subscriptions":["relay","monitor"]`) {
		t.Errorf("the profile: %s", text)
	}
}

func TestEventTokensGoodAndBad(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	s.Clock.Advance(1123*time.Millisecond - time.Duration(s.Clock.Now().Nanosecond()))
	base := EventToken{ClientID: ReferenceClientID, UID: "u", Events: map[string]map[string]any{EventDeleteUser: {}, "https://x.example/y": {"a": 1}}}
	claims := verified(t, p, s.SignEvent(base))
	if len(claims["events"].(map[string]any)) != 2 {
		t.Errorf("unexpected claims: %v", claims)
	}
	if iat, ok := claims["iat"].(float64); !ok || iat == math.Trunc(iat) || iat != float64(s.Clock.Now().UnixMilli())/1000 {
		t.Errorf("iat %v", claims["iat"])
	}
	e := base
	e.Issuer, e.Audience, e.ID, e.IssuedAt = "https://other.example/", []string{"x"}, "same", time.Unix(5, 5e8)
	e.Claims = map[string]any{"sub": nil, "exp": 1}
	claims = verified(t, p, s.SignEvent(e))
	if claims["iss"] != e.Issuer || claims["jti"] != "same" || claims["iat"] != 5.5 || claims["sub"] != nil || claims["exp"] != 1.0 {
		t.Errorf("unexpected claims: %v", claims)
	}
	good := s.SignEvent(base)
	for name, change := range map[string]func(e *EventToken){
		"foreign key": func(e *EventToken) { e.ForeignKey = true },
		"unknown key": func(e *EventToken) { e.UnknownKey = true },
		"unsigned":    func(e *EventToken) { e.Unsigned = true },
	} {
		bad := base
		change(&bad)
		token := s.SignEvent(bad)
		s.mu.Lock()
		_, err := s.verifyJWT(token)
		_, goodErr := s.verifyJWT(good)
		s.mu.Unlock()
		if err == nil || goodErr != nil {
			t.Errorf("%s: %v, good token: %v", name, err, goodErr)
		}
	}
	typedToken := base
	typedToken.Type = "at+JWT"
	if header := strings.Split(s.SignEvent(typedToken), ".")[0]; !strings.Contains(string(mustB64(t, header)), "at+JWT") {
		t.Error("the type is missing")
	}
	receiver := newSite(t)
	receiver.answer(401)
	base.URL = receiver.server.URL
	if status, err := s.SendEvent(base); status != 401 || err != nil {
		t.Errorf("%d, %v", status, err)
	}
	base.URL = "http://127.0.0.1:1/"
	if _, err := s.SendEvent(base); err == nil {
		t.Error("no error for a dead receiver")
	}
}

func mustB64(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := crypt.DecodeB64(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestMetricsFlow(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	ask := func(origin string, q url.Values) answer {
		r, err := http.NewRequest("GET", s.URL()+"/metrics-flow?"+q.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		return p.send(r)
	}
	const origin = "http://127.0.0.1:8000"
	good := url.Values{"entrypoint": {"tabferry"}, "form_type": {"button"}, "utm_source": {"x"}, "utm_campaign": {"page+referral+-+not+part+of+a+campaign"}}
	got := ask(origin, good).ok()
	if len(got.str("flowId")) != 64 || len(got.str("deviceId")) != 32 || got.num("flowBeginTime") < 1e12 || got.header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("unexpected reply: %v %s", got.header, got.text)
	}
	for _, bad := range []string{"", "null", "https://evil.example", "http://127.0.0.1:9"} {
		if got := ask(bad, good); got.status != 403 || strings.Contains(got.text, "flowId") || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("origin %q: %d %s", bad, got.status, got.text)
		}
	}
	for name, value := range map[string]string{"entrypoint": "a b", "form_type": "x", "utm_source": strings.Repeat("u", 129), "service": "XYZ", "product_id": "x", "context": "A"} {
		if got := ask(origin, url.Values{name: {value}}); got.status != 400 {
			t.Errorf("%s=%s: %d", name, value, got.status)
		}
	}

	h := s.NewAccount("a@example.com", "password1")
	f := newFlow(ReferenceClientID, "profile")
	f.extra.Set("flow_id", got.str("flowId"))
	f.extra.Set("flow_begin_time", strconv.FormatInt(int64(got.num("flowBeginTime"))+1, 10))
	p.approve(f, h)
	if flows := s.Flows(); len(flows) != 1 || flows[0].Authorized != "" || flows[0].Query.Get("entrypoint") != "tabferry" {
		t.Errorf("a wrong begin time must not count: %+v", flows)
	}
	f.extra.Set("flow_begin_time", strconv.FormatInt(int64(got.num("flowBeginTime")), 10))
	p.approve(f, h)
	if flows := s.Flows(); flows[0].Authorized != h.UID() {
		t.Errorf("the flow was not matched: %+v", flows)
	}
	late := ask(origin, good).ok()
	f.extra.Set("flow_id", late.str("flowId"))
	f.extra.Set("flow_begin_time", strconv.FormatInt(int64(late.num("flowBeginTime")), 10))
	s.Clock.Advance(flowLifetime + time.Second)
	p.approve(f, h)
	for _, flow := range s.Flows() {
		if flow.ID == late.str("flowId") && flow.Authorized != "" {
			t.Error("a flow counts after two hours")
		}
	}
}
