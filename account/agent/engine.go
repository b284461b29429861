package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/push"
	"github.com/tabferry/tabferry/account/store"
)

// capabilities is what the other devices may ask of this one.
var capabilities = []account.Capability{account.CapabilitySendTab, account.CapabilityCloseTabs}

// engine works on one open store with one account. It ends when its store is deleted or exchanged
// for another one, and with the agent.
type engine struct {
	a       *Agent
	vault   *vault
	service Service
	acct    *account.Account
	push    *push.Client
	http    *http.Client // for what is not the account's own business: avatars, the pairing relay

	// turn admits one writer of the store at a time, so that what is shown changes in the order of
	// what is stored. It holds a token while somebody writes.
	turn chan struct{}
	// known is closed when the account's first event has been processed.
	known chan struct{}

	model model // guarded by a.mu

	poller  *poller
	sender  *sender
	lists   *lists
	pushing *pushing
	mender  *mender
	leaver  *leaver
	silence *silence
	signing signing
	pairs   pairs

	ctx     context.Context // ends with the engine
	running sync.WaitGroup

	// calls ends the requests under way when the account is signed out, so that signing out waits
	// for none of them. Guarded by callsMu.
	callsMu  sync.Mutex
	calls    context.Context
	endCalls context.CancelFunc
}

// newEngine reads the store and makes everything that lives on it. Nothing runs yet.
func newEngine(a *Agent, v *vault) (*engine, error) {
	l, err := load(v)
	if err != nil {
		return nil, err
	}
	if err := l.repair(v); err != nil {
		return nil, err
	}
	a.ids.After(l.newestID)
	e := &engine{
		a: a, vault: v,
		service: a.params.service(l.settings),
		http:    httpClient(a.params.Transport),
		turn:    make(chan struct{}, 1),
		known:   make(chan struct{}),
	}
	e.calls, e.endCalls = context.WithCancel(context.Background())
	e.model.inbox, e.model.outbox = l.inbox, l.outbox
	e.model.settings, e.model.notes = l.settings, l.notes
	if e.acct, err = e.openAccount(l.account); err != nil {
		return nil, err
	}
	if err := e.openPush(); err != nil {
		return nil, err
	}
	e.poller, e.sender = newPoller(e), newSender(e)
	e.lists, e.mender, e.leaver = newLists(e), newMender(e), newLeaver(e)
	e.silence = newSilence(e)
	e.fillFromAccount()
	return e, nil
}

// openAccount restores the account, or begins a new one. A saved one for another service, which can
// only be signed out, is put aside until nothing of it is left to revoke.
func (e *engine) openAccount(state []byte) (*account.Account, error) {
	config := e.service.config()
	options := e.accountOptions(saver{e})
	if state == nil {
		return account.New(config, options...)
	}
	acct, err := account.Restore(state, options...)
	if err != nil {
		return nil, fmt.Errorf("%w: the account's state: %w", store.ErrCorrupt, err)
	}
	have := acct.Config()
	same := have.Server.ContentURL() == config.Server.ContentURL() && have.ClientID == config.ClientID && have.RedirectURI == config.RedirectURI
	if same || acct.AuthState() != account.AuthStateDisconnected && !e.a.params.Demo {
		return acct, nil
	}
	acct.Close()
	if e.a.params.Demo {
		return account.New(config, options...) // what the service of another demo knew is gone with it
	}
	if err := e.setAside(state); err != nil {
		return nil, err
	}
	return account.New(config, options...)
}

// accountOptions are those of every account we make.
func (e *engine) accountOptions(s account.Saver) []account.Option {
	p := e.a.params
	options := []account.Option{
		account.WithSaver(s), account.WithClock(p.Clock), account.WithRandom(p.Random), account.WithUserAgent(p.UserAgent),
	}
	if p.Transport != nil {
		options = append(options, account.WithTransport(p.Transport))
	}
	return options
}

// start begins all work. The engine ends with ctx.
func (e *engine) start(ctx context.Context) {
	e.ctx = ctx
	e.running.Go(func() { e.pushing.run(ctx) })
	e.running.Go(func() {
		e.initialise(ctx)
		close(e.known)
		for _, work := range []*errand{e.poller.errand, e.sender.errand, e.lists.errand, e.pushing.errand, e.mender.errand, e.leaver.errand, e.silence.errand} {
			e.running.Go(func() { work.run(ctx) })
		}
	})
}

// wait returns when all work has ended.
func (e *engine) wait() {
	e.signing.end()
	e.pairs.end()
	e.running.Wait()
	e.stopCalls()
	e.acct.Close()
	e.http.CloseIdleConnections()
}

// calling gives a context for requests of the account, which end with ctx and when the account is
// signed out.
func (e *engine) calling(ctx context.Context) (context.Context, context.CancelFunc) {
	e.callsMu.Lock()
	calls := e.calls
	e.callsMu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(calls, cancel)
	return ctx, func() { stop(); cancel() }
}

