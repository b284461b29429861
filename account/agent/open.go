package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/authcheck"
	"github.com/tabferry/tabferry/account/agent/callers"
	"github.com/tabferry/tabferry/account/agent/contact"
	"github.com/tabferry/tabferry/account/agent/deletion"
	"github.com/tabferry/tabferry/account/agent/inbox"
	"github.com/tabferry/tabferry/account/agent/outbox"
	"github.com/tabferry/tabferry/account/agent/pairing"
	"github.com/tabferry/tabferry/account/agent/people"
	"github.com/tabferry/tabferry/account/agent/poller"
	"github.com/tabferry/tabferry/account/agent/revoker"
	"github.com/tabferry/tabferry/account/agent/roster"
	"github.com/tabferry/tabferry/account/agent/settings"
	"github.com/tabferry/tabferry/account/agent/signals"
	"github.com/tabferry/tabferry/account/agent/signin"
	"github.com/tabferry/tabferry/account/agent/subscription"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/store"
)

// open reads the store and makes everything that works on it. Nothing runs yet.
func (a *Agent) open(vault *store.Vault) (w *work, err error) {
	p := a.params
	w = &work{
		params: p, vault: vault, storage: a.storage, because: &a.because, board: a.board,
		http: httpClient(p.Transport), calls: worker.NewCalls(), known: make(chan struct{}),
	}
	w.settings, err = settings.Open(settings.Params{Store: vault, Board: a.board, Clock: p.Clock, Logger: p.Logger})
	if err != nil {
		return nil, err
	}
	w.service = p.service(w.settings.Chosen())
	w.contact = contact.New(contact.Params{
		Board: a.board, Clock: p.Clock, Logger: p.Logger, Back: w.resume, ClockSet: func() { w.outbox.Poke() },
		Doubt: func() { w.authcheck.Doubt() }, Unknown: func() { w.deletion.Suspect() },
	})
	if w.acct, err = w.openAccount(&a.ids); err != nil {
		return nil, err
	}
	if err = w.openPeople(a); err != nil {
		return nil, err
	}
	// After whoever has left took along what was sent.
	w.callers, err = callers.Open(callers.Params{Store: vault, Board: a.board, Clock: p.Clock, Logger: p.Logger, Own: p.OwnCallers})
	if err != nil {
		return nil, err
	}
	owner := w.people.Owner()
	w.inbox, err = inbox.Open(inbox.Params{
		Store: vault, Owner: owner, Board: a.board, Clock: p.Clock, IDs: &a.ids, Logger: p.Logger,
		Open: p.Open, Go: w.beside,
	})
	if err != nil {
		return nil, err
	}
	w.roster = roster.New(roster.Params{
		Account: w.acct, Calls: w.calls, Memory: w.settings, Store: vault, Owner: owner, Board: a.board, Clock: p.Clock, Random: p.Random, Logger: p.Logger,
		HTTP: w.http, UserAgent: p.UserAgent, Entrypoint: w.entrypoint,
		OwnRecord: func(d account.Device) { w.subscription.OwnRecord(d) },
	})
	w.outbox, err = outbox.Open(outbox.Params{
		Store: vault, Owner: owner, Board: a.board, Clock: p.Clock, IDs: &a.ids, Logger: p.Logger, Account: w.acct, Calls: w.calls,
		Queued:  w.roster.NoteSent,
		Undone:  w.roster.NoteUndone,
		PushOff: w.roster.Unalerted, Gone: w.roster.Gone,
	})
	if err != nil {
		return nil, err
	}
	w.openSignals(a)
	w.openSignIn(a)
	w.poller = poller.New(poller.Params{
		Account: w.acct, Calls: w.calls, Board: a.board, Clock: p.Clock, Random: p.Random,
		Alerted: func() bool { return w.subscription.Alerted() },
	})
	w.subscription, err = subscription.Open(subscription.Params{
		Account: w.acct, Calls: w.calls, Store: vault, Board: a.board, Clock: p.Clock, Random: p.Random, Logger: p.Logger,
		ServerURL: w.service.PushServer, HTTP: httpClient(p.PushTransport), UserAgent: p.UserAgent, Go: w.beside,
		Heard: w.heard(),
	})
	if err != nil {
		return nil, err
	}
	w.damaged, err = vault.Damaged()
	return w, err
}

