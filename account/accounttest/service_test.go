package accounttest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

func TestSeedFixesEveryID(t *testing.T) {
	t.Parallel()
	run := func(seed string) string {
		s := New(t, WithSeed(seed), WithClock(func() time.Time { return time.Unix(1700000000, 0) }))
		p := newPeer(t, s)
		h := s.NewAccount("a@example.com", "password1")
		tokens := p.signIn(ReferenceClientID, everything, h)
		return h.UID() + tokens.text + h.Devices()[0].ID + p.session(h)
	}
	if one, two := run("x"), run("x"); one != two {
		t.Errorf("the same seed gives\n%s\n%s", one, two)
	}
	if run("x") == run("y") {
		t.Error("two seeds give the same ids")
	}
}

func TestClosedServiceRefusesAndClosesTwice(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]Option{nil, {InMemory()}} {
		s, err := Start(opts...)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		transport := s.Transport()
		res, err := (&http.Client{Transport: transport}).Get(s.URL())
		if err == nil {
			res.Body.Close()
			t.Error("a closed service answers")
		}
		transport.CloseIdleConnections()
	}
	if _, err := Start(WithAddr("256.0.0.1:0")); err == nil {
		t.Error("an impossible address was taken")
	}
}

func TestCloseEndsADelayedRequest(t *testing.T) {
	t.Parallel()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, s)
	s.Faults.Next("*", 0, Delay(time.Hour))
	done := make(chan error)
	go func() {
		res, err := p.http.Get(s.URL() + "/")
		if err == nil {
			err = res.Body.Close()
		}
		done <- err
	}()
	for len(s.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("the request was answered")
	}
}

// TestInMemoryServiceLivesInABubble signs in, waits an hour of bubble time and
// receives a push, all in no real time.
func TestInMemoryServiceLivesInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(t, InMemory(), WithSeed("bubble"))
		p := newPeer(t, s)
		h := s.NewAccount("a@example.com", "password1")
		phone := "Bearer " + p.signIn(AndroidClientID, everything, h).str("refresh_token")
		before := s.Clock.Now()
		time.Sleep(time.Hour)
		if waited := s.Clock.Now().Sub(before); waited != time.Hour {
			t.Errorf("the service saw %s pass, want 1h", waited)
		}
		g := newAgent(t, s, "phone")
		id := p.post("/v1/account/device", phone, g.record("Phone", sendTab)).ok().str("id")
		body := map[string]any{"target": id, "command": commandOpenURI, "payload": map[string]any{"encrypted": "x"}}
		if got := p.post("/v1/account/devices/invoke_command", phone, body).ok(); got.json["notified"] != true {
			t.Errorf("not notified: %s", got.text)
		}
		if message := g.next(); message["command"] != "fxaccounts:command_received" {
			t.Errorf("unexpected push: %v", message)
		}
		s.Faults.Next("*", 0, Delay(10*time.Minute))
		start := time.Now()
		p.get("/v1/account/devices", phone).ok()
		if time.Since(start) != 10*time.Minute {
			t.Errorf("the fault took %s of bubble time", time.Since(start))
		}
		if err := g.conn.Close(websocket.StatusNormalClosure, ""); err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "close") {
			t.Error(err)
		}
	})
}

func TestPushSenderRules(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	g := newAgent(t, s, "ios")
	r, err := http.NewRequest("GET", s.URL()+"/v1/session/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	session := p.session(h)
	r.Header.Set("Authorization", session)
	r.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) FxiOS/120.0 Mobile")
	p.send(r).ok()
	p.do("POST", "/v1/account/device", session, g.record("iPhone", sendTab)).ok()
	p.send(r).ok() // the newest User-Agent counts
	h.SetDisplayName("iOS is not told")
	other := p.session(h)
	p.post("/v1/account/device", other, map[string]any{"name": "Other"}).ok()
	if message := g.next(); message["command"] != "fxaccounts:device_connected" {
		t.Errorf("unexpected push: %v", message)
	}
	h.SendPush("", nil)
	h.SendPush("fxaccounts:command_received", map[string]any{"index": 7, "command": "x"})
	if message := g.next(); message["command"] != "fxaccounts:command_received" {
		t.Errorf("iOS gets only the three commands it knows: %v", message)
	}

	var vapid, ttl string
	receiver := newEndpoint(t, func(r *http.Request) { vapid, ttl = r.Header.Get("Authorization"), r.Header.Get("TTL") })
	bad := g.record("Bad keys", nil)
	delete(bad, "availableCommands")
	bad["pushCallback"] = receiver
	p.post("/v1/account/device", other, bad).ok()
	p.post("/v1/account/devices/notify", session, map[string]any{
		"to": "all", "TTL": 77, "payload": map[string]any{"version": 1, "command": "fxaccounts:verify_login", "data": map[string]any{}},
	}).ok()
	if ttl != "77" || !strings.HasPrefix(vapid, "vapid t=") || !strings.Contains(vapid, ", k=") {
		t.Errorf("TTL %q, Authorization %q", ttl, vapid)
	}
}

// newEndpoint is a push endpoint of somebody else.
func newEndpoint(t testing.TB, see func(r *http.Request)) string {
	t.Helper()
	return newHandlerEndpoint(t, func(w http.ResponseWriter, r *http.Request) {
		see(r)
		w.WriteHeader(http.StatusCreated)
	})
}

func newHandlerEndpoint(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handle, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with ErrServerClosed
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return "http://" + l.Addr().String() + "/push"
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := Start()
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignIn(b *testing.B) {
	s, err := Start()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	p := newPeer(b, s)
	for b.Loop() {
		h := s.NewAccount("a@example.com", "password1")
		tokens := p.signIn(ReferenceClientID, everything, h)
		p.get("/v1/profile", "Bearer "+tokens.str("access_token")).ok()
		refresh := "Bearer " + tokens.str("refresh_token")
		p.post("/v1/account/device", refresh, map[string]any{"name": "Me", "type": "desktop", "availableCommands": sendTab}).ok()
		p.get("/v1/account/devices", refresh).ok()
	}
}

func BenchmarkCommand(b *testing.B) {
	s, err := Start()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	p := newPeer(b, s)
	h := s.NewAccount("a@example.com", "password1")
	session := typedSession(h.NewSession())
	id := p.post("/v1/account/device", session, map[string]any{"name": "Me", "availableCommands": sendTab}).ok().str("id")
	body := map[string]any{"target": id, "command": commandOpenURI, "payload": map[string]any{"encrypted": strings.Repeat("x", 500)}}
	for b.Loop() {
		p.post("/v1/account/devices/invoke_command", session, body).ok()
	}
}

func TestOldTokensAreForgotten(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	token := p.post("/v1/oauth/token", session, map[string]any{"client_id": DesktopClientID, "scope": "profile"}).ok().str("access_token")
	s.mu.Lock()
	now := s.Clock.Now()
	for range sweepFrom {
		s.storeAccess(now, grant{client: s.clients[DesktopClientID], account: h.a}, "", time.Hour)
	}
	before := len(s.access)
	s.mu.Unlock()
	s.Clock.Advance(25 * time.Hour)
	p.post("/v1/verify", "", map[string]any{"token": token}).fails(400, 115)
	s.Clock.Advance(25 * time.Hour)
	p.post("/v1/oauth/token", session, map[string]any{"client_id": DesktopClientID, "scope": "profile"}).ok()
	s.mu.Lock()
	after := len(s.access)
	s.mu.Unlock()
	if before <= sweepFrom || after != 1 {
		t.Errorf("%d tokens before, %d after", before, after)
	}
}
