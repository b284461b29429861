package accounttest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

const pushTestChannel = "6f0c1e9a-0000-4000-8000-00000000000a"

// pushWorld is a push service on an in-memory network inside a bubble.
type pushWorld struct {
	t       *testing.T
	service *pushService
	ctl     *PushControl
	client  *http.Client
	offset  time.Duration // of the service's clock
}

func inPushWorld(t *testing.T, f func(w *pushWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := newMemoryNetwork()
		w := &pushWorld{t: t}
		w.service = newPushService(pushParams{
			base: "http://" + memoryHost, random: rand.Reader,
			now: func() time.Time { return time.Now().Add(w.offset) },
		})
		w.ctl = w.service.control()
		server := &http.Server{Handler: w.service}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(network)
		}()
		transport := &http.Transport{DialContext: network.dialContext, DisableKeepAlives: true}
		w.client = &http.Client{Transport: transport}
		defer func() {
			w.service.close()
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			<-served
			transport.CloseIdleConnections()
		}()
		f(w)
	})
}

func (n *memoryNetwork) dialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return n.dial(ctx)
}

// pushPeer is a bare WebSocket client.
type pushPeer struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan map[string]any
	closed chan error
	mute   atomic.Bool // leaves pings unanswered
}

func (w *pushWorld) dial() *pushPeer {
	w.t.Helper()
	p := &pushPeer{t: w.t, frames: make(chan map[string]any, 1000), closed: make(chan error, 1)}
	conn, _, err := websocket.Dial(w.t.Context(), "ws://"+memoryHost+pushSocketPath, &websocket.DialOptions{
		HTTPClient:     w.client,
		Subprotocols:   []string{"push-notification"},
		OnPingReceived: func(context.Context, []byte) bool { return !p.mute.Load() },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p.conn = conn
	go func() {
		for {
			_, text, err := conn.Read(context.Background())
			if err != nil {
				p.closed <- err
				return
			}
			var m map[string]any
			if err := json.Unmarshal(text, &m); err != nil {
				m = map[string]any{"unreadable": string(text)}
			}
			p.frames <- m
		}
	}()
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return p
}

func (p *pushPeer) send(format string, args ...any) {
	p.t.Helper()
	if err := p.conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		p.t.Errorf("send: %v", err)
	}
}

// take gives what has arrived.
func (p *pushPeer) take() (frames []map[string]any) {
	synctest.Wait()
	for {
		select {
		case f := <-p.frames:
			frames = append(frames, f)
		default:
			return frames
		}
	}
}

func (p *pushPeer) one() map[string]any {
	p.t.Helper()
	frames := p.take()
	if len(frames) != 1 {
		p.t.Fatalf("%d frames %v, want 1", len(frames), frames)
	}
	return frames[0]
}

func (p *pushPeer) drop() {
	p.t.Helper()
	if err := p.conn.CloseNow(); err != nil && !errors.Is(err, net.ErrClosed) {
		p.t.Error(err)
	}
	synctest.Wait()
}

// greet says hello and gives the uaid.
func (p *pushPeer) greet(uaid string) string {
	p.t.Helper()
	p.send(`{"messageType":"hello","use_webpush":true,"broadcasts":{},"uaid":%q}`, uaid)
	synctest.Wait()
	m := <-p.frames
	if m["messageType"] != "hello" || m["status"] != 200.0 {
		p.t.Fatalf("hello reply %v", m)
	}
	return m["uaid"].(string)
}

func (p *pushPeer) register(channel string) (endpoint string) {
	p.t.Helper()
	p.send(`{"messageType":"register","channelID":%q}`, channel)
	m := p.one()
	if m["status"] != 200.0 || m["channelID"] != channel {
		p.t.Fatalf("register reply %v", m)
	}
	return m["pushEndpoint"].(string)
}

func (p *pushPeer) ack(frames ...map[string]any) {
	for _, f := range frames {
		p.send(`{"messageType":"ack","updates":[{"channelID":%q,"version":%q,"code":100}]}`, f["channelID"], f["version"])
	}
	synctest.Wait()
}

func (w *pushWorld) post(endpoint, ttl, topic, body string) int {
	h := http.Header{"Ttl": {ttl}, "Content-Encoding": {"aes128gcm"}}
	if topic != "" {
		h.Set("Topic", topic)
	}
	return w.ctl.Post(endpoint, h, []byte(body))
}

func text(f map[string]any) string {
	data, _ := f["data"].(string)
	raw, err := base64.RawURLEncoding.DecodeString(data)
	if err != nil {
		return "bad base64"
	}
	return string(raw)
}

func texts(frames []map[string]any) string {
	var all []string
	for _, f := range frames {
		all = append(all, text(f))
	}
	return strings.Join(all, " ")
}

func TestPushHelloAndRegister(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		p := w.dial()
		if sub := p.conn.Subprotocol(); sub != "" {
			t.Errorf("subprotocol %q chosen, the server chooses none", sub)
		}
		first := p.greet("")
		if len(first) != 32 {
			w.t.Fatalf("uaid %q", first)
		}
		p.drop()

		p = w.dial()
		second := p.greet(first)
		if second == first {
			t.Error("a uaid without a channel was stored")
		}
		one, two := p.register(pushTestChannel), p.register(pushTestChannel)
		if one == two || !strings.HasPrefix(one, "http://"+memoryHost+"/wpush/v1/") {
			t.Errorf("endpoints %q and %q", one, two)
		}
		p.drop()

		p = w.dial()
		if third := p.greet(second); third != second {
			t.Error("a uaid with a channel was not kept")
		}
		for _, endpoint := range []string{one, two} {
			if got := w.post(endpoint, "60", "", "x"); got != 201 {
				t.Errorf("endpoint answers %d, both must work", got)
			}
		}
		p.send(`{"messageType":"unregister","channelID":%q,"code":200}`, pushTestChannel)
		frames := p.take()
		if m := frames[len(frames)-1]; m["messageType"] != "unregister" || m["status"] != 200.0 {
			t.Errorf("unregister reply %v", m)
		}
		if got := w.post(one, "60", "", "x"); got != 410 {
			t.Errorf("endpoint of an ended channel answers %d, want 410", got)
		}
		p.drop()

		w.offset = pushUAIDLife + time.Hour
		p = w.dial()
		if again := p.greet(second); again == second {
			t.Error("uaid lives longer than 60 days")
		}
		p.drop()
	})
}

