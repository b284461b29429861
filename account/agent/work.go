package agent

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/authcheck"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/callers"
	"github.com/tabferry/tabferry/account/agent/contact"
	"github.com/tabferry/tabferry/account/agent/deletion"
	"github.com/tabferry/tabferry/account/agent/inbox"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/outbox"
	"github.com/tabferry/tabferry/account/agent/pairing"
	"github.com/tabferry/tabferry/account/agent/people"
	"github.com/tabferry/tabferry/account/agent/poller"
	"github.com/tabferry/tabferry/account/agent/revoker"
	"github.com/tabferry/tabferry/account/agent/roster"
	"github.com/tabferry/tabferry/account/agent/settings"
	"github.com/tabferry/tabferry/account/agent/signals"
	"github.com/tabferry/tabferry/account/agent/signin"
	"github.com/tabferry/tabferry/account/agent/storage"
	"github.com/tabferry/tabferry/account/agent/subscription"
	"github.com/tabferry/tabferry/account/agent/wake"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/push"
	"github.com/tabferry/tabferry/account/store"
)

// partingTime is how long a memory-only agent may take at its end to sign out on the server, so that
// it leaves no device behind that nobody can use any more. It leaves time for the rest of endTime.
const partingTime = 1500 * time.Millisecond

// settleTime is how long the end of a work waits for a change of the store that is under way.
const settleTime = 2 * time.Second

// capabilities is what the other devices may ask of this one.
var capabilities = []account.Capability{account.CapabilitySendTab, account.CapabilityCloseTabs}

// accountText is the account's state. Where it is damaged nobody is signed in any more.
const accountText store.Text = "account"

// devicesText is the list of devices that the account knows. Where it is damaged the server has it.
const devicesText store.Text = "devices"

// Why nobody is signed in: said until somebody is.
var (
	accountDeleted     = localapi.NewPhrase("account_deleted", "The account was deleted. Everything that Tabferry kept of it is gone.", "")
	signedOutElsewhere = localapi.NewPhrase("signed_out_elsewhere", "This computer was signed out from another device.", "")
)

var signInDamaged = localapi.NewPhrase("sign_in_damaged", "What was kept of the sign-in is damaged.", "sign in again")

// work is all that works on one open store for one person: whoever is signed in, or will be next. It ends
// when that person leaves, when the store is deleted or exchanged for another one, and with the agent.
type work struct {
	params  Params
	service Service
	vault   *store.Vault
	acct    *account.Account
	http    *http.Client // for what is not the account's own business: avatars, the pairing relay
	calls   *worker.Calls
	storage *storage.Storage[*work]
	// because is why nobody is signed in, where that was not done here; nil from the next sign-in on.
	because *atomic.Pointer[localapi.Phrase]
	board   *board.Board

	settings     *settings.Settings
	people       *people.People
	deletion     *deletion.Deletion
	inbox        *inbox.Inbox
	outbox       *outbox.Outbox
	callers      *callers.Callers
	roster       *roster.Roster
	subscription *subscription.Subscription
	poller       *poller.Poller
	signin       *signin.SignIn
	pairing      *pairing.Pairing
	contact      *contact.Contact
	authcheck    *authcheck.Check
	signals      *signals.Signals
	revoker      *revoker.Revoker

	// damaged are the values of the store that were found damaged until this work began.
	damaged []string
	// wasIn says that somebody has been signed in during this work, over that it has ended: nothing is
	// saved for the account any more.
	wasIn, over atomic.Bool
	// known is closed when the account's first event has been processed.
	known   chan struct{}
	ctx     context.Context // ends with the work
	running sync.WaitGroup
}

// SaveParts keeps the account's state: each change in one transaction with the commands that belong to it,
// so that a command is never lost and never shown twice. It implements [account.PartSaver].
func (w *work) SaveParts(ctx context.Context, state, devices []byte, received []account.IncomingCommand) error {
	arrival := &inbox.Arrival{}
	if len(received) > 0 {
		var err error
		if arrival, err = w.inbox.Arrive(received); err != nil {
			return err
		}
	}
	return w.vault.Write(ctx, func(tx *store.Tx) error {
		if w.over.Load() {
			return store.ErrClosed // another account goes on from what is stored
		}
		if err := errors.Join(accountText.Put(tx, state), putDevices(tx, devices)); err != nil {
			return err
		}
		return arrival.Store(tx)
	}, arrival.Tell)
}

