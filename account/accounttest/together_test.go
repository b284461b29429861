package accounttest

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/memnet"
)

// TestManyAccountsAtOnce lets many people use one service at the same time:
// nothing of one shows in another, and command indexes rise without repeats.
func TestManyAccountsAtOnce(t *testing.T) {
	t.Parallel()
	const people, commands = 8, 12
	s := New(t)
	var mu sync.Mutex
	indexes := map[float64]string{}
	var work sync.WaitGroup
	for i := range people {
		work.Go(func() {
			p := newPeer(t, s)
			name := "p" + strconv.Itoa(i)
			h := s.NewAccount(name+"@example.com", "password"+name)
			tokens := p.signIn(ReferenceClientID, everything, h)
			refresh := "Bearer " + tokens.str("refresh_token")
			id := p.post("/v1/account/device", refresh, map[string]any{"name": name, "availableCommands": sendTab}).ok().str("id")
			for n := range commands {
				p.post("/v1/account/devices/invoke_command", refresh, map[string]any{
					"target": id, "command": commandOpenURI, "payload": map[string]any{"encrypted": name + "-" + strconv.Itoa(n)},
				}).ok()
			}
			var page struct {
				Messages []struct {
					Index float64
					Data  struct{ Payload struct{ Encrypted string } }
				}
			}
			if err := json.Unmarshal([]byte(p.get("/v1/account/device/commands", refresh).ok().text), &page); err != nil {
				t.Error(err)
				return
			}
			if len(page.Messages) != commands {
				t.Errorf("%s has %d commands, want %d", name, len(page.Messages), commands)
			}
			last := 0.0
			for n, m := range page.Messages {
				if m.Index <= last || m.Data.Payload.Encrypted != name+"-"+strconv.Itoa(n) {
					t.Errorf("%s: message %d is %+v after index %v", name, n, m, last)
				}
				last = m.Index
				mu.Lock()
				if owner := indexes[m.Index]; owner != "" {
					t.Errorf("index %v belongs to %s and %s", m.Index, owner, name)
				}
				indexes[m.Index] = name
				mu.Unlock()
			}
			if list := p.get("/v1/account/devices", refresh).ok().list(); len(list) != 1 || list[0]["name"] != name {
				t.Errorf("%s sees %v", name, list)
			}
		})
	}
	work.Wait()
	if shot := s.Snapshot(); len(shot.Accounts) != people || len(indexes) != people*commands {
		t.Errorf("%d accounts, %d indexes", len(shot.Accounts), len(indexes))
	}
}

// TestCloseWhileInUse closes a service under load: no request hangs, no
// goroutine stays.
func TestCloseWhileInUse(t *testing.T) {
	t.Parallel()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			transport := s.Transport()
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			for {
				res, err := client.Get(s.URL() + "/.well-known/openid-configuration")
				if err != nil {
					return
				}
				if err := res.Body.Close(); err != nil {
					return
				}
			}
		})
	}
	for len(s.Requests()) < 50 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	work.Wait()
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("b@example.com", "password1")
	s.NewAccount("a@example.com", "password1").SetVerified(false)
	p.signIn(ReferenceClientID, everything, h)
	p.approve(newFlow(AndroidClientID, "profile"), h)
	shot := s.Snapshot()
	if len(shot.Accounts) != 2 || shot.Accounts[0].Verified || shot.Accounts[0].Email != "a@example.com" {
		t.Fatalf("unexpected snapshot: %+v", shot)
	}
	b := shot.Accounts[1]
	if b.UID != h.UID() || b.Sessions != 2 || len(b.Devices) != 1 || b.Codes != 1 || b.RefreshTokens[ReferenceClientID] != 1 || b.AccessTokens[ReferenceClientID] != 1 {
		t.Errorf("unexpected snapshot: %+v", b)
	}
	s.Clock.Advance(25 * time.Hour)
	if b = s.Snapshot().Accounts[1]; b.Codes != 0 || len(b.AccessTokens) != 0 || b.RefreshTokens[ReferenceClientID] != 1 {
		t.Errorf("what expired is counted: %+v", b)
	}
	text, err := json.Marshal(shot)
	if err != nil || strings.Contains(string(text), "password1") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestStrictScopes(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		var opts []Option
		if strict {
			opts = append(opts, StrictScopes())
		}
		s := New(t, opts...)
		p := newPeer(t, s)
		session := p.session(s.NewAccount("a@example.com", "password1"))
		got := p.post("/v1/oauth/token", session, map[string]any{"client_id": DesktopClientID, "scope": "profile surplus"})
		if strict {
			if got.fails(400, 163); len(got.json["invalidScopes"].([]any)) != 1 {
				t.Errorf("unexpected scopes: %s", got.text)
			}
		} else {
			got.ok()
		}
	}
}