func TestPushClosesWith(t *testing.T) {
	greeted := func(f func(p *pushPeer)) func(p *pushPeer) {
		return func(p *pushPeer) { p.greet(""); f(p) }
	}
	sends := func(text string) func(p *pushPeer) { return func(p *pushPeer) { p.send("%s", text) } }
	for name, c := range map[string]struct {
		do     func(p *pushPeer)
		code   websocket.StatusCode
		reason string
		after  time.Duration
	}{
		"no hello":            {func(*pushPeer) {}, 1011, "HandshakeTimeout", 5 * time.Second},
		"frame ping at first": {func(p *pushPeer) { go func() { _ = p.conn.Ping(p.t.Context()) }() }, 1003, "UnsupportedMessage", 0},
		"empty ping at first": {sends(`{}`), 1011, "SM", 0},
		"register at first":   {sends(`{"messageType":"register"}`), 1011, "SM", 0},
		"not json":            {greeted(sends(`{"messageType`)), 1011, "Json", 0},
		"unknown type":        {greeted(sends(`{"messageType":"dance"}`)), 1011, "Json", 0},
		"second hello":        {greeted(sends(`{"messageType":"hello"}`)), 1011, "SM", 0},
		"upper-case channel":  {greeted(sends(`{"messageType":"register","channelID":"` + strings.ToUpper(pushTestChannel) + `"}`)), 1011, "SM", 0},
		"binary frame": {greeted(func(p *pushPeer) {
			if err := p.conn.Write(p.t.Context(), websocket.MessageBinary, []byte(`{}`)); err != nil {
				p.t.Error(err)
			}
		}), 1003, "UnsupportedMessage", 0},
		"pings too close": {greeted(func(p *pushPeer) {
			p.send(`{}`)
			time.Sleep(44 * time.Second)
			p.send(`{"messageType":"ping"}`)
		}), 1011, "SM", 0},
		"lost pong": {greeted(func(p *pushPeer) { p.mute.Store(true) }), 1011, "PongTimeout", 304 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inPushWorld(t, func(w *pushWorld) {
				p := w.dial()
				c.do(p)
				start := time.Now()
				var closed websocket.CloseError
				err := <-p.closed
				if websocket.CloseStatus(err) != c.code || !errors.As(err, &closed) || closed.Reason != c.reason {
					t.Errorf("closed with %v, want %d %s", err, c.code, c.reason)
				}
				if took := time.Since(start); took < c.after || took > c.after+time.Second {
					t.Errorf("closed after %v, want %v", took, c.after)
				}
			})
		})
	}
}

