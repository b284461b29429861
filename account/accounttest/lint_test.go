package accounttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// lintWorld is a service that looks for faults of its clients; the test reads
// its findings instead of failing by them.
type lintWorld struct {
	*peer
	h *Account
}

func newLintWorld(t testing.TB, opts ...Option) *lintWorld {
	t.Helper()
	s, err := Start(append([]Option{Lint()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &lintWorld{newPeer(t, s), s.NewAccount("a@example.com", "password1")}
}

// found gives what was found since the last call that had n findings.
func (w *lintWorld) found(n int, part string) {
	w.t.Helper()
	all := w.s.Findings()
	if len(all) != n || n > 0 && !strings.Contains(all[n-1], part) {
		w.t.Errorf("%d findings %q, want %d with %q at the end", len(all), all, n, part)
	}
}

// TestLintRefusesUnknownMembers: on every route that reads a body.
func TestLintRefusesUnknownMembers(t *testing.T) {
	t.Parallel()
	w := newLintWorld(t)
	session := w.session(w.h)
	own := w.post("/v1/account/device", session, map[string]any{"name": "Me", "availableCommands": sendTab}).ok().str("id")
	authPW := hexOf(crypt.Stretch("a@example.com", "password1").AuthPW)
	f := newFlow(ReferenceClientID, "profile")
	w.s.ChangeClient(DesktopClientID, func(c *Client) { c.CanGrant = true })
	token := strings.Repeat("0", 64)
	for i, c := range []struct {
		path string
		good map[string]any
	}{
		{"/v1/account/login", map[string]any{"email": "a@example.com", "authPW": authPW, "reason": "login"}},
		{"/v1/account/status", map[string]any{"email": "a@example.com"}},
		{"/v1/account/credentials/status", map[string]any{"email": "a@example.com"}},
		{"/v1/account/scoped-key-data", map[string]any{"client_id": f.client, "scope": scopeOldSync}},
		{"/v1/account/metrics_opt", map[string]any{"state": "in"}},
		{"/v1/account/device", map[string]any{"id": own, "name": "Me", "capabilities": []string{}}},
		{"/v1/account/devices/invoke_command", map[string]any{"target": own, "command": commandOpenURI, "payload": map[string]any{"any": "member"}}},
		{"/v1/account/devices/notify", map[string]any{"to": "all", "payload": map[string]any{"version": 1, "command": "fxaccounts:profile_updated"}}},
		{"/v1/account/attached_client/destroy", map[string]any{"clientId": AndroidClientID}},
		{"/v1/oauth/token", map[string]any{"client_id": DesktopClientID, "scope": "profile", "grant_type": grantCredentials}},
		{"/v1/oauth/authorization", map[string]any{"client_id": f.client, "scope": f.scope, "state": "s", "code_challenge": f.challenge(), "code_challenge_method": "S256"}},
		{"/v1/oauth/destroy", map[string]any{"client_id": f.client, "token": token}},
		{"/v1/introspect", map[string]any{"token": token}},
		{"/v1/session/duplicate", map[string]any{"reason": "x"}},
		{"/v1/session/verify_code", map[string]any{"code": w.h.SessionCode()}},
		{"/v1/session/verify/totp", map[string]any{"code": "1"}},
		{"/v1/session/resend_code", map[string]any{}},
		{"/v1/recovery_email/verify_code", map[string]any{"uid": w.h.UID(), "code": w.h.VerifyCode()}},
	} {
		surplus := fmt.Sprintf("surplus%d", i)
		got := w.post(c.path, session, with(c.good, surplus, 1))
		if got.status != 400 || got.json["errno"] != 107.0 && got.json["errno"] != 109.0 || !strings.Contains(got.text, surplus) {
			t.Errorf("%s takes an unknown member: %d %s", c.path, got.status, got.text)
		}
		w.found(i+1, surplus)
		if got := w.post(c.path, session, c.good); got.status != 200 {
			t.Errorf("%s refuses what is good: %d %s", c.path, got.status, got.text)
		}
		w.found(i+1, surplus)
	}
}

// TestLintSeesEarlyRequests: whatever form the wait has, a request before its
// end is found, once for each.
func TestLintSeesEarlyRequests(t *testing.T) {
	t.Parallel()
	const route = "POST /v1/account/status"
	for _, c := range []struct {
		name   string
		status int
		opts   []FaultOption
		wait   time.Duration
	}{
		{"seconds after 429", 429, []FaultOption{RetryAfter(60)}, time.Minute},
		{"seconds after 503", 503, []FaultOption{RetryAfter(30)}, 30 * time.Second},
		{"a date", 503, []FaultOption{RetryAfterDate(2 * time.Minute)}, 2 * time.Minute},
		{"only in the body", 429, []FaultOption{RetryAfter(20), NoRetryHeader()}, 20 * time.Second},
		{"milliseconds by mistake", 429, []FaultOption{RetryAfter(20), RetryAfterMillis()}, 20 * time.Second},
		{"a page with a wait", 503, []FaultOption{RetryAfter(10), HTML()}, 10 * time.Second},
		{"no wait", 503, nil, 0},
		{"another error with a wait", 500, []FaultOption{RetryAfter(60)}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newLintWorld(t)
			ask := func() { w.post("/v1/account/status", "", map[string]any{"email": "a@example.com"}) }
			w.s.Faults.Next(route, c.status, c.opts...)
			ask()
			if c.wait == 0 {
				ask()
				w.found(0, "")
				return
			}
			ask()
			w.found(1, "before the Retry-After")
			w.post("/v1/introspect", "", map[string]any{"token": "x"}) // another service's wait is not ours
			w.found(1, "before the Retry-After")
			w.s.Clock.Advance(c.wait - 5*time.Second)
			ask()
			w.found(2, "before the Retry-After")
			w.s.Clock.Advance(6 * time.Second)
			ask()
			w.found(2, "before the Retry-After")
		})
	}
}

// TestLintTellsClientsApart: the wait of one client binds no other.
func TestLintTellsClientsApart(t *testing.T) {
	t.Parallel()
	w := newLintWorld(t)
	ask := func(agent string) {
		r, err := http.NewRequest("GET", w.s.URL()+"/v1/account/status?uid="+w.h.UID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", agent)
		w.send(r)
	}
	w.s.Faults.Next("*", 429, RetryAfter(60))
	ask("one/1")
	ask("two/1")
	w.found(0, "")
	ask("one/1")
	w.found(1, "GET /v1/account/status")
}

// TestLintWatchesRealRules: a rate rule's own refusals count like faults.
func TestLintWatchesRealRules(t *testing.T) {
	t.Parallel()
	w := newLintWorld(t)
	w.s.Limit(RateRule{Route: "/v1/account/status", Attempts: 1, Window: time.Minute, Block: time.Minute})
	ask := func() answer { return w.get("/v1/account/status?uid="+w.h.UID(), "") }
	ask().ok()
	ask().fails(429, 114)
	w.found(0, "")
	ask().fails(429, 114)
	w.found(1, "before the Retry-After")
}

// TestLintRefusesUsedStates: from a browser's page, from Approve and from the
// route alike.
func TestLintRefusesUsedStates(t *testing.T) {
	t.Parallel()
	w := newLintWorld(t)
	session := w.session(w.h)
	body := func(state string) map[string]any {
		f := newFlow(AndroidClientID, "profile")
		return map[string]any{
			"client_id": f.client, "scope": f.scope, "state": state, "code_challenge": f.challenge(), "code_challenge_method": "S256",
		}
	}
	w.post("/v1/oauth/authorization", session, body("first")).ok()
	w.post("/v1/oauth/authorization", session, body("first")).fails(400, 107)
	w.found(1, "state")
	w.post("/v1/oauth/authorization", session, body("second")).ok()
	f := newFlow(ReferenceClientID, "profile")
	f.state = "second"
	if _, err := w.s.Approve(f.url(w.s), w.h); err == nil {
		t.Error("the page took a state that the route had seen")
	}
	w.found(2, "state")
	f.state = "third"
	if _, err := w.s.Approve(f.url(w.s), w.h); err != nil {
		t.Error(err)
	}
	w.found(2, "state")
}

// TestLintReportsWhatIsLeft: tokens by kind at Close, none of those destroyed.
func TestLintReportsWhatIsLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(w *lintWorld, tokens answer)
		want []string
	}{
		{"nothing destroyed", func(*lintWorld, answer) {}, []string{"access", "refresh", "session"}},
		{"signed out well", func(w *lintWorld, tokens answer) {
			session := typedSession(tokens.str("session_token"))
			w.post("/v1/account/device/destroy", session, map[string]any{"id": w.h.Devices()[0].ID}).ok()
			w.post("/v1/oauth/destroy", "", map[string]any{"client_id": ReferenceClientID, "token": tokens.str("access_token")}).ok()
		}, nil},
		{"access token forgotten", func(w *lintWorld, tokens answer) {
			w.post("/v1/account/device/destroy", typedSession(tokens.str("session_token")), map[string]any{"id": w.h.Devices()[0].ID}).ok()
		}, []string{"access"}},
		{"only the refresh token destroyed", func(w *lintWorld, tokens answer) {
			w.post("/v1/destroy", "", map[string]any{"refresh_token": tokens.str("refresh_token")}).ok()
		}, []string{"access", "session"}},
		{"access token expired", func(w *lintWorld, _ answer) { w.s.Clock.Advance(25 * time.Hour) }, []string{"refresh", "session"}},
		{"the account is deleted", func(w *lintWorld, _ answer) { w.h.Delete() }, nil},
		{"the password was changed", func(w *lintWorld, _ answer) { w.h.ChangePassword() }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newLintWorld(t)
			c.end(w, w.signIn(ReferenceClientID, everything, w.h))
			w.found(0, "")
			if err := w.s.Close(); err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, finding := range w.s.Findings() {
				kinds = append(kinds, strings.Fields(finding)[1])
				if strings.Contains(finding, "a@example.com") {
					t.Errorf("a finding names the person: %s", finding)
				}
			}
			if !slices.Equal(kinds, c.want) {
				t.Errorf("left %q, want %q", kinds, c.want)
			}
		})
	}
}