func TestFlowOriginsCanBeChosen(t *testing.T) {
	t.Parallel()
	s := New(t, WithFlowOrigins("https://mine.example"))
	r := httptest.NewRequest("GET", s.URL()+"/metrics-flow", nil)
	for origin, want := range map[string]int{"https://mine.example": 200, "http://127.0.0.1:8000": 403} {
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", origin, w.Code, want)
		}
	}
}

// TestEventsInABubble delivers events to a receiver that is in memory too.
func TestEventsInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		var seen []string
		var mu sync.Mutex
		receiver := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r.URL.Path)
		}), ReadHeaderTimeout: time.Second}
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := receiver.Serve(network); !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		}()
		transport := &http.Transport{DialContext: (&relyingParty{network}).dial}
		s := New(t, InMemory(), WithWebhookTransport(transport))
		h := s.NewAccount("a@example.com", "password1")
		p := newPeer(t, s)
		p.signIn(ReferenceClientID, "profile", h)
		s.SetWebhook(ReferenceClientID, "http://site.example/hook")
		if n := h.Emit(EventDeleteUser, map[string]any{}); n != 1 {
			t.Errorf("%d took the event", n)
		}
		mu.Lock()
		if len(seen) != 1 || seen[0] != "/hook" {
			t.Errorf("seen %q", seen)
		}
		mu.Unlock()
		transport.CloseIdleConnections()
		if err := receiver.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
}

// TestSecondSignInMakesASecondDevice: each sign-in of an application is a
// device of its own until the application registers or is signed out.
func TestSecondSignInMakesASecondDevice(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	first := p.signIn(ReferenceClientID, everything, h)
	second := p.signIn(ReferenceClientID, everything, h)
	devices := h.Devices()
	if len(devices) != 2 || devices[0].Name != "Reference browser" || devices[0].Type != "mobile" {
		t.Fatalf("unexpected placeholders: %+v", devices)
	}
	one, two := "Bearer "+first.str("refresh_token"), "Bearer "+second.str("refresh_token")
	got := p.post("/v1/account/device", two, map[string]any{"id": devices[0].ID}).fails(400, 124)
	if got.str("deviceId") != devices[1].ID {
		t.Errorf("unexpected id: %s", got.text)
	}
	p.post("/v1/account/device", one, map[string]any{"name": "First", "type": "tablet"}).ok()
	for i, credential := range []string{one, typedSession(first.str("session_token"))} {
		list := rowsBy(p.get("/v1/account/devices", credential).ok().list(), "name")
		if list["First"]["isCurrentDevice"] != true || list["First"]["type"] != "tablet" || list["Reference browser"]["isCurrentDevice"] != false {
			t.Errorf("credential %d: %v", i, list)
		}
	}
	p.post("/v1/oauth/destroy", "", map[string]any{"client_id": ReferenceClientID, "token": first.str("refresh_token")}).ok()
	if devices = h.Devices(); len(devices) != 1 {
		t.Errorf("the device of a destroyed refresh token stays: %+v", devices)
	}
	p.get("/v1/session/status", typedSession(first.str("session_token"))).ok()
	p.post("/v1/account/device/destroy", two, map[string]any{"id": devices[0].ID}).ok()
	if len(h.Devices()) != 0 {
		t.Error("a device cannot remove itself")
	}
	p.get("/v1/session/status", typedSession(second.str("session_token"))).fails(401, 110)
}