// putDevices keeps the list of devices, if it is another one than before.
func putDevices(tx *store.Tx, text []byte) error {
	switch {
	case text == nil:
		return nil
	case len(text) == 0:
		return devicesText.Clear(tx)
	default:
		return devicesText.Put(tx, text)
	}
}

// observe shows a change of the account.
func (w *work) observe(state account.State) {
	if w.signin == nil {
		return // it is being opened
	}
	w.people.Know()
	w.signin.Observe(state)
	if state.Degraded {
		w.authcheck.Poke()
	}
}

// signInChanged begins what a change of the sign-in asks for.
func (w *work) signInChanged(_, is localapi.AccountState) {
	w.subscription.Poke()
	w.revoker.Poke()
	w.signals.Poke()
	switch is {
	case localapi.SignedIn:
		w.wasIn.Store(true)
		w.because.Store(nil)
		w.poller.Mark()
		w.roster.Mark(roster.All)
		w.outbox.Resume()
	case localapi.NeedsSignIn:
		w.wasIn.Store(true)
	case localapi.SignedOut:
		w.leave()
	}
}

// entrypoint is what the accounts server's own pages may be told of where somebody came from.
func (w *work) entrypoint() string {
	if !w.acct.MetricsOpen() {
		return ""
	}
	return w.service.Entrypoint
}

// leave begins work for the next person, once nobody is signed in any more and a sign-out that is under
// way has ended.
func (w *work) leave() {
	if w.left() {
		w.storage.ReplaceLater(w, w.left)
	}
}

func (w *work) left() bool {
	return w.wasIn.Load() && w.acct.AuthState() == account.AuthStateDisconnected && !w.revoker.Leaving() || w.people.Others()
}

// erase ends an account that the server says does not exist. That is decided in the store first; the next
// work opens with it, and drops everything. A sign-out follows, which begins that work.
func (w *work) erase(ctx context.Context) error {
	if err := w.people.Condemn(ctx); err != nil {
		return err
	}
	return w.acct.Forget(ctx)
}

// returned shows what the person had here before.
func (w *work) returned(ctx context.Context) {
	w.inbox.Recount(ctx)
	if err := errors.Join(w.outbox.Returned(), w.settings.Returned(ctx)); err != nil {
		w.params.Logger.Warn("what was kept for a return could not be read", "error", err)
	}
	w.roster.Reorder()
}

// Show writes what is known at the beginning.
func (w *work) Show(s *localapi.Snapshot) {
	w.settings.Show(s)
	w.inbox.Show(s)
	w.outbox.Show(s)
	w.signin.Show(s)
	w.callers.Show(s)
	w.roster.Show(s)
	w.people.Show(s)
	if why := w.because.Load(); why != nil && s.Account.State == localapi.SignedOut {
		s.Account.Cause, s.Account.CauseSaid = why.Say().Parts()
	}
	s.Storage.Damaged = len(w.damaged)
	if slices.Contains(w.damaged, accountText.Place()) && s.Account.State == localapi.SignedOut {
		s.Account.Cause, s.Account.CauseSaid = signInDamaged.Say().Parts()
	}
}

// Live writes what is read anew for each snapshot.
func (w *work) Live(s *localapi.Snapshot) { w.subscription.Live(s) }

// Start begins all work. It ends with ctx.
func (w *work) Start(ctx context.Context) {
	w.ctx = ctx
	if w.people.Erased() {
		w.board.Tell(localapi.Event{Kind: localapi.AccountDeleted})
	}
	w.beside(w.subscription.Connect)
	w.beside(w.inbox.CheckLater)
	begun, done := w.calls.Begin(ctx) // before anybody can sign out, which ends it
	w.beside(func(ctx context.Context) {
		w.initialise(begun)
		done()
		close(w.known)
		for _, worker := range []interface{ Run(context.Context) }{
			w.contact, w.poller, w.outbox, w.roster, w.subscription, w.authcheck, w.deletion, w.revoker, w.settings, w.callers, w.signals, w.people,
		} {
			w.beside(worker.Run)
		}
	})
}