// openSignals makes what follows the accounts server's word about the person.
func (w *work) openSignals(a *Agent) {
	p := w.params
	w.signals = signals.New(signals.Params{
		Account: w.acct, Calls: w.calls, Store: w.vault, Owner: w.people.Owner(), Board: a.board, Clock: p.Clock, Random: p.Random, Logger: p.Logger,
		Server: w.service.EventsServer, HTTP: w.http, UserAgent: p.UserAgent,
		ProfileChanged: func() { w.roster.Mark(roster.Profile) }, SignInDoubtful: func() { w.authcheck.Doubt() },
		AccountGone: func() { w.deletion.Suspect() },
		MetricsOff:  func() { w.beside(w.metricsOff) },
	})
}

// metricsOff ends the collection of usage data, which the person has refused elsewhere.
func (w *work) metricsOff(ctx context.Context) {
	if err := w.acct.MetricsOptedOut(ctx); err != nil && ctx.Err() == nil {
		w.params.Logger.Warn("that usage data is refused could not be saved", "error", err)
	}
}

// left clears what does not outlive a sign-in, or with gone an account.
func left(tx *store.Tx, owner string, gone bool) error {
	return errors.Join(settings.Leave(tx, owner), callers.Leave(tx, gone))
}

// openPeople finds whom the work is for, and makes what finds out whether the account still exists.
func (w *work) openPeople(a *Agent) (err error) {
	p := w.params
	w.people, err = people.Open(people.Params{
		Account: w.acct, Server: w.service.Server, Calls: w.calls, Store: w.vault, Board: a.board, Clock: p.Clock, IDs: &a.ids, Random: p.Random, Logger: p.Logger,
		Leave: left, Returned: w.returned, Another: w.leave,
	})
	if err != nil {
		return err
	}
	if err = w.settings.Own(w.people.Owner()); err != nil {
		return err
	}
	if w.people.Erased() {
		w.because.Store(&accountDeleted)
		if w.people.Alone() && w.settings.Untouched() {
			// Nothing is left that anybody needs: the file goes too, once nothing is left to revoke.
			if err = w.settings.SetDeleteWhenDone(context.Background(), true); err != nil {
				return err
			}
		}
	}
	w.wasIn.Store(w.acct.AuthState() != account.AuthStateDisconnected)
	w.deletion, err = deletion.Open(deletion.Params{
		Account: w.acct, Calls: w.calls, Store: w.vault, Owner: w.people.Owner(), Clock: p.Clock, Random: p.Random, Logger: p.Logger,
		Exists: func() {
			w.authcheck.Doubt()
			w.signin.Explain()
		},
		Gone: w.erase,
	})
	return err
}

// openSignIn makes what begins, checks and ends the sign-in.
func (w *work) openSignIn(a *Agent) {
	p := w.params
	w.authcheck = authcheck.New(authcheck.Params{Account: w.acct, Calls: w.calls, Clock: p.Clock, Random: p.Random})
	w.signin = signin.New(signin.Params{
		Account: w.acct, Board: a.board, Clock: p.Clock, Logger: p.Logger,
		Server: w.service.Server, RedirectURI: w.service.RedirectURI, Say: p.Say, Scopes: scopes, Metrics: w.service.metrics(),
		Keep: w.keep, Prepare: w.prepare, Interrupt: func() { w.pairing.End() }, Changed: w.signInChanged, Ended: w.deletion.Suspect, Go: w.beside,
	})
	if w.deletion.Pending() {
		w.signin.Unexplained()
	}
	w.pairing = pairing.New(pairing.Params{
		Account: w.acct, Board: a.board, Clock: p.Clock, Logger: p.Logger, Random: p.Random,
		Server: w.service.Server, Relay: w.service.PairingServer, HTTP: w.http, UserAgent: p.UserAgent,
		Scopes: scopes, DeviceName: w.deviceName, Keep: w.keep, Prepare: w.prepare,
		Interrupt: w.signin.Cancel, Paired: func() { w.roster.Mark(roster.Devices | roster.Clients) }, Go: w.beside,
	})
	w.revoker = revoker.New(revoker.Params{
		Account: w.acct, Memory: w.settings, Store: w.vault, Clock: p.Clock, Random: p.Random, Logger: p.Logger,
		Keepers: []revoker.Keeper{w.settings, w.inbox, w.outbox, w.roster, w.signin, w.callers, w.signals, w.people},
		Restore: func(state []byte) (*account.Account, error) { return account.Restore(state, w.options()...) },
		Interrupt: func() {
			w.signin.End()
			w.pairing.End()
		},
		Left:   w.leave,
		Delete: func(still func() bool) { a.storage.DeleteLater(w, still) },
	})
}