// stopCalls ends the requests under way; later ones are free again.
func (e *engine) stopCalls() {
	e.callsMu.Lock()
	defer e.callsMu.Unlock()
	e.endCalls()
	e.calls, e.endCalls = context.WithCancel(context.Background())
}

// initialise tells the account about this device. For a signed-in account that asks the server; what
// fails there is made up for by the mender.
func (e *engine) initialise(ctx context.Context) {
	ctx, done := e.calling(ctx)
	defer done()
	_, err := e.acct.ProcessEvent(ctx, account.EventInitialize{Device: account.DeviceConfig{
		Name: e.deviceName(), Type: e.a.params.DeviceType, Capabilities: capabilities,
	}})
	e.heard(err)
	e.sync()
}

// deviceName is what a person called this device, or its first name.
func (e *engine) deviceName() string {
	e.a.mu.Lock()
	defer e.a.mu.Unlock()
	if e.model.notes.DeviceName != "" {
		return e.model.notes.DeviceName
	}
	return e.a.params.DeviceName
}

// change edits the model and tells the faces.
func (e *engine) change(edit func(m *model), events ...localapi.Event) {
	e.a.change(func() { edit(&e.model) }, events...)
}

// read looks at the model.
func (e *engine) read(look func(m *model)) {
	e.a.mu.Lock()
	defer e.a.mu.Unlock()
	look(&e.model)
}

// signedIn tells whether the account is usable.
func (e *engine) signedIn() (yes bool) {
	e.read(func(m *model) { yes = m.signedIn() })
	return yes
}

func (e *engine) now() time.Time { return e.a.params.Clock.Now().UTC() }

// write changes the store in one transaction, then the model, in the same order for all writers.
// Waiting for the turn ends with ctx.
func (e *engine) write(ctx context.Context, store func(tx *store.Tx) error, then func(m *model), events ...localapi.Event) error {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := e.vault.update(store); err != nil {
		return err
	}
	e.change(then, events...)
	return nil
}

// writeNotes changes what the agent remembers.
func (e *engine) writeNotes(ctx context.Context, edit func(n *notes)) error {
	var n notes
	return e.write(ctx, func(tx *store.Tx) (err error) {
		if n, _, err = notesTable.Get(tx, onlyKey); err != nil {
			return err
		}
		edit(&n)
		return notesTable.Put(tx, onlyKey, n)
	}, func(m *model) { m.notes = n })
}

// heard takes note of how a call of the accounts server ended: whether we are online, whether it
// asked us to wait, and whether the sign-in should be looked at.
func (e *engine) heard(err error) {
	if ctxEnded(err) {
		return
	}
	var wait *account.BackoffError
	var remote *account.RemoteError
	backOnline := false
	switch {
	case err == nil:
		backOnline = e.contact(true, time.Time{}, "")
	case errors.As(err, &wait):
		backOnline = e.contact(wait.Remote != nil, wait.Until, backoffSentence)
	case errors.Is(err, account.ErrNetwork):
		e.offline()
	case errors.As(err, &remote):
		problem := ""
		if errors.Is(err, account.ErrUnavailable) {
			problem = busySentence
		}
		backOnline = e.contact(true, time.Time{}, problem)
	}
	if err != nil {
		e.a.params.Logger.Info("a call to the accounts server failed", "error", err)
	}
	if signInDoubtful(err) {
		e.mender.doubt()
	}
	if backOnline {
		e.wakeAll()
	}
}

// contact notes that the server answers, and tells whether we were offline before.
func (e *engine) contact(answered bool, backoff time.Time, problem string) (backOnline bool) {
	now := e.now()
	e.change(func(m *model) {
		if answered {
			m.conn.LastContact = now
		}
		if !m.conn.Online {
			backOnline = !m.conn.Since.IsZero()
			m.conn.Online, m.conn.Since = true, now
		}
		if backoff.IsZero() && now.Before(m.conn.BackoffUntil) {
			return // another service of the server answers; the wish of the first one stands
		}
		m.conn.BackoffUntil, m.conn.Problem = backoff, problem
	})
	return backOnline
}

// offline notes that the server cannot be reached.
func (e *engine) offline() {
	now := e.now()
	e.change(func(m *model) {
		if m.conn.Online || m.conn.Since.IsZero() {
			m.conn.Online, m.conn.Since = false, now
		}
		m.conn.Problem = offlineSentence
	})
}

// wakeAll looks at everything that waited for the network.
func (e *engine) wakeAll() {
	e.sender.resume()
	e.poller.resume()
	e.mender.resume()
	e.leaver.errand.poke()
	e.pushing.errand.poke()
	e.lists.resume()
}

// part signs an account out that nobody can use any more: one kept in memory only, at the end.
func (e *engine) part(ctx context.Context) {
	if e.acct.AuthState() == account.AuthStateDisconnected {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, partingTime)
	defer cancel()
	if err := e.acct.Disconnect(ctx); err != nil {
		e.a.params.Logger.Warn("signing out at the end failed", "error", err)
	}
}

// origin is what is shown of a server's address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