func TestPushAnswersPingsEvery45Seconds(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		p := w.dial()
		p.greet("")
		for range 3 {
			p.send(`{}`)
			if m := p.one(); len(m) != 0 {
				t.Errorf("answer to a ping: %v", m)
			}
			time.Sleep(45 * time.Second)
		}
		time.Sleep(time.Hour) // answered server pings keep the connection
		if w.ctl.Connections() != 1 {
			t.Error("a healthy connection was closed")
		}
		p.drop()
	})
}

func TestPushBacklogWaitsForEveryAck(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(pushTestChannel)
		p.drop()
		for i := range 25 {
			if got := w.post(endpoint, "86400", "", fmt.Sprint(i)); got != 201 {
				w.t.Fatalf("endpoint answers %d", got)
			}
		}
		p = w.dial()
		p.greet(uaid)
		batch := p.take()
		if got := texts(batch); got != "0 1 2 3 4 5 6 7 8 9" {
			w.t.Fatalf("first batch %q", got)
		}
		p.ack(batch[1:]...)
		time.Sleep(time.Hour)
		if more := p.take(); len(more) != 0 {
			w.t.Fatalf("%d messages came although one is unacknowledged", len(more))
		}
		w.post(endpoint, "86400", "", "live")
		live := p.one()
		p.ack(batch[0])
		if more := p.take(); len(more) != 0 {
			w.t.Fatalf("%d messages came although a live one is unacknowledged", len(more))
		}
		p.ack(live)
		if got := texts(p.take()); got != "10 11 12 13 14 15 16 17 18 19" {
			w.t.Fatalf("second batch %q", got)
		}
		p.drop()
		if got := w.ctl.Stored(); got != 15 {
			t.Errorf("%d messages stored, want 15", got)
		}
	})
}

func TestPushRedeliversWithTheSameVersion(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(pushTestChannel)
		w.post(endpoint, "60", "", "keep")
		w.post(endpoint, "0", "", "now or never")
		seen := p.take()
		if texts(seen) != "keep now or never" {
			w.t.Fatalf("live messages %q", texts(seen))
		}
		p.drop()
		p = w.dial()
		p.greet(uaid)
		again := p.one()
		if text(again) != "keep" || again["version"] != seen[0]["version"] {
			t.Errorf("redelivered %v, want %v", again, seen[0])
		}
		p.ack(again)
		p.drop()
		p = w.dial()
		p.greet(uaid)
		if more := p.take(); len(more) != 0 {
			t.Errorf("acknowledged message came again: %v", more)
		}
		p.drop()
	})
}

func TestPushStorage(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(pushTestChannel)
		p.drop()
		w.post(endpoint, "0", "", "gone")
		w.post(endpoint, "60", "", "expires")
		w.post(endpoint, "7200", "", "stays")
		w.post(endpoint, "7200", "t", "replaced")
		w.post(endpoint, "7200", "t", "newest")
		w.post(endpoint, "99999999", "", "capped")
		w.offset = time.Hour
		p = w.dial()
		p.greet(uaid)
		topics := p.take()
		if got := texts(topics); got != "newest" {
			t.Errorf("topic batch %q", got)
		}
		p.ack(topics...)
		rest := p.take()
		if got := texts(rest); got != "stays capped" {
			t.Errorf("rest %q", got)
		}
		p.drop()
		w.offset = 31 * 24 * time.Hour
		p = w.dial()
		p.greet(uaid)
		if more := p.take(); len(more) != 0 {
			t.Errorf("messages live longer than 30 days: %q", texts(more))
		}
		p.drop()
	})
}

