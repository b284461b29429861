package account_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// witness is told what an account tells, and looks at the account while it is.
type witness struct {
	*testing.T
	saver   *savedState
	account atomic.Pointer[account.Account]
	inside  atomic.Bool
	check   func(a *account.Account)

	mu     sync.Mutex
	states []account.State
	ends   []error
}

func (w *witness) options() []account.Option {
	return []account.Option{account.WithSaver(w.saver), account.WithObserver(w.see), account.WithOutcome(w.hear)}
}

// see reads all there is to read: none of it may wait for the change being told.
func (w *witness) see(told account.State) {
	if w.inside.Swap(true) {
		w.Error("the observer was called while it ran")
	}
	defer w.inside.Store(false)
	a := w.account.Load()
	if now := a.State(); now.Kind != told.Kind || now.OAuthURL != told.OAuthURL || now.Degraded != told.Degraded {
		w.Errorf("told %v while the state is %v", told, now)
	}
	text, err := a.Snapshot()
	if err != nil || w.saver.count() > 0 && string(text) != string(w.saver.last()) {
		w.Errorf("what is told is not what was saved last (%v)", err)
	}
	a.AuthState()
	a.CachedProfile()
	a.DevicesAvailable()
	a.SavedDevices()
	a.HasScope(account.ScopeProfile)
	a.SyncKeyMissing()
	a.Config()
	_, noDevice := a.CurrentDeviceID()
	_, noSession := a.SessionToken()
	if noDevice != nil && !errors.Is(noDevice, account.ErrNoDevice) || noSession != nil && !errors.Is(noSession, account.ErrNoSessionToken) {
		w.Errorf("reading gave %v and %v", noDevice, noSession)
	}
	if w.check != nil {
		w.check(a)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states = append(w.states, told)
}

func (w *witness) hear(err error) {
	w.account.Load().State()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, err)
}

// seen returns the states told since it was asked last.
func (w *witness) seen() []account.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	states := w.states
	w.states = nil
	return states
}

// heard returns the outcomes told since it was asked last.
func (w *witness) heard() []error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := w.ends
	w.ends = nil
	return ends
}

// watched makes an account with a witness.
func (s *scene) watched() (*account.Account, *witness) {
	s.Helper()
	w := &witness{T: s.T, saver: new(savedState)}
	a := s.account(w.options()...)
	w.account.Store(a)
	return a, w
}

// TestObserverSeesEveryMove goes through a life and is told of each state in its turn.
func TestObserverSeesEveryMove(t *testing.T) {
	s := newScene(t)
	a, w := s.watched()
	event := func(e account.Event) account.State {
		t.Helper()
		state, err := a.ProcessEvent(t.Context(), e)
		ok(t, "an event", err)
		return state
	}
	event(account.EventInitialize{Device: deskConfig})
	page := event(account.EventBeginOAuth{Scopes: everything}).OAuthURL
	code, state := s.approve(page)
	event(account.EventCompleteOAuth{Code: code, State: state})
	event(account.EventCallGetProfile{})
	event(account.EventDisconnect{})
	var kinds []account.StateKind
	for _, seen := range w.seen() {
		kinds = append(kinds, seen.Kind)
	}
	if got := slices.Compact(slices.Clone(kinds)); !slices.Equal(got, []account.StateKind{account.Disconnected, account.Authenticating, account.Connected, account.Disconnected}) {
		t.Errorf("was told %v", got)
	}
	if len(kinds) < w.saver.count() {
		t.Errorf("%d states were saved, %d told", w.saver.count(), len(kinds))
	}
	if _, err := a.ProcessEvent(t.Context(), account.EventCancelOAuth{}); !errors.Is(err, account.ErrInvalidTransition) || len(w.seen()) != 0 {
		t.Errorf("an event that does not fit gave %v, and something was told", err)
	}
}

// TestObserverIsTheLastToKnow tells nothing of a change that was not saved or is none.
func TestObserverIsTheLastToKnow(t *testing.T) {
	s := newScene(t)
	a, w := s.watched()
	s.signIn(a)
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	w.seen()
	w.saver.failWith(errDiskFull)
	want(t, "a change that cannot be saved", a.ForgetEmailHint(t.Context()), errDiskFull)
	if states := w.seen(); len(states) != 0 {
		t.Errorf("a change that was not saved was told: %v", states)
	}
	w.saver.failWith(nil)
	for _, told := range []int{1, 0} {
		ok(t, "ForgetEmailHint", a.ForgetEmailHint(t.Context()))
		if states := w.seen(); len(states) != told {
			t.Errorf("was told %v, want %d", states, told)
		}
	}
}

