package account_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// gate holds requests back until it is opened.
type gate struct {
	below   http.RoundTripper
	mu      sync.Mutex
	closed  chan struct{} // nil when open
	waiting chan struct{}
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed != nil {
		g.waiting <- struct{}{}
		select {
		case <-closed:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return g.below.RoundTrip(r)
}

func (g *gate) shut() (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	closed := make(chan struct{})
	g.closed = closed
	return func() {
		g.mu.Lock()
		g.closed = nil
		g.mu.Unlock()
		close(closed)
	}
}

// TestReadsDoNotWait answers from the current state while a request hangs, and lets
// a waiting change go when its context ends.
func TestReadsDoNotWait(t *testing.T) {
	s := newScene(t)
	transport := s.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	g := &gate{below: transport, waiting: make(chan struct{}, 1)}
	a := s.account(account.WithTransport(g))
	s.signIn(a)
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	open := g.shut()
	hanging := make(chan error, 1)
	go func() {
		_, err := a.AccessToken(t.Context(), account.ScopeOldSync)
		hanging <- err
	}()
	<-g.waiting
	if a.AuthState() != account.AuthStateConnected || !a.HasScope(account.ScopeProfile) || a.SyncKeyMissing() || a.State().Kind != account.Uninitialized {
		t.Error("a read gave something odd")
	}
	s.snapshot(a)
	if _, err := a.Profile(t.Context()); err != nil { // from the cache
		t.Errorf("Profile: %v", err)
	}
	if _, err := a.AccessToken(t.Context(), account.ScopeProfile); err != nil { // from the cache
		t.Errorf("AccessToken: %v", err)
	}
	gone := errors.New("the person left")
	ctx, cancel := context.WithCancelCause(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- a.ForgetEmailHint(ctx) }()
	cancel(gone)
	if err := <-waiting; !errors.Is(err, gone) {
		t.Errorf("the waiting change gave %v", err)
	}
	if a.EmailHint() == "" {
		t.Error("a change given up was made")
	}
	open()
	if err := <-hanging; err != nil {
		t.Errorf("the hanging request gave %v", err)
	}
}

// TestGivenUpRequest ends with its context and changes nothing.
func TestGivenUpRequest(t *testing.T) {
	s := newScene(t)
	transport := s.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	g := &gate{below: transport, waiting: make(chan struct{}, 1)}
	a := s.account(account.WithTransport(g))
	s.signIn(a)
	before := s.snapshot(a)
	open := g.shut()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := a.AccessToken(ctx, account.ScopeProfile)
		done <- err
	}()
	<-g.waiting
	cancel()
	err := <-done
	open()
	want(t, "AccessToken", err, context.Canceled)
	if errors.Is(err, account.ErrNetwork) {
		t.Error("giving up is taken for a network failure")
	}
	if s.snapshot(a) != before {
		t.Error("the state changed")
	}
}

// saverFunc is a Saver.
type saverFunc func(ctx context.Context, state []byte, received []account.IncomingCommand) error

func (f saverFunc) Save(ctx context.Context, state []byte, received []account.IncomingCommand) error {
	return f(ctx, state, received)
}

// TestSavingIsNotCancelled finishes to save when the caller has given up: the server
// may have made the change already.
func TestSavingIsNotCancelled(t *testing.T) {
	s := newScene(t)
	ctx, cancel := context.WithCancel(t.Context())
	saved := false
	a := s.account(account.WithSaver(saverFunc(func(saving context.Context, _ []byte, _ []account.IncomingCommand) error {
		cancel()
		deadline, limited := saving.Deadline()
		if saving.Err() != nil || !limited || time.Until(deadline) > 10*time.Second {
			t.Errorf("the saver's context ends with the caller's, or never: %v", saving.Err())
		}
		saved = true
		return nil
	})))
	ok(t, "SetUserData", a.SetUserData(ctx, account.UserData{SessionToken: s.owner.NewSession()}))
	if !saved {
		t.Error("nothing was saved")
	}
	want(t, "a change with an ended context", a.ForgetEmailHint(ctx), context.Canceled)
}

// TestWaitsAreSaved remembers over a restart that the server wants silence, for
// however long, also where it named no time.
func TestWaitsAreSaved(t *testing.T) {
	for _, seconds := range []int{0, 1, 30, 300, 86400} {
		for name, ask := range map[string]func(context.Context, *account.Account) error{
			"a change": func(ctx context.Context, a *account.Account) error {
				_, err := a.AccessToken(ctx, account.ScopeProfile)
				return err
			},
			"a view": func(ctx context.Context, a *account.Account) error {
				_, err := a.AttachedClients(ctx)
				return err
			},
		} {
			s := newScene(t)
			a, saver := s.signedIn()
			fault, holds := []accounttest.FaultOption{accounttest.RetryAfter(seconds)}, time.Duration(seconds)*time.Second
			if seconds == 0 {
				fault, holds = nil, 30*time.Second
			}
			s.service.Faults.Next("*", 429, fault...)
			err := ask(t.Context(), a)
			var wait *account.BackoffError
			if !errors.As(err, &wait) || wait.Service != "auth" || !wait.Until.After(s.clock.Now()) {
				t.Fatalf("%s gave %v", name, err)
			}
			if text := string(saver.last()); !strings.Contains(text, `"waits"`) || text != s.snapshot(a) {
				t.Errorf("%s, %d s: not saved", name, seconds)
			}
			s.service.ForgetRequests()
			b := s.restore(saver.last())
			err = ask(t.Context(), b)
			asked := s.requests(tokenRoute) + s.requests(clientsRoute)
			if !errors.As(err, &wait) || wait.Remote != nil || asked > 0 {
				t.Errorf("%s, %d s: after a restart: %v, asked %d times", name, seconds, err, asked)
			}
			s.service.Clock.Advance(holds)
			ok(t, "after the wait", ask(t.Context(), b))
			if strings.Contains(s.snapshot(b), `"waits`) && name == "a change" {
				t.Error("a wait that is over is kept")
			}
		}
	}
}
