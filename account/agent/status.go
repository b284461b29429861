package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// fillFromAccount shows what the account knows without asking anybody. It is for the start.
func (e *engine) fillFromAccount() {
	m := &e.model
	m.account = e.describe(m.account, false)
	if devices, at := e.acct.SavedDevices(); !at.IsZero() {
		m.devices = localapi.DeviceList{ListState: localapi.ListState{Known: true, At: at}, Items: m.orderDevices(showDevices(devices))}
	}
}

// describe builds the account's part of a snapshot. opening says that a sign-in page is open.
func (e *engine) describe(old localapi.Account, opening bool) localapi.Account {
	s := localapi.Account{
		State: e.accountState(opening), Server: origin(e.service.Server), Cause: old.Cause,
		DevicesUnavailable: !e.acct.DevicesAvailable(),
	}
	if id, err := e.acct.CurrentDeviceID(); err == nil {
		s.DeviceID = id
	}
	if _, err := e.acct.SessionToken(); err == nil {
		s.HasSession = true
	}
	if p, _, ok := e.acct.CachedProfile(); ok {
		s.UID, s.Email, s.Name = p.UID, p.Email, p.DisplayName
		s.HasAvatar = p.Avatar != "" && !p.IsDefaultAvatar
		s.MetricsEnabled = p.MetricsEnabled
	}
	return s
}

// accountState is the sign-in state in one word.
func (e *engine) accountState(opening bool) localapi.AccountState {
	state := e.acct.State()
	switch state.Kind {
	case account.Connected:
		return localapi.SignedIn
	case account.AuthIssues:
		return localapi.NeedsSignIn
	case account.Authenticating:
		if state.From == account.Connected {
			return localapi.SignedIn
		}
		return localapi.SigningIn
	case account.Disconnected:
		if opening {
			return localapi.SigningIn
		}
		return localapi.SignedOut
	}
	switch e.acct.AuthState() { // not initialised yet: what is saved
	case account.AuthStateConnected:
		return localapi.SignedIn
	case account.AuthStateAuthIssues:
		return localapi.NeedsSignIn
	default:
		return localapi.SignedOut
	}
}

// sync shows the account as it is now, and begins what a change of its state asks for. It is called
// after everything that may have changed it.
func (e *engine) sync(events ...localapi.Event) {
	var was, is localapi.AccountState
	e.a.change(func() {
		m := &e.model
		was = m.account.State
		m.account = e.describe(m.account, m.signIn != nil)
		is = m.account.State
		if is == localapi.SignedIn {
			m.account.Cause = ""
		}
		if is == localapi.SignedOut || is == localapi.SigningIn && was == localapi.SignedOut {
			m.devices, m.clients = localapi.DeviceList{}, localapi.ClientList{}
		}
		if was == localapi.SignedIn && is == localapi.NeedsSignIn {
			m.account.Cause = "The accounts server ended this sign-in. Perhaps the password was changed, or this computer was signed out elsewhere."
		}
	}, events...)
	if e.acct.State().Degraded {
		e.mender.errand.poke()
	}
	if was == is {
		return
	}
	e.a.params.Logger.Info("the sign-in changed", "from", string(was), "to", string(is))
	if was == localapi.SignedIn && is == localapi.NeedsSignIn {
		e.a.publish(localapi.Event{Kind: localapi.SignInAgain, At: e.now()})
	}
	e.pushing.errand.poke()
	e.leaver.errand.poke()
	if is == localapi.SignedIn {
		e.poller.mark()
		e.lists.mark(true, true, true)
		e.sender.resume()
	}
}

// How a degraded account is looked at again: soon at first, then ever more rarely.
const (
	mendFirst = time.Minute
	mendMost  = time.Hour
)

// mender asks the server about the sign-in when there is reason to doubt it, and makes up for steps
// of the sign-in that failed.
type mender struct {
	e      *engine
	errand *errand
	wait   doubling // of the errand alone

	mu     sync.Mutex
	wanted bool // somebody doubts the sign-in
	// notBefore keeps the distance to the last failure, on the monotonic clock.
	notBefore time.Duration
}

func newMender(e *engine) *mender {
	m := &mender{e: e, wait: doubling{first: mendFirst, most: mendMost}}
	m.errand = newErrand(m.work)
	return m
}

// doubt has the sign-in checked soon.
func (m *mender) doubt() {
	m.mu.Lock()
	m.wanted = true
	m.mu.Unlock()
	m.errand.poke()
}

// resume has what failed tried again at once.
func (m *mender) resume() {
	m.mu.Lock()
	m.notBefore = 0
	m.mu.Unlock()
	m.errand.poke()
}

func (m *mender) work(ctx context.Context) time.Duration {
	now := m.e.a.params.Clock.Monotonic()
	m.mu.Lock()
	wanted, early := m.wanted, m.notBefore-now
	m.mu.Unlock()
	state := m.e.acct.State()
	if state.Kind != account.Connected || !wanted && !state.Degraded {
		m.wait.reset()
		return 0
	}
	if early > 0 {
		return early
	}
	ctx, done := m.e.calling(ctx)
	defer done()
	state, err := m.e.acct.ProcessEvent(ctx, account.EventCheckAuthorization{})
	if ctxEnded(err) {
		return 0
	}
	if errors.Is(err, account.ErrAuthentication) {
		err = nil // its meaning is in the state; hearing it as a doubt again would not end
	}
	m.e.heard(err)
	again := state.Kind == account.Connected && (state.Degraded || err != nil)
	var retry time.Duration
	m.mu.Lock()
	m.wanted = again && err != nil // still to be answered
	if again {
		retry = m.wait.next()
		m.notBefore = m.e.a.params.Clock.Monotonic() + retry
	} else {
		m.wait.reset()
		m.notBefore = 0
	}
	m.mu.Unlock()
	m.e.sync()
	return retry
}