func TestPushGoesThroughOtherServersFaults(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	session := p.session(h)
	status := http.StatusCreated
	var mu sync.Mutex
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer endpoint.Close()
	record := map[string]any{
		"name": "Me", "availableCommands": sendTab, "pushCallback": endpoint.URL + "/p", "pushAuthKey": crypt.B64([]byte("0123456789abcdef")),
		"pushPublicKey": crypt.B64(newFlow("x", "x").key.PublicKey().Bytes()),
	}
	id := p.post("/v1/account/device", session, record).ok().str("id")
	body := map[string]any{"target": id, "command": commandOpenURI, "payload": map[string]any{}}
	for _, c := range []struct {
		status  int
		want    any
		expired bool
	}{
		{201, nil, false},
		{200, nil, false},
		{400, "unknown", false},
		{401, "unknown", false},
		{413, "unknown", false},
		{429, "unknown", false},
		{500, "unknown", false},
		{503, "unknown", false},
		{302, "unknown", false},
		{0, "unknown", false},
		{410, "resetCallback", true},
	} {
		mu.Lock()
		status = c.status
		mu.Unlock()
		got := p.post("/v1/account/devices/invoke_command", session, body).ok()
		if got.json["notifyError"] != c.want || got.json["notified"] != (c.want == nil) || h.Devices()[0].PushEndpointExpired != c.expired {
			t.Errorf("%d: %s, %+v", c.status, got.text, h.Devices()[0])
		}
	}
	for name, change := range map[string]any{"pushPublicKey": "", "pushAuthKey": "AAAA"} {
		record["pushCallback"] = endpoint.URL + "/" + name
		record[name] = change
		p.post("/v1/account/device", session, record).ok()
		got := p.post("/v1/account/devices/invoke_command", session, body).ok()
		if want := map[string]string{"pushPublicKey": "noKeys", "pushAuthKey": "resetCallback"}[name]; name == "pushPublicKey" && got.json["notifyError"] != want {
			t.Errorf("%s: %s", name, got.text)
		}
		record["pushPublicKey"], record["pushAuthKey"] = crypt.B64(newFlow("x", "x").key.PublicKey().Bytes()), crypt.B64([]byte("0123456789abcdef"))
	}
	record["pushCallback"], record["pushAuthKey"] = endpoint.URL+"/short", "AAAA"
	p.post("/v1/account/device", session, record).ok()
	if got := p.post("/v1/account/devices/invoke_command", session, body).ok(); got.json["notifyError"] != "resetCallback" || !h.Devices()[0].PushEndpointExpired {
		t.Errorf("a short auth secret: %s", got.text)
	}
	record["pushCallback"], record["pushPublicKey"], record["pushAuthKey"] = "", "", ""
	if got := p.post("/v1/account/device", session, record).ok(); got.json["pushCallback"] != nil {
		t.Errorf("push was not taken away: %s", got.text)
	}
	if list := p.get("/v1/account/devices", session).ok().list(); list[0]["pushCallback"] != nil || list[0]["pushPublicKey"] != nil {
		t.Errorf("unexpected device: %v", list[0])
	}
}

func TestBatteries(t *testing.T) {
	t.Parallel()
	s := New(t)
	if s.Push() == nil || s.Relay() == nil {
		t.Error("no push service or relay")
	}
	p := newPeer(t, s)
	for _, path := range []string{"/__heartbeat__", "/__lbheartbeat__"} {
		if got := p.get(path, "").ok(); got.str("status") != "ok" {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	if !strings.HasPrefix(s.PushURL(), "ws://127.0.0.1:") || !strings.HasSuffix(s.PushURL(), "/push") || !strings.HasPrefix(s.PairingURL(), "ws://") {
		t.Errorf("addresses %s and %s", s.PushURL(), s.PairingURL())
	}
	p.post("/v1/account/credentials/status", "", map[string]any{"email": "nobody@example.com"}).fails(400, 102)
	s.NewAccount("a@example.com", "password1")
	if got := p.post("/v1/account/credentials/status", "", map[string]any{"email": "a@example.com"}).ok(); got.str("currentVersion") != "v1" {
		t.Errorf("unexpected status: %s", got.text)
	}
	p.post("/v1/session/resend_code", p.session(s.Accounts()[0]), map[string]any{}).ok()
	p.get("/v1/account/status?uid=xyz", "").fails(400, 107)
	if got := p.get("/v1/account/status", p.session(s.Accounts()[0])).ok(); got.json["exists"] != true {
		t.Errorf("a session tells the uid: %s", got.text)
	}
	for path, errno := range map[string]int{"/v1/nowhere": 999, "/v1/account/device/": 999, "/v1/client/a/b": 999} {
		p.get(path, "").fails(404, errno)
	}
	p.do("DELETE", "/v1/account/device", "", nil).fails(404, 999)
	if got := p.do("HEAD", "/v1/jwks", "", nil); got.status != 200 || got.text != "" {
		t.Errorf("HEAD: %d %q", got.status, got.text)
	}
}

// relyingParty is the way to an in-memory receiver.
type relyingParty struct{ network *memnet.Network }

func (r *relyingParty) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return r.network.Dial(ctx)
}
