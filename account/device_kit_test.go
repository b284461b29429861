package account_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// bothCapabilities is what our devices offer.
var bothCapabilities = []account.Capability{account.CapabilitySendTab, account.CapabilityCloseTabs}

// stepClock is a clock that a test moves.
type stepClock struct {
	mu      sync.Mutex
	elapsed time.Duration
	start   time.Time
}

func newStepClock() *stepClock { return &stepClock{start: time.Now()} }

func (c *stepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start.Add(c.elapsed)
}

func (c *stepClock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.elapsed
}

func (c *stepClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.elapsed += d
}

// diary is a saver that keeps every call and fails on demand.
type diary struct {
	mu       sync.Mutex
	states   [][]byte
	received [][]account.IncomingCommand
	failing  bool
	// failReceived fails only calls that bring commands.
	failReceived bool
}

func (d *diary) Save(_ context.Context, state []byte, received []account.IncomingCommand) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failing || d.failReceived && len(received) > 0 {
		return errDiskFull
	}
	d.states = append(d.states, state)
	d.received = append(d.received, received)
	return nil
}

func (d *diary) set(f func(*diary)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d)
}

// pages returns the saved pages that had commands, and the last state.
func (d *diary) pages() (pages [][]account.IncomingCommand, last []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.received {
		if len(r) > 0 {
			pages = append(pages, r)
		}
	}
	if n := len(d.states); n > 0 {
		last = d.states[n-1]
	}
	return pages, last
}

// member is one installation of a person's account.
type member struct {
	*account.Account
	t     testing.TB
	s     *accounttest.Service
	clock *stepClock
	saved *diary
}

// newMember makes an installation that is not signed in.
func newMember(t testing.TB, s *accounttest.Service, opts ...account.Option) *member {
	t.Helper()
	m := &member{t: t, s: s, clock: newStepClock(), saved: &diary{}}
	transport := s.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	opts = append([]account.Option{
		account.WithTransport(transport), account.WithClock(m.clock), account.WithSaver(m.saved),
	}, opts...)
	a, err := account.New(account.Config{
		Server:      account.CustomServer(s.URL()),
		ClientID:    accounttest.ReferenceClientID,
		RedirectURI: "https://accounts.firefox.com/oauth/success/" + accounttest.ReferenceClientID,
	}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	m.Account = a
	return m
}

// reopened is the same installation after a restart from what was saved last.
func (m *member) reopened(opts ...account.Option) *member {
	m.t.Helper()
	_, state := m.saved.pages()
	next := &member{t: m.t, s: m.s, clock: m.clock, saved: &diary{}}
	transport := m.s.Transport()
	m.t.Cleanup(transport.CloseIdleConnections)
	opts = append([]account.Option{
		account.WithTransport(transport), account.WithClock(next.clock), account.WithSaver(next.saved),
	}, opts...)
	a, err := account.Restore(state, opts...)
	if err != nil {
		m.t.Fatal(err)
	}
	next.Account = a
	return next
}

// answerOf gives a person's consent on the page of a sign-in, and returns the code and
// state that the page's redirect carries.
func answerOf(s *accounttest.Service, page string, person *accounttest.Account) (code, state string, err error) {
	final, err := s.Approve(page, person)
	if err != nil {
		return "", "", err
	}
	u, err := url.Parse(final)
	if err != nil {
		return "", "", err
	}
	return u.Query().Get("code"), u.Query().Get("state"), nil
}

// answer is answerOf where nothing goes wrong.
func answer(t testing.TB, s *accounttest.Service, page string, person *accounttest.Account) (code, state string) {
	t.Helper()
	code, state, err := answerOf(s, page, person)
	ok(t, "approve the sign-in", err)
	return code, state
}

// signIn signs in by direct calls.
func (m *member) signIn(person *accounttest.Account, scopes ...string) {
	m.t.Helper()
	if scopes == nil {
		scopes = everything
	}
	page, err := m.BeginOAuthFlow(m.t.Context(), scopes, "test")
	if err != nil {
		m.t.Fatal(err)
	}
	code, state := answer(m.t, m.s, page, person)
	if err := m.CompleteOAuthFlow(m.t.Context(), code, state); err != nil {
		m.t.Fatal(err)
	}
}

// join signs in and registers a device with both capabilities.
func join(t testing.TB, s *accounttest.Service, person *accounttest.Account, name string, opts ...account.Option) *member {
	t.Helper()
	m := newMember(t, s, opts...)
	m.signIn(person)
	if _, err := m.InitializeDevice(t.Context(), name, account.DeviceDesktop, bothCapabilities); err != nil {
		t.Fatal(err)
	}
	return m
}

// tidy signs out when the test ends, so that a service in lint mode finds nothing
// left behind.
func (m *member) tidy() *member {
	m.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := m.Disconnect(ctx); err != nil {
			m.t.Errorf("sign out: %v", err)
		}
	})
	return m
}

// id is the installation's device id.
func (m *member) id() string {
	m.t.Helper()
	id, err := m.CurrentDeviceID()
	if err != nil {
		m.t.Fatal(err)
	}
	return id
}

// poll polls and demands success.
func (m *member) poll() []account.IncomingCommand {
	m.t.Helper()
	got, err := m.PollCommands(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	return got
}

// send sends a tab and demands success.
func (m *member) send(to *member, title, address string) {
	m.t.Helper()
	if _, err := m.SendTab(m.t.Context(), to.id(), title, address); err != nil {
		m.t.Fatal(err)
	}
}

// titles lists the titles of the tabs among commands, in order.
func titles(list []account.IncomingCommand) []string {
	var out []string
	for _, c := range list {
		if tab, ok := c.(*account.TabReceived); ok {
			entry, _ := tab.Payload.Page()
			out = append(out, entry.Title)
		}
	}
	return out
}

// roundTripFunc is a transport made of a function.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