// beside does something beside everything else, until the work ends.
func (w *work) beside(f func(ctx context.Context)) {
	w.running.Go(func() { f(w.ctx) })
}

// initialise tells the account about this device. For a signed-in account that asks the server; what
// fails there is made up for by the check of the sign-in.
func (w *work) initialise(ctx context.Context) {
	_, err := w.acct.ProcessEvent(ctx, account.EventInitialize{Device: account.DeviceConfig{
		Name: w.deviceName(), Type: w.params.DeviceType, Capabilities: capabilities,
	}})
	if err != nil {
		w.params.Logger.Info("the account could not be initialised entirely", "error", err)
	}
}

// deviceName is what a person called this device, or its first name.
func (w *work) deviceName() string {
	if name := w.settings.DeviceName(); name != "" {
		return name
	}
	return w.params.DeviceName
}

// Wait returns when all work has ended.
func (w *work) Wait() {
	w.signin.End()
	w.pairing.End()
	w.running.Wait()
	w.calls.End()
	w.over.Store(true)
	settling, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	if err := w.vault.Settle(settling); err != nil {
		w.params.Logger.Error("a change of the store does not end", "error", err)
	}
	w.acct.Close()
	w.http.CloseIdleConnections()
}

// Damaged counts what is left, once stored values were found damaged.
func (w *work) Damaged() {
	if w.ctx != nil {
		w.beside(w.inbox.Recount)
	}
}

// Part signs an account out that nobody can use any more: one kept in memory only, at the end.
func (w *work) Part(ctx context.Context) {
	if w.acct.AuthState() == account.AuthStateDisconnected {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, partingTime)
	defer cancel()
	if err := w.acct.Disconnect(ctx); err != nil {
		w.params.Logger.Warn("signing out at the end failed", "error", err)
	}
}

// keep has the data kept from now on, and takes back that it was to be deleted.
func (w *work) keep(ctx context.Context) {
	if err := w.settings.SetDeleteWhenDone(ctx, false); err != nil {
		w.params.Logger.Warn("a decision could not be saved", "error", err)
	}
	w.storage.Keep(ctx)
}

// prepare is keep for when nothing is worth keeping yet.
func (w *work) prepare(ctx context.Context) {
	if err := w.settings.SetDeleteWhenDone(ctx, false); err != nil {
		w.params.Logger.Warn("a decision could not be saved", "error", err)
	}
	w.storage.Prepare(ctx)
}

// resume looks at everything that waited for the network, and forgets the failures before. What is to be asked
// anew is marked after it: a failure of that is one to remember.
func (w *work) resume() {
	w.outbox.Resume()
	w.poller.Resume()
	w.authcheck.Resume()
	w.deletion.Resume()
	w.people.Poke()
	w.revoker.Poke()
	w.subscription.Poke()
	w.roster.Resume()
	w.signals.Resume()
}

// signOut signs out, for which whatever was being asked has been ended. If it fails that is asked again.
func (w *work) signOut(ctx context.Context, deleteLocalData bool) error {
	err := w.revoker.SignOut(ctx, deleteLocalData)
	if err != nil {
		w.resume()
		w.poller.Mark()
		w.roster.Mark(roster.All)
	}
	return err
}

// networkChanged acts on what is told of the network and of suspends.
func (w *work) networkChanged(event wake.Event) {
	switch event {
	case wake.Online:
		w.subscription.Wake(push.Online)
		w.resume()
	case wake.Resumed:
		w.subscription.Wake(push.Resumed)
		w.resume()
		w.poller.Mark()
		w.roster.Seen() // our timers have slept too
		w.signals.Resumed()
	case wake.Changed:
		w.subscription.Wake(push.RouteChanged)
	case wake.Offline:
		w.subscription.Wake(push.NoNetwork)
		w.contact.Lost()
	}
}
