package events_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID = accounttest.ReferenceClientID
	uid      = "0123456789abcdef0123456789abcdef"
)

// memory is a sink that keeps notices in memory.
type memory struct {
	mu      sync.Mutex
	notices []events.Notice
	fail    error
	wait    chan struct{} // nil, or what Store waits for
}

func (m *memory) Store(_ context.Context, notices []events.Notice) error {
	m.mu.Lock()
	wait := m.wait
	m.mu.Unlock()
	if wait != nil {
		<-wait
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.notices = append(m.notices, notices...)
	return nil
}

func (m *memory) mood(fail error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

// take returns what was stored since the last take.
func (m *memory) take() []events.Notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.notices
	m.notices = nil
	return got
}

func names(notices []events.Notice) []string {
	var list []string
	for _, n := range notices {
		list = append(list, n.Event.Name())
	}
	return list
}

var errDisk = errors.New("the disk is full")

// clock is the service's time for a receiver; its Advance moves both.
type clock struct {
	service *accounttest.Clock
	start   time.Time
}

func (c clock) Now() time.Time           { return c.service.Now() }
func (c clock) Monotonic() time.Duration { return c.service.Now().Sub(c.start) }

// stage is a receiver for a service.
type stage struct {
	t        testing.TB
	service  *accounttest.Service
	receiver *events.Receiver
	sink     *memory
	log      *strings.Builder
	line     *line
}

// line is the way to the issuer; it can be cut, and counts.
type line struct {
	next http.RoundTripper
	mu   sync.Mutex
	cut  bool
	made []string
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.made = append(l.made, r.URL.Path)
	cut := l.cut
	l.mu.Unlock()
	if cut {
		return nil, errors.New("no route to host")
	}
	return l.next.RoundTrip(r)
}

func (l *line) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
}

// count is how often a path was asked for since the last count.
func (l *line) count(path string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.made)
	l.made = slices.DeleteFunc(l.made, func(p string) bool { return strings.HasSuffix(p, path) })
	return n - len(l.made)
}

// newStage makes a stage on which time passes by Advance alone, unless options say otherwise.
func newStage(t testing.TB, options ...accounttest.Option) *stage {
	t.Helper()
	if len(options) == 0 {
		start := time.Now()
		options = append(options, accounttest.WithClock(func() time.Time { return start }))
	}
	s := &stage{t: t, service: accounttest.New(t, options...), sink: new(memory), log: new(strings.Builder)}
	transport := s.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	s.line = &line{next: transport}
	logger := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	s.receiver, err = events.New(events.Params{
		Issuer: s.service.URL(), ClientID: clientID, Sink: s.sink, HTTP: &http.Client{Transport: s.line}, Logger: logger,
		Clock: clock{s.service.Clock, s.service.Clock.Now()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// good is a token that is to be taken.
func (s *stage) good(change ...func(*accounttest.EventToken)) string {
	e := accounttest.EventToken{ClientID: clientID, UID: uid, Events: map[string]map[string]any{accounttest.EventProfileChange: {"email": "secret@example.com"}}}
	for _, c := range change {
		c(&e)
	}
	return s.service.SignEvent(e)
}

// post delivers a token from an address.
func (s *stage) post(token, address string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/events", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	r.RemoteAddr = address + ":1234"
	w := httptest.NewRecorder()
	s.receiver.ServeHTTP(w, r)
	return w
}

// expect posts a token and wants a status.
func (s *stage) expect(what string, status int, token string) {
	s.t.Helper()
	if got := s.post(token, "192.0.2.7"); got.Code != status {
		s.t.Errorf("%s: %d, want %d", what, got.Code, status)
	}
}

// signIn makes the account one that has signed in to the client, so that its events go there.
func (s *stage) signIn(person *accounttest.Account) {
	s.t.Helper()
	q := url.Values{
		"client_id": {clientID}, "scope": {"profile"}, "state": {"state"}, "access_type": {"offline"}, "response_type": {"code"},
		"code_challenge_method": {"S256"}, "code_challenge": {strings.Repeat("x", 43)},
	}
	if _, err := s.service.Approve(s.service.URL()+"/authorization?"+q.Encode(), person); err != nil {
		s.t.Fatal(err)
	}
}
