//go:build peers

package peers

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/push"
)

// TestPeerWebPush: what the npm package web-push sends in either encoding reaches our user agent
// through the in-process push service; what the service's own sender makes is opened by http_ece.
func TestPeerWebPush(t *testing.T) {
	t.Parallel()
	packages := node(t)
	s := accounttest.New(t)

	t.Run("web-push sends, our user agent reads", func(t *testing.T) {
		agent := runUserAgent(t, s)
		for _, encoding := range []string{"aes128gcm", "aesgcm"} {
			for _, text := range []string{"plain", "Grüße, 世界 🛳", strings.Repeat("long ", 600)} {
				out := tool(t, packages, "node", "webpush_send.js", agent.subscription.Endpoint,
					agent.subscription.PublicKey, agent.subscription.AuthKey, text, encoding)
				if status := strings.TrimSpace(out); status != "201" {
					t.Fatalf("%s: the push service answers web-push with %s", encoding, status)
				}
				if got := agent.next(t); got != text {
					t.Errorf("%s: our user agent read %.40q, want %.40q", encoding, got, text)
				}
			}
		}
	})

	t.Run("the service's sender writes, http_ece reads", func(t *testing.T) {
		a := s.NewAccount("erika@example.org", "secret words")
		priv, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		auth := make([]byte, 16)
		if _, err := rand.Read(auth); err != nil {
			t.Fatal(err)
		}
		bodies := make(chan []byte, 1)
		endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("Ttl") == "" ||
				!strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") {
				t.Errorf("the sender's request is not a Web Push: %v, %v", r.Header, err)
			}
			w.WriteHeader(http.StatusCreated)
			bodies <- body
		}))
		t.Cleanup(endpoint.Close)
		registerDevice(t, s, a, map[string]any{
			"name": "Receiver", "type": "desktop", "pushCallback": endpoint.URL + "/push",
			"pushPublicKey": b64(priv.PublicKey().Bytes()), "pushAuthKey": b64(auth),
		})
		a.SendPush("fxaccounts:profile_updated", map[string]any{"greeting": "Grüße 🛳"})
		select {
		case body := <-bodies:
			text := tool(t, packages, "node", "ece_open.js", b64(priv.Bytes()), b64(auth), b64(body))
			if !strings.Contains(text, `"fxaccounts:profile_updated"`) || !strings.Contains(text, "Grüße 🛳") {
				t.Errorf("http_ece reads %q", text)
			}
		case <-time.After(patience):
			t.Fatal("the service pushed nothing")
		}
	})
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// registerDevice registers a device with a session, as a browser does.
func registerDevice(t *testing.T, s *accounttest.Service, a *accounttest.Account, record map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/v1/account/device",
		strings.NewReader(compact(record)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer fxs_"+sessionID(t, a.NewSession()))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if closeErr := response.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("registering a device: %s %s %v", response.Status, text, err)
	}
}

// userAgent is our own push client, running.
type userAgent struct {
	subscription push.Subscription
	messages     chan string
}

func runUserAgent(t *testing.T, s *accounttest.Service) *userAgent {
	t.Helper()
	u := &userAgent{messages: make(chan string, 16)}
	client, err := push.New(push.Params{
		ServerURL: s.PushURL(), Store: new(memory),
		Handle: func(_ context.Context, m push.Message) { u.messages <- string(m.Text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the user agent ended with %v", err)
		}
	})
	if u.subscription, err = client.Subscribe(ctx, "test"); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u *userAgent) next(t *testing.T) string {
	t.Helper()
	select {
	case text := <-u.messages:
		return text
	case <-time.After(patience):
		t.Fatal("no message reached our user agent")
		return ""
	}
}

// memory is a push.Store that forgets with the test.
type memory struct {
	mu    sync.Mutex
	state []byte
}

func (m *memory) Load(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.state), nil
}

func (m *memory) Save(_ context.Context, state []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = bytes.Clone(state)
	return nil
}
