package signals_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/signals"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// stage is signals with an events server that a test writes.
type stage struct {
	t       *testing.T
	signals *signals.Signals
	board   *board.Board
	params  signals.Params

	mu      sync.Mutex
	status  int
	header  http.Header
	events  []map[string]any
	newest  uint64
	asked   []string // "after" of each request
	tokens  []string
	minted  int
	refused string // a token that the server does not take
	did     []string
}

// AccessToken makes the stage an account.
func (s *stage) AccessToken(_ context.Context, scope string, options ...account.TokenOption) (account.AccessToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if scope != "profile:uid" {
		s.t.Errorf("a token for %s", scope)
	}
	if s.minted == 0 || len(options) > 0 {
		s.minted++
	}
	return account.AccessToken{Scope: scope, Token: fmt.Sprintf("token-%d", s.minted)}, nil
}

// RoundTrip makes it an events server.
func (s *stage) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Host != "events.example" || r.URL.Path != "/base/v1/events" || r.Method != http.MethodGet {
		s.t.Errorf("a request to %s %s", r.Method, r.URL.Redacted())
	}
	s.asked = append(s.asked, r.URL.Query().Get("after"))
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.tokens = append(s.tokens, token)
	w := httptest.NewRecorder()
	for name, values := range s.header {
		w.Header()[name] = values
	}
	status := s.status
	if status == 0 && token == s.refused {
		status = http.StatusUnauthorized
	}
	switch {
	case status < 0:
		return nil, errors.New("no route to host")
	case status > 0:
		w.WriteHeader(status)
	default:
		after := uint64(0)
		if _, err := fmt.Sscan(r.URL.Query().Get("after"), &after); err != nil {
			s.t.Error(err)
		}
		var list []map[string]any
		for _, e := range s.events {
			if e["index"].(uint64) > after {
				list = append(list, e)
			}
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"events": list, "newest": s.newest, "later": true}); err != nil {
			s.t.Error(err)
		}
	}
	return w.Result(), nil
}

// tell adds an event.
func (s *stage) tell(event string, members map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest++
	e := map[string]any{"index": s.newest, "event": event, "time": time.Now().UTC()}
	for name, value := range members {
		e[name] = value
	}
	s.events = append(s.events, e)
}

func (s *stage) set(edit func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit()
}

// done is what was asked for since the last call, sorted.
func (s *stage) done() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.did
	s.did = nil
	slices.Sort(list)
	return strings.Join(list, " ")
}

// requests is the indexes that the server was asked from since the last call.
func (s *stage) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.asked
	s.asked = nil
	return strings.Join(list, " ")
}

func (s *stage) signIn(state localapi.AccountState, uid string) {
	s.board.Change(func(shown *localapi.Snapshot) { shown.Account.State, shown.Account.UID = state, uid })
	s.signals.Poke()
}

// on runs a test in virtual time.
func on(t *testing.T, server string, test func(t *testing.T, s *stage)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, err := store.NewMemory()
		if err != nil {
			t.Fatal(err)
		}
		vault := store.NewVault(memory)
		defer func() {
			if err := vault.Close(); err != nil {
				t.Error(err)
			}
		}()
		clock := kit.System()
		s := &stage{t: t, board: board.New(clock, localapi.Snapshot{})}
		did := func(what string) func() {
			return func() { s.set(func() { s.did = append(s.did, what) }) }
		}
		s.params = signals.Params{
			Account: s, Calls: worker.NewCalls(), Store: vault, Board: s.board, Clock: clock, Random: rand.Reader, Logger: slog.New(slog.DiscardHandler),
			Server: server, HTTP: &http.Client{Transport: s}, UserAgent: "Tabferry/test",
			ProfileChanged: did("profile"), SignInDoubtful: did("sign-in"), AccountGone: did("gone"), MetricsOff: did("metrics"),
		}
		s.signals = signals.New(s.params)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); s.signals.Run(ctx) }()
		test(t, s)
		cancel()
		<-ended
	})
}

const (
	server = "https://events.example/base/"
	alice  = "0123456789abcdef0123456789abcdef"
)