// TestObserverSeesWhatPushMoved is told of a sign-out elsewhere with the state it led to.
func TestObserverSeesWhatPushMoved(t *testing.T) {
	s := newScene(t)
	a, w := s.watched()
	s.signIn(a)
	_, err := a.ProcessEvent(t.Context(), account.EventInitialize{Device: deskConfig})
	ok(t, "EventInitialize", err)
	id, err := a.CurrentDeviceID()
	ok(t, "CurrentDeviceID", err)
	w.seen()
	_, err = a.HandlePush(t.Context(), []byte(`{"command":"fxaccounts:device_disconnected","data":{"id":"`+id+`"}}`))
	ok(t, "HandlePush", err)
	if states := w.seen(); len(states) != 1 || states[0].Kind != account.Disconnected {
		t.Errorf("was told %v", states)
	}
	_, err = a.FlushRevocations(t.Context())
	ok(t, "FlushRevocations", err)
	_, err = a.ProcessEvent(t.Context(), account.EventBeginOAuth{Scopes: everything})
	ok(t, "EventBeginOAuth", err)
	w.seen()
	ok(t, "Disconnect", a.Disconnect(t.Context())) // nothing that is saved changes
	if states := w.seen(); len(states) != 1 || states[0].Kind != account.Disconnected {
		t.Errorf("was told %v", states)
	}
}

// TestObserverKeepsTheOrder is told of changes made at the same time one by one, in
// the order in which they were saved.
func TestObserverKeepsTheOrder(t *testing.T) {
	s := newScene(t)
	var told []string
	w := &witness{T: t, saver: new(savedState)}
	w.check = func(a *account.Account) {
		if token, err := a.SessionToken(); err == nil && !slices.Contains(told, token) {
			told = append(told, token)
		}
		time.Sleep(time.Millisecond / 4) // lets the others come up, if anything lets them in
	}
	a := s.account(w.options()...)
	w.account.Store(a)
	_, err := a.ProcessEvent(t.Context(), account.EventInitialize{Device: deskConfig})
	ok(t, "EventInitialize", err)
	var running sync.WaitGroup
	running.Go(func() {
		for range 10 { // moves of the machine alone
			for _, e := range []account.Event{account.EventBeginOAuth{Scopes: everything}, account.EventCancelOAuth{}} {
				if _, err := a.ProcessEvent(t.Context(), e); err != nil {
					t.Errorf("%T: %v", e, err)
				}
			}
		}
	})
	for first := range 4 {
		running.Go(func() {
			for n := first; n < 20; n += 4 {
				token := fmt.Sprintf("%064x", n+1)
				if err := a.SetUserData(t.Context(), account.UserData{SessionToken: token}); err != nil {
					t.Errorf("SetUserData: %v", err)
				}
			}
		})
	}
	running.Wait()
	w.check = nil
	if len(told) != 20 {
		t.Errorf("of 20 changes, %d were told", len(told))
	}
	ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: s.owner.NewSession()}))
}

// TestOutcomes tells how calls to the server ended, in the account's own words.
func TestOutcomes(t *testing.T) {
	s := lab(t)
	a, w := s.watched()
	only := func(what string, check func(error) bool) {
		t.Helper()
		if ends := w.heard(); len(ends) != 1 || !check(ends[0]) {
			t.Errorf("%s: was told %v", what, ends)
		}
	}
	none := func(what string) {
		t.Helper()
		if ends := w.heard(); len(ends) != 0 {
			t.Errorf("%s: was told %v", what, ends)
		}
	}
	answered := func(err error) bool { return err == nil }
	token := func(ctx context.Context) error {
		_, err := a.AccessToken(ctx, account.ScopeProfile, account.WithoutCache())
		return err
	}
	want(t, "signed out", token(t.Context()), account.ErrNoRefreshToken)
	none("signed out")
	_, err := a.TokenServerURL(t.Context())
	ok(t, "TokenServerURL", err)
	only("discovery", answered)
	_, err = a.TokenServerURL(t.Context())
	ok(t, "TokenServerURL", err)
	none("from memory")
	s.signIn(a)
	w.heard()
	ok(t, "AccessToken", token(t.Context()))
	only("a success", answered)
	a.SimulateNetworkError()
	want(t, "offline", token(t.Context()), account.ErrNetwork)
	only("offline", func(err error) bool { return errors.Is(err, account.ErrNetwork) })
	ctx, cancel := context.WithCancelCause(t.Context())
	s.service.Faults.Next(tokenRoute, 0, accounttest.DropConnection())
	cancel(errors.New("the person left"))
	if token(ctx) == nil {
		t.Error("a context that has ended is no failure")
	}
	s.service.Faults.Clear()
	none("given up")
	_, err = a.SendTab(t.Context(), "", "", "")
	want(t, "no address", err, account.ErrInvalidArgument)
	none("an argument")
	_, err = a.AccessToken(t.Context(), strings.Repeat("s", 1<<15))
	want(t, "a request that is too large", err, account.ErrTooLarge)
	none("a request that is too large")
	s.service.Faults.Next(tokenRoute, http.StatusInternalServerError)
	want(t, "a broken server", token(t.Context()), account.ErrUnavailable)
	only("a broken server", func(err error) bool { return errors.Is(err, account.ErrUnavailable) })
	s.service.Faults.Next(tokenRoute, http.StatusTooManyRequests, accounttest.RetryAfter(30))
	for _, sent := range []bool{true, false} {
		want(t, "a wait", token(t.Context()), account.ErrUnavailable)
		only("a wait", func(err error) bool {
			var wait *account.BackoffError
			return errors.As(err, &wait) && (wait.Remote != nil) == sent && wait.Until.After(s.clock.Now())
		})
	}
}