func TestPushForgetsWhoHasTooMuchWaiting(t *testing.T) {
	for _, c := range []struct {
		stored int
		kept   bool
	}{{150, true}, {151, false}} {
		inPushWorld(t, func(w *pushWorld) {
			p := w.dial()
			uaid := p.greet("")
			endpoint := p.register(pushTestChannel)
			p.drop()
			for range c.stored {
				w.post(endpoint, "3600", "", "x")
			}
			p = w.dial()
			p.greet(uaid)
			got := 0
			for {
				batch := p.take()
				if len(batch) == 0 {
					break
				}
				got += len(batch)
				p.ack(batch...)
			}
			if kept := w.ctl.Connections() == 1; kept != c.kept || got != 150 {
				t.Errorf("%d stored: %d came, connection kept: %v", c.stored, got, kept)
			}
			if !c.kept {
				err := <-p.closed
				if websocket.CloseStatus(err) != 1000 {
					t.Errorf("closed with %v, want 1000", err)
				}
				if known := w.ctl.UserAgents(); len(known) != 0 {
					t.Errorf("uaids %v are still known", known)
				}
			}
			p.drop()
		})
	}
}

func TestPushNewerConnectionWins(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		old := w.dial()
		uaid := old.greet("")
		endpoint := old.register(pushTestChannel)
		w.post(endpoint, "60", "", "unacknowledged")
		newer := w.dial()
		newer.greet(uaid)
		err := <-old.closed
		if websocket.CloseStatus(err) != 1011 {
			t.Errorf("older connection closed with %v, want 1011", err)
		}
		if m := newer.one(); text(m) != "unacknowledged" {
			t.Errorf("newer connection got %v", m)
		}
		w.post(endpoint, "60", "", "live")
		if m := newer.one(); text(m) != "live" {
			t.Errorf("newer connection got %v", m)
		}
		newer.drop()
	})
}

func TestPushBroadcasts(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		w.ctl.SetBroadcast("remote-settings/monitor_changes", "2")
		p := w.dial()
		p.send(`{"messageType":"hello","broadcasts":{"remote-settings/monitor_changes":"1","none":"0"}}`)
		m := p.one()
		want := map[string]any{
			"remote-settings/monitor_changes": "2",
			"errors":                          map[string]any{"none": "Broadcast not found"},
		}
		if got := m["broadcasts"]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("broadcasts %v, want %v", got, want)
		}
		w.ctl.SetBroadcast("remote-settings/monitor_changes", "3")
		if m := p.one(); m["messageType"] != "broadcast" {
			t.Errorf("got %v", m)
		}
		p.drop()
	})
}

func TestPushEndpointAnswers(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		p := w.dial()
		p.greet("")
		endpoint := p.register(pushTestChannel)
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			w.t.Fatal(err)
		}
		bound := p.registerBound(w, key)
		gcm := http.Header{"Ttl": {"10"}, "Content-Encoding": {"aes128gcm"}}
		with := func(name, value string) http.Header {
			h := gcm.Clone()
			h.Set(name, value)
			return h
		}
		vapid := func(life time.Duration) http.Header {
			return with("Authorization", w.vapid(key, life))
		}
		for name, c := range map[string]struct {
			url    string
			header http.Header
			body   []byte
			status int
			errno  float64
		}{
			"accepted":          {endpoint, gcm, []byte("body"), 201, 0},
			"without a body":    {endpoint, http.Header{"Ttl": {"0"}}, nil, 201, 0},
			"largest":           {endpoint, gcm, make([]byte, 5630), 201, 0},
			"too large":         {endpoint, gcm, make([]byte, 5631), 413, 104},
			"no ttl":            {endpoint, http.Header{}, nil, 400, 111},
			"negative ttl":      {endpoint, http.Header{"Ttl": {"-1"}}, nil, 400, 112},
			"long topic":        {endpoint, with("Topic", strings.Repeat("a", 33)), nil, 400, 113},
			"no encoding":       {endpoint, http.Header{"Ttl": {"1"}}, []byte("x"), 400, 110},
			"aesgcm, no salt":   {endpoint, http.Header{"Ttl": {"1"}, "Content-Encoding": {"aesgcm"}}, []byte("x"), 400, 110},
			"unknown token":     {endpoint + "x", gcm, nil, 404, 102},
			"signed":            {endpoint, vapid(time.Hour), nil, 201, 0},
			"signature too old": {endpoint, vapid(-time.Hour), nil, 401, 109},
			"signed for days":   {endpoint, vapid(25 * time.Hour), nil, 401, 109},
			"bound, unsigned":   {bound, gcm, nil, 401, 109},
			"bound, signed":     {bound, vapid(time.Hour), nil, 201, 0},
		} {
			status, h, body := w.request(c.url, c.header, c.body)
			if status != c.status || body["errno"] != nil && body["errno"] != c.errno {
				t.Errorf("%s: %d %v, want %d %v", name, status, body, c.status, c.errno)
			}
			if status == 201 && (h.Get("Location") == "" || h.Get("TTL") == "") {
				t.Errorf("%s: headers %v lack Location or TTL", name, h)
			}
			if status != 201 && body["errno"] == nil {
				t.Errorf("%s: no errno in %v", name, body)
			}
		}
		for _, forced := range []int{404, 410, 503} {
			w.ctl.AnswerEndpoints(forced)
			if status, h, _ := w.request(endpoint, gcm, nil); status != forced || (forced == 503) != (h.Get("Retry-After") == "120") {
				t.Errorf("forced %d: %d %v", forced, status, h)
			}
		}
		w.ctl.AnswerEndpoints(0)
		w.ctl.ForgetUserAgents()
		if status, _, body := w.request(endpoint, gcm, nil); status != 410 || body["errno"] != 106.0 {
			t.Errorf("lost uaid: %d %v", status, body)
		}
		p.drop()
	})
}

