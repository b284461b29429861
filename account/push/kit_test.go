package push_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/internal/ece"
	"github.com/tabferry/tabferry/account/push"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memStore keeps the state in memory and can be made to fail.
type memStore struct {
	mu    sync.Mutex
	blob  []byte
	saves int
	fail  error
	// saving is called once, at the start of the next Save.
	saving func()
}

func (s *memStore) Load(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blob, nil
}

// Save tells of a context that has ended after it has written, as a store does that looks late.
func (s *memStore) Save(ctx context.Context, blob []byte) error {
	s.mu.Lock()
	saving := s.saving
	s.saving = nil
	s.mu.Unlock()
	if saving != nil {
		saving()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.saves++
	s.blob = slices.Clone(blob)
	return ctx.Err()
}

func (s *memStore) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// count is how often something was saved.
func (s *memStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

// onSave has f called when the next Save begins.
func (s *memStore) onSave(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saving = f
}

func (s *memStore) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.blob)
}

// clock is the bubble's time; its wall part can jump.
type clock struct {
	mu   sync.Mutex
	jump time.Duration
	from time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.jump)
}

func (c *clock) Monotonic() time.Duration { return time.Since(c.from) }

func (c *clock) leap(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jump += d
}

// world is a push service and one client in a bubble.
type world struct {
	t       *testing.T
	service *accounttest.Service
	ctl     *accounttest.PushControl
	store   *memStore
	clock   *clock
	dialer  *http.Transport
	params  push.Params

	client *push.Client
	cancel context.CancelFunc // ends the client's run
	stop   func()             // and waits for it

	mu       sync.Mutex
	got      []string
	changed  []push.Subscription
	health   []push.Health
	handling func(ctx context.Context, m push.Message)
	unread   atomic.Int64
}

func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := accounttest.Start(accounttest.InMemory())
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, s)
		defer func() {
			w.halt()
			w.dialer.CloseIdleConnections()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		w.start()
		f(w)
	})
}

func newWorld(t *testing.T, s *accounttest.Service) *world {
	w := &world{
		t: t, service: s, ctl: s.Push(), store: &memStore{}, clock: &clock{from: time.Now()},
		dialer: s.Transport(),
	}
	w.params = push.Params{
		ServerURL:  s.PushURL(),
		Store:      w.store,
		HTTPClient: &http.Client{Transport: w.dialer},
		Clock:      w.clock,
		UserAgent:  "tabferry-test",
		Handle: func(ctx context.Context, m push.Message) {
			w.mu.Lock()
			w.got = append(w.got, m.Name+":"+string(m.Text))
			handling := w.handling
			w.mu.Unlock()
			if handling != nil {
				handling(ctx, m)
			}
		},
		Unread: func(context.Context) { w.unread.Add(1) },
		Changed: func(_ context.Context, _ string, s push.Subscription) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.changed = append(w.changed, s)
		},
		HealthChanged: func(_ context.Context, h push.Health) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.health = append(w.health, h)
		},
	}
	return w
}

// start makes a client and runs it.
func (w *world) start() {
	w.t.Helper()
	client, err := push.New(w.params)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- client.Run(ctx) }()
	w.client, w.cancel = client, cancel
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	}
}

func (w *world) halt() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

func (w *world) restart() {
	w.halt()
	w.start()
}

func (w *world) subscribe(name string) push.Subscription {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	s, err := w.client.Subscribe(ctx, name)
	if err != nil {
		w.t.Fatalf("subscribe: %v", err)
	}
	return s
}

// take gives the messages handled since the last call.
func (w *world) take() string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	got := strings.Join(w.got, " ")
	w.got = nil
	return got
}

func (w *world) changes() []push.Subscription {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.changed)
}

// seal encrypts for a subscription.
func seal(t testing.TB, s push.Subscription, text string) []byte {
	t.Helper()
	point, err := base64.RawURLEncoding.DecodeString(s.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := base64.RawURLEncoding.DecodeString(s.AuthKey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	body, err := ece.Encrypt(rand.Reader, key, auth, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func gcmHeader(ttl int) http.Header {
	return http.Header{"Ttl": {fmt.Sprint(ttl)}, "Content-Encoding": {"aes128gcm"}}
}

// dayTTL keeps messages through what the tests sleep.
const dayTTL = 86400 * 20

func (w *world) post(s push.Subscription, text string) {
	w.t.Helper()
	if status := w.ctl.Post(s.Endpoint, gcmHeader(dayTTL), seal(w.t, s, text)); status != http.StatusCreated {
		w.t.Fatalf("endpoint answers %d", status)
	}
}

// ackCodes counts the acknowledgements by code.
func (w *world) ackCodes() map[int]int {
	synctest.Wait()
	codes := make(map[int]int)
	for _, a := range w.ctl.Acks() {
		codes[a.Code]++
	}
	return codes
}

func (w *world) state() push.ConnectionState {
	synctest.Wait()
	return w.client.Health().State
}

var errDisk = errors.New("disk is full")