// TestLooking: the sign-in is looked at daily, and with the profile after a suspend; the start and the
// sign-in do so by themselves. Without an events server nothing else is asked.
func TestLooking(t *testing.T) {
	on(t, "", func(t *testing.T, s *stage) {
		s.signals.Resumed()
		synctest.Wait()
		if got := s.done(); got != "" {
			t.Errorf("signed out: %s", got)
		}
		s.signIn(localapi.SignedIn, alice)
		time.Sleep(21 * time.Hour)
		if got := s.done(); got != "" {
			t.Errorf("within the day: %s", got)
		}
		time.Sleep(6 * time.Hour)
		if got := s.done(); got != "sign-in" {
			t.Errorf("after a day: %s", got)
		}
		s.signals.Resumed()
		synctest.Wait()
		if got := s.done(); got != "profile sign-in" {
			t.Errorf("after a suspend: %s", got)
		}
		time.Sleep(10 * 24 * time.Hour)
		if n := len(strings.Fields(s.done())); n < 9 || n > 11 {
			t.Errorf("%d looks in ten days", n)
		}
		s.signIn(localapi.NeedsSignIn, alice)
		time.Sleep(10 * 24 * time.Hour)
		if got := s.done() + s.requests(); got != "" {
			t.Errorf("the sign-in has ended: %s", got)
		}
	})
}

// TestReactions: each event asks for what it should, once.
func TestReactions(t *testing.T) {
	on(t, server, func(t *testing.T, s *stage) {
		s.signIn(localapi.SignedIn, alice)
		synctest.Wait()
		if got := s.requests(); got != "0" {
			t.Errorf("at the start asked from %q", got)
		}
		at := time.Now().UTC()
		for i, c := range []struct {
			event   string
			members map[string]any
			want    string
		}{
			{"password-change", map[string]any{"changed": at}, "sign-in"},
			{"password-change", map[string]any{"changed": at}, ""},
			{"password-change", map[string]any{"changed": at.Add(-time.Hour)}, ""},
			{"password-change", map[string]any{"changed": at.Add(time.Hour)}, "sign-in"},
			{"profile-change", nil, "profile"},
			{"metrics-opt-in", nil, "profile"},
			{"metrics-opt-out", nil, "metrics profile"},
			{"subscription-state-change", map[string]any{"capability": "a", "active": true, "changed": at}, "profile"},
			{"subscription-state-change", map[string]any{"capability": "a", "active": false, "changed": at.Add(-time.Second)}, ""},
			{"subscription-state-change", map[string]any{"capability": "b", "active": true, "changed": at.Add(-time.Second)}, "profile"},
			{"invented", map[string]any{"x": 1}, ""},
			{"delete-user", nil, "gone"},
		} {
			s.tell(c.event, c.members)
			got, err := s.signals.Told(t.Context())
			if err != nil || len(got) != 1 || got[0].Event != c.event {
				t.Errorf("%s: %+v %v", c.event, got, err)
			}
			if did := s.done(); did != c.want {
				t.Errorf("%d %s: did %q, want %q", i, c.event, did, c.want)
			}
			if asked := s.requests(); asked != fmt.Sprint(i) {
				t.Errorf("%s: asked from %s", c.event, asked)
			}
		}
		if got, err := s.signals.Told(t.Context()); err != nil || len(got) != 0 || s.done() != "" {
			t.Errorf("nothing new: %+v %v", got, err)
		}
	})
}

// TestSeveralAtOnce: events that came while we were off ask for each thing once, and a deletion for
// nothing else.
func TestSeveralAtOnce(t *testing.T) {
	on(t, server, func(t *testing.T, s *stage) {
		for range 5 {
			s.tell("profile-change", nil)
			s.tell("password-change", map[string]any{"changed": time.Now()})
		}
		s.signIn(localapi.SignedIn, alice)
		synctest.Wait()
		if got := s.done(); got != "profile sign-in" {
			t.Errorf("did %q", got)
		}
		s.tell("profile-change", nil)
		s.tell("metrics-opt-out", nil)
		s.tell("delete-user", nil)
		time.Sleep(7 * time.Hour)
		if got := s.done(); got != "gone metrics" {
			t.Errorf("did %q", got)
		}
	})
}