func (p *pushPeer) registerBound(w *pushWorld, key *ecdsa.PrivateKey) string {
	p.t.Helper()
	p.send(`{"messageType":"register","channelID":%q,"key":%q}`, pushTestChannel, w.point(key))
	m := p.one()
	endpoint, _ := m["pushEndpoint"].(string)
	if !strings.Contains(endpoint, "/wpush/v2/") {
		p.t.Fatalf("register reply %v", m)
	}
	p.send(`{"messageType":"register","channelID":%q,"key":"AAAA"}`, pushTestChannel)
	if m := p.one(); m["status"] != 400.0 || m["pushEndpoint"] != "Failed to generate endpoint" {
		p.t.Errorf("bad key: %v", m)
	}
	return endpoint
}

func (w *pushWorld) point(key *ecdsa.PrivateKey) string {
	raw, err := key.PublicKey.Bytes()
	if err != nil {
		w.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (w *pushWorld) vapid(key *ecdsa.PrivateKey, life time.Duration) string {
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." +
		enc.EncodeToString(fmt.Appendf(nil, `{"aud":"http://%s","exp":%d}`, memoryHost, time.Now().Add(life).Unix()))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		w.t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return "vapid t=" + signed + "." + enc.EncodeToString(signature) + ", k=" + w.point(key)
}

func (w *pushWorld) request(url string, h http.Header, body []byte) (int, http.Header, map[string]any) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header = h
	resp, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := resp.Body.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	var m map[string]any
	if resp.StatusCode != 201 {
		if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
			w.t.Errorf("%d: %v", resp.StatusCode, err)
		}
	}
	return resp.StatusCode, resp.Header, m
}

func TestPushRefusedUpgrades(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		w.ctl.RefuseUpgrades(503, "77", 1)
		_, resp, err := websocket.Dial(w.t.Context(), "ws://"+memoryHost+pushSocketPath, &websocket.DialOptions{HTTPClient: w.client})
		if err == nil || resp == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "77" {
			t.Errorf("refused upgrade: %v, %v", resp, err)
		}
		p := w.dial()
		p.greet("")
		if got := len(w.ctl.Upgrades()); got != 2 {
			t.Errorf("%d upgrades counted, want 2", got)
		}
		p.drop()
	})
}

func TestPushFaultsOnOpenConnections(t *testing.T) {
	inPushWorld(t, func(w *pushWorld) {
		p := w.dial()
		p.greet("")
		w.ctl.Hang()
		p.send(`{}`)
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("a hung connection answers %v", frames)
		}
		if err := p.conn.Ping(w.t.Context()); err != nil {
			t.Errorf("a hung connection must answer WebSocket pings: %v", err)
		}
		w.ctl.Silence()
		p.send(`{}`)
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("a silent connection answers %v", frames)
		}
		w.ctl.Cut()
		if err := <-p.closed; websocket.CloseStatus(err) != -1 {
			t.Errorf("cut connection closed with %v", err)
		}
		p = w.dial()
		p.greet("")
		w.ctl.Close(4774, "")
		if err := <-p.closed; websocket.CloseStatus(err) != 4774 {
			t.Errorf("closed with %v, want 4774", err)
		}
	})
}
