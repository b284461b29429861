package pushservice

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
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

	"github.com/tabferry/tabferry/account/accounttest/internal/memnet"
)

const testChannel = "6f0c1e9a-0000-4000-8000-00000000000a"

// world is a push service on an in-memory network inside a bubble.
type world struct {
	t       *testing.T
	service *Service
	ctl     *Control
	client  *http.Client
	offset  time.Duration // of the service's clock
}

func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		w := &world{t: t}
		w.service = New(Params{
			Base: "http://" + memnet.Host, Random: rand.Reader,
			Now: func() time.Time { return time.Now().Add(w.offset) },
		})
		w.ctl = w.service.Control()
		server := &http.Server{Handler: w.service}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(network)
		}()
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return network.Dial(ctx) }, DisableKeepAlives: true}
		w.client = &http.Client{Transport: transport}
		defer func() {
			w.service.Close()
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			<-served
			transport.CloseIdleConnections()
		}()
		f(w)
	})
}

// peer is a bare WebSocket client.
type peer struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan map[string]any
	closed chan error
	mute   atomic.Bool // leaves pings unanswered
}

func (w *world) dial() *peer {
	w.t.Helper()
	p := &peer{t: w.t, frames: make(chan map[string]any, 1000), closed: make(chan error, 1)}
	conn, _, err := websocket.Dial(w.t.Context(), "ws://"+memnet.Host+SocketPath, &websocket.DialOptions{
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

func (p *peer) send(format string, args ...any) {
	p.t.Helper()
	if err := p.conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		p.t.Errorf("send: %v", err)
	}
}

// take gives what has arrived.
func (p *peer) take() (frames []map[string]any) {
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

func (p *peer) one() map[string]any {
	p.t.Helper()
	frames := p.take()
	if len(frames) != 1 {
		p.t.Fatalf("%d frames %v, want 1", len(frames), frames)
	}
	return frames[0]
}

func (p *peer) drop() {
	p.t.Helper()
	if err := p.conn.CloseNow(); err != nil && !errors.Is(err, net.ErrClosed) {
		p.t.Error(err)
	}
	synctest.Wait()
}

// greet says hello and gives the uaid.
func (p *peer) greet(uaid string) string {
	p.t.Helper()
	p.send(`{"messageType":"hello","use_webpush":true,"broadcasts":{},"uaid":%q}`, uaid)
	synctest.Wait()
	m := <-p.frames
	if m["messageType"] != "hello" || m["status"] != 200.0 {
		p.t.Fatalf("hello reply %v", m)
	}
	return m["uaid"].(string)
}

func (p *peer) register(channel string) (endpoint string) {
	p.t.Helper()
	p.send(`{"messageType":"register","channelID":%q}`, channel)
	m := p.one()
	if m["status"] != 200.0 || m["channelID"] != channel {
		p.t.Fatalf("register reply %v", m)
	}
	return m["pushEndpoint"].(string)
}

func (p *peer) ack(frames ...map[string]any) {
	for _, f := range frames {
		p.send(`{"messageType":"ack","updates":[{"channelID":%q,"version":%q,"code":100}]}`, f["channelID"], f["version"])
	}
	synctest.Wait()
}

func (w *world) post(endpoint, ttl, topic, body string) int {
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

func (p *peer) registerBound(w *world, key *ecdsa.PrivateKey) string {
	p.t.Helper()
	p.send(`{"messageType":"register","channelID":%q,"key":%q}`, testChannel, w.point(key))
	m := p.one()
	endpoint, _ := m["pushEndpoint"].(string)
	if !strings.Contains(endpoint, "/wpush/v2/") {
		p.t.Fatalf("register reply %v", m)
	}
	p.send(`{"messageType":"register","channelID":%q,"key":"AAAA"}`, testChannel)
	if m := p.one(); m["status"] != 400.0 || m["pushEndpoint"] != "Failed to generate endpoint" {
		p.t.Errorf("bad key: %v", m)
	}
	return endpoint
}

func (w *world) point(key *ecdsa.PrivateKey) string {
	raw, err := key.PublicKey.Bytes()
	if err != nil {
		w.t.Fatal(err)
	}
	return b64(raw)
}

func (w *world) vapid(key *ecdsa.PrivateKey, life time.Duration) string {
	claims := fmt.Sprintf(`{"aud":"http://%s","exp":%d}`, memnet.Host, time.Now().Add(life).Unix())
	return "vapid t=" + signedClaims(w.t, key, claims) + ", k=" + w.point(key)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (w *world) request(url string, h http.Header, body []byte) (int, http.Header, map[string]any) {
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

func contextFor(w *world, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.t.Context(), d)
}