// TestOneBadEvent: an event that cannot be read does not keep the others from us.
func TestOneBadEvent(t *testing.T) {
	on(t, server, func(t *testing.T, s *stage) {
		s.signIn(localapi.SignedIn, alice)
		synctest.Wait()
		s.tell("password-change", map[string]any{"changed": "yesterday"})
		s.tell("profile-change", nil)
		if got, err := s.signals.Told(t.Context()); err != nil || len(got) != 1 || got[0].Event != "profile-change" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestInterval: the server is asked about four times a day, and from where we stopped, also by the next process.
func TestInterval(t *testing.T) {
	on(t, server, func(t *testing.T, s *stage) {
		s.tell("profile-change", nil)
		s.signIn(localapi.SignedIn, alice)
		time.Sleep(10 * 24 * time.Hour)
		if n := len(strings.Fields(s.requests())); n < 36 || n > 52 {
			t.Errorf("%d requests in ten days", n)
		}
		next := signals.New(s.params)
		if got, err := next.Fetch(t.Context()); err != nil || len(got) != 0 || s.requests() != "1" {
			t.Errorf("the next process got %v, %v", got, err)
		}
		s.board.Change(func(shown *localapi.Snapshot) { shown.Account.UID = strings.Repeat("b", 32) })
		if got, err := next.Fetch(t.Context()); err != nil || len(got) != 1 || s.requests() != "0" {
			t.Errorf("another person got %v, %v", got, err)
		}
	})
}

// TestBoxBeganAnew: a server that lost its box counts from one again, and is asked from there.
func TestBoxBeganAnew(t *testing.T) {
	on(t, server, func(t *testing.T, s *stage) {
		s.set(func() { s.newest = 40 })
		s.tell("profile-change", nil)
		s.signIn(localapi.SignedIn, alice)
		synctest.Wait()
		s.set(func() { s.newest, s.events = 0, nil })
		s.tell("metrics-opt-out", nil)
		s.done()
		s.requests()
		got, err := s.signals.Told(t.Context())
		if err != nil || len(got) != 1 || s.done() != "metrics profile" || s.requests() != "41 0" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestServerTrouble: a server that is away or busy is asked ever more rarely, never before the time it
// names, and again when the network is back; a refused token is exchanged once.
func TestServerTrouble(t *testing.T) {
	on(t, server, func(t *testing.T, s *stage) {
		s.set(func() { s.status = -1 })
		s.signIn(localapi.SignedIn, alice)
		time.Sleep(time.Hour)
		if n := len(strings.Fields(s.requests())); n < 4 || n > 7 {
			t.Errorf("%d requests in an hour to a server that is away", n)
		}
		s.set(func() { s.status = 0 })
		s.signals.Resume()
		synctest.Wait()
		if got := s.requests(); got != "0" {
			t.Errorf("back: %q", got)
		}
		s.set(func() { s.status, s.header = 503, http.Header{"Retry-After": {"36000"}} })
		time.Sleep(7 * time.Hour)
		s.requests()
		time.Sleep(8 * time.Hour)
		if got := s.requests(); got != "" {
			t.Errorf("within the wait asked from %q", got)
		}
		_, err := s.signals.Told(t.Context())
		var refused *localapi.Error
		if !errors.As(err, &refused) || refused.Code != localapi.CodeBackoff || !refused.Until.After(time.Now()) || time.Until(refused.Until) > 10*time.Hour {
			t.Errorf("a face hears %v", err)
		}
		if _, err := signals.New(s.params).Told(t.Context()); !errors.As(err, &refused) || refused.Code != localapi.CodeBackoff {
			t.Errorf("after a restart a face hears %v", err)
		}
		if got := s.requests(); got != "" {
			t.Errorf("at a person's command within the wait asked from %q", got)
		}
		s.set(func() { s.status = 0 })
		time.Sleep(10 * time.Hour)
		if s.requests() == "" {
			t.Error("not asked when the wait was over")
		}
		s.done()
		s.set(func() { s.status, s.tokens, s.refused = 0, nil, "token-1" })
		if _, err := s.signals.Told(t.Context()); err != nil || !slices.Equal(s.tokens, []string{"token-1", "token-2"}) {
			t.Errorf("a refused token: %v, %v", s.tokens, err)
		}
		for _, status := range []int{301, 401, 403, 404, 500} {
			s.set(func() { s.status, s.header = status, http.Header{"Location": {"https://elsewhere.example/"}} })
			if _, err := s.signals.Told(t.Context()); !errors.As(err, &refused) || refused.Code != localapi.CodeOffline {
				t.Errorf("status %d: %v", status, err)
			}
		}
		if got := s.done(); got != "" {
			t.Errorf("a server in trouble made us do %q", got)
		}
	})
}

// TestRefusals: without a server, and signed out, a face hears why.
func TestRefusals(t *testing.T) {
	on(t, "", func(t *testing.T, s *stage) {
		var refused *localapi.Error
		if _, err := s.signals.Told(t.Context()); !errors.As(err, &refused) || refused.Code != localapi.CodeNotSignedIn {
			t.Errorf("signed out: %v", err)
		}
		s.signIn(localapi.SignedIn, alice)
		if _, err := s.signals.Told(t.Context()); !errors.As(err, &refused) || refused.Code != localapi.CodeUnsupported {
			t.Errorf("no server: %v", err)
		}
	})
}