// recorder is a TB that remembers what a service tells it.
type recorder struct {
	cleanups []func()
	errors   []string
	fatal    string
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) { r.fatal = fmt.Sprintf(format, args...) }

func (r *recorder) end() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}

// TestNewTellsItsTest: findings fail the test that started the service, at its
// end; an address in use fails it at once.
func TestNewTellsItsTest(t *testing.T) {
	t.Parallel()
	clean := &recorder{}
	s := New(clean)
	if p := newPeer(t, s); p.get("/__heartbeat__", "").status != 200 {
		t.Error("the service does not run")
	}
	taken := &recorder{}
	if got := New(taken, WithAddr(strings.TrimPrefix(s.URL(), "http://"))); got != nil || taken.fatal == "" {
		t.Errorf("a second service on one address: %v, %q", got, taken.fatal)
	}
	clean.end()
	if len(clean.errors) != 0 || clean.fatal != "" {
		t.Errorf("a clean service reports %q %q", clean.errors, clean.fatal)
	}
	dirty := &recorder{}
	s = New(dirty, Lint())
	newPeer(t, s).post("/v1/account/status", "", map[string]any{"email": "a@example.com", "surplus": 1})
	if len(dirty.errors) != 0 {
		t.Errorf("reported early: %q", dirty.errors)
	}
	dirty.end()
	if len(dirty.errors) != 1 || !strings.Contains(dirty.errors[0], "surplus") {
		t.Errorf("reported %q", dirty.errors)
	}
}