// heard is who hears of what push tells.
func (w *work) heard() subscription.Heard {
	return subscription.Heard{
		Published: func() {
			w.roster.Alertable()
			w.poller.Mark()
		},
		Missed:  w.poller.Mark,
		Changed: w.poller.Poke,
		Returned: func() {
			w.resume()
			w.poller.Mark()
			w.roster.Mark(roster.Devices | roster.Profile)
		},
		Command:         w.poller.Announce,
		ProfileChanged:  func() { w.roster.Mark(roster.Profile) },
		DevicesChanged:  func() { w.roster.Mark(roster.Devices | roster.Clients) },
		DeviceJoined:    w.roster.Joined,
		Expected:        func() bool { return w.pairing.Expected() },
		PasswordChanged: w.authcheck.Doubt,
		SignedOut:       func() { w.because.Store(&signedOutElsewhere) },
		Deleted: func() {
			w.deletion.Suspect()
			w.authcheck.Doubt() // whether the sign-in lives can be known before that
		},
	}
}

// options are those of every account we make.
func (w *work) options() []account.Option {
	p := w.params
	options := []account.Option{account.WithClock(p.Clock), account.WithRandom(p.Random), account.WithUserAgent(p.UserAgent)}
	if p.Transport != nil {
		options = append(options, account.WithTransport(p.Transport))
	}
	return options
}

// openAccount restores the account, or begins a new one. A saved one for another service, which can
// only be signed out, is put aside until nothing of it is left to revoke.
func (w *work) openAccount(ids *store.IDs) (*account.Account, error) {
	options := append(w.options(), account.WithPartSaver(w), account.WithObserver(w.observe), account.WithOutcome(w.contact.Heard),
		account.WithMetricsGate(w.settings.UsageData))
	config := w.service.config()
	var state, devices []byte
	err := w.vault.View(func(tx *store.Tx) (err error) {
		if state, err = accountText.Get(tx); err == nil {
			devices, err = devicesText.Get(tx)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if state == nil {
		return account.New(config, options...)
	}
	acct, err := account.Restore(state, append(options, account.WithSavedDevices(devices))...)
	if err != nil {
		return nil, fmt.Errorf("%w: the account's state: %w", store.ErrCorrupt, err)
	}
	have := acct.Config()
	same := have.Server.ContentURL() == config.Server.ContentURL() && have.ClientID == config.ClientID && have.RedirectURI == config.RedirectURI
	if same || acct.AuthState() != account.AuthStateDisconnected && !w.params.Demo {
		return acct, nil
	}
	acct.Close()
	if w.params.Demo {
		return account.New(config, options...) // what the service of another demo knew is gone with it
	}
	err = w.vault.Update(func(tx *store.Tx) error {
		if err := revoker.SetAside(tx, ids, w.params.Clock.Now().UTC(), state); err != nil {
			return err
		}
		return errors.Join(accountText.Clear(tx), devicesText.Clear(tx))
	})
	if err != nil {
		return nil, err
	}
	return account.New(config, options...)
}
