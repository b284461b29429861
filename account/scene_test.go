package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const (
	email    = "ferry.person@example.com"
	password = "a password nobody has"
	redirect = "https://accounts.firefox.com/oauth/success/3c49430b43dfba77"
)

// everything is what an application for the whole account asks for.
var everything = []string{account.ScopeProfile, account.ScopeOldSync, account.ScopeSession}

// scene is a service with one owner, and the accounts made on it.
type scene struct {
	*testing.T
	service *accounttest.Service
	owner   *accounttest.Account
	clock   *sceneClock
}

// sceneClock follows the service's clock; skew moves the wall clock alone.
type sceneClock struct {
	service *accounttest.Clock
	start   time.Time

	mu   sync.Mutex
	skew time.Duration
}

func (c *sceneClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.service.Now().Add(c.skew)
}

func (c *sceneClock) Monotonic() time.Duration { return c.service.Now().Sub(c.start) }

// set moves the wall clock without time passing.
func (c *sceneClock) set(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew += by
}

// lab is a service without lint, for tests that break rules on purpose.
func lab(t *testing.T, opts ...accounttest.Option) *scene {
	t.Helper()
	service := accounttest.New(t, opts...)
	clock := &sceneClock{service: service.Clock, start: service.Clock.Now()}
	return &scene{T: t, service: service, owner: service.NewAccount(email, password), clock: clock}
}

// newScene is a service in lint mode: it fails the test for requests that a careful
// client does not make, and for tokens left alive at the end. The accounts made on
// it sign out when the test ends.
func newScene(t *testing.T, opts ...accounttest.Option) *scene {
	t.Helper()
	return lab(t, append([]accounttest.Option{accounttest.Lint(), accounttest.SeparateBases()}, opts...)...)
}

// savedState is a Saver that keeps the newest state, and fails on demand.
type savedState struct {
	mu       sync.Mutex
	state    []byte
	received []account.IncomingCommand
	saves    int
	fail     error
}

var errDiskFull = errors.New("the disk is full")

func (s *savedState) Save(_ context.Context, state []byte, received []account.IncomingCommand) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.state, s.saves = state, s.saves+1
	s.received = append(s.received, received...)
	return nil
}

func (s *savedState) failWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *savedState) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

func (s *savedState) last() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *scene) config() account.Config {
	return account.Config{
		Server: account.CustomServer(s.service.URL()), ClientID: accounttest.ReferenceClientID, RedirectURI: redirect,
	}
}

// allowed is a person who allows usage data in the application.
func allowed(string) bool { return true }

// options are what every account of the scene is made with.
func (s *scene) options(more ...account.Option) []account.Option {
	transport := s.service.Transport()
	s.Cleanup(transport.CloseIdleConnections)
	return append([]account.Option{account.WithTransport(transport), account.WithClock(s.clock), account.WithMetricsGate(allowed)}, more...)
}

// account makes an account that signs out at the end of the test.
func (s *scene) account(opts ...account.Option) *account.Account {
	s.Helper()
	a, err := account.New(s.config(), s.options(opts...)...)
	if err != nil {
		s.Fatalf("New: %v", err)
	}
	s.signOutAtEnd(a)
	return a
}

func (s *scene) restore(state []byte, opts ...account.Option) *account.Account {
	s.Helper()
	a, err := account.Restore(state, s.options(opts...)...)
	if err != nil {
		s.Fatalf("Restore: %v", err)
	}
	s.signOutAtEnd(a)
	return a
}

func (s *scene) signOutAtEnd(a *account.Account) {
	s.Cleanup(func() {
		s.service.Faults.Clear()
		s.service.Clock.Advance(time.Hour) // past every wait
		if err := a.Disconnect(context.Background()); err != nil && !errors.Is(err, errDiskFull) {
			s.Errorf("Disconnect at the end: %v", err)
		}
		if left, err := a.FlushRevocations(context.Background()); left != 0 && !errors.Is(err, errDiskFull) {
			s.Errorf("%d revocations left at the end: %v", left, err)
		}
	})
}

// approve is what the person does on the page: it returns code and state.
func (s *scene) approve(address string) (code, state string) {
	s.Helper()
	return s.approveAs(address, s.owner)
}

func (s *scene) approveAs(address string, owner *accounttest.Account) (code, state string) {
	s.Helper()
	return answer(s, s.service, address, owner)
}

// begin begins a sign-in and goes through its page.
func (s *scene) begin(a *account.Account, scopes ...string) (code, state string) {
	s.Helper()
	address, err := a.BeginOAuthFlow(s.Context(), scopes, "test")
	if err != nil {
		s.Fatalf("BeginOAuthFlow: %v", err)
	}
	return s.approve(address)
}

// signIn signs in with the scopes, or with everything.
func (s *scene) signIn(a *account.Account, scopes ...string) {
	s.Helper()
	if len(scopes) == 0 {
		scopes = everything
	}
	code, state := s.begin(a, scopes...)
	if err := a.CompleteOAuthFlow(s.Context(), code, state); err != nil {
		s.Fatalf("CompleteOAuthFlow: %v", err)
	}
}

// signedIn makes an account that is signed in, and its saver.
func (s *scene) signedIn(scopes ...string) (*account.Account, *savedState) {
	s.Helper()
	saver := new(savedState)
	a := s.account(account.WithSaver(saver))
	s.signIn(a, scopes...)
	return a, saver
}

// requests counts what the service received on a route.
func (s *scene) requests(route string) int { return len(s.service.Requests(route)) }

// snapshot returns the state as text.
func (s *scene) snapshot(a *account.Account) string {
	s.Helper()
	text, err := a.Snapshot()
	if err != nil {
		s.Fatalf("Snapshot: %v", err)
	}
	return string(text)
}

// want fails the test unless err is target.
func want(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s gave %v, want %v", what, err, target)
	}
}

// ok fails the test when there is an error.
func ok(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// sameSet compares lists without their order.
func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return strings.Join(a, " ") == strings.Join(b, " ")
}