// TestOutcomeOfGivenUpRequest tells nothing of a request whose caller left.
func TestOutcomeOfGivenUpRequest(t *testing.T) {
	s := newScene(t)
	transport := s.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	g := &gate{below: transport, waiting: make(chan struct{}, 1)}
	w := &witness{T: t, saver: new(savedState)}
	a := s.account(append(w.options(), account.WithTransport(g))...)
	w.account.Store(a)
	s.signIn(a)
	w.heard()
	open := g.shut()
	ctx, cancel := context.WithCancelCause(t.Context())
	gone, done := errors.New("the person left"), make(chan error, 1)
	go func() {
		_, err := a.AccessToken(ctx, account.ScopeProfile)
		done <- err
	}()
	<-g.waiting
	cancel(gone)
	want(t, "a request given up", <-done, gone)
	open()
	if ends := w.heard(); len(ends) != 0 {
		t.Errorf("was told %v", ends)
	}
}

// TestOutcomeOfRefusals tells of a refused token only where the call fails with it.
func TestOutcomeOfRefusals(t *testing.T) {
	type scene = struct {
		what, route string
		times       int
		call        func(a *account.Account) error
		told        int // refusals
		fails       error
	}
	profile := func(a *account.Account) error {
		_, err := a.Profile(t.Context(), account.Fresh())
		return err
	}
	devices := func(a *account.Account) error {
		_, err := a.Devices(t.Context(), account.Fresh())
		return err
	}
	event := func(e account.Event) func(*account.Account) error {
		return func(a *account.Account) error {
			_, err := a.ProcessEvent(t.Context(), e)
			return err
		}
	}
	clients := func(a *account.Account) error {
		_, err := a.AttachedClients(t.Context(), account.Fresh())
		return err
	}
	for _, c := range []scene{
		{"a new access token heals", profileRoute, 1, profile, 0, nil},
		{"a new access token does not heal", profileRoute, 9, profile, 1, account.ErrAuthentication},
		{"a second try heals", routeDevices, 1, devices, 0, nil},
		{"a client without devices", routeDevices, 9, devices, 0, account.ErrDevicesUnavailable},
		{"the token endpoint refuses", tokenRoute, 9, func(a *account.Account) error {
			_, err := a.AccessToken(t.Context(), account.ScopeProfile, account.WithoutCache())
			return err
		}, 1, account.ErrAuthentication},
		{"a session that lives", clientsRoute, 1, clients, 1, account.ErrAuthentication},
		{"the machine heals", profileRoute, 2, event(account.EventCallGetProfile{}), 0, nil},
		{"the machine knows", profileRoute, 9, event(account.EventCallGetProfile{}), 0, account.ErrAuthentication},
		{"signing out does not care", destroyRoute, 9, func(a *account.Account) error { return a.Disconnect(t.Context()) }, 0, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := lab(t)
			a, w := s.watched()
			s.signIn(a)
			_, err := a.ProcessEvent(t.Context(), account.EventInitialize{Device: deskConfig})
			ok(t, "EventInitialize", err)
			ok(t, "AttachedClients", clients(a)) // how the server takes sessions is known
			w.heard()
			s.service.Faults.Next(c.route, http.StatusUnauthorized, accounttest.Errno(110), accounttest.Times(c.times))
			err = c.call(a)
			if !errors.Is(err, c.fails) {
				t.Errorf("gave %v, want %v", err, c.fails)
			}
			refusals, answers := 0, 0
			for _, end := range w.heard() {
				switch {
				case end == nil:
					answers++
				case errors.Is(end, account.ErrAuthentication) && errors.Is(err, account.ErrAuthentication):
					refusals++
				case !errors.Is(end, account.ErrDevicesUnavailable) && !errors.Is(end, account.ErrForbidden):
					t.Errorf("was told %v", end)
				}
			}
			if refusals != c.told || answers == 0 {
				t.Errorf("%d refusals and %d answers were told", refusals, answers)
			}
		})
	}
}
