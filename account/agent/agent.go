package agent

import (
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/diagnostics"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/settings"
	"github.com/tabferry/tabferry/account/agent/storage"
	"github.com/tabferry/tabferry/account/agent/wake"
	"github.com/tabferry/tabferry/account/push"
	"github.com/tabferry/tabferry/account/store"
)

// Agent is the engine. It implements [localapi.Agent]; all methods may be called at once from
// several goroutines, and before, during and after Run.
type Agent struct {
	params  Params
	ids     store.IDs
	board   *board.Board
	storage *storage.Storage[*work]
	because atomic.Pointer[localapi.Phrase] // why nobody is signed in, where that was not done here

	life    context.Context // ends with Run
	endLife context.CancelFunc
	watches sync.WaitGroup

	offered chan localapi.Desktop // holds that of a send until it is looked at
	renewal chan struct{}         // holds a token once a newer version has asked us to give way
	renewed atomic.Bool
}

var _ localapi.Agent = (*Agent)(nil)

// New makes an agent. Nothing happens before Run.
func New(p Params) (*Agent, error) {
	p, err := p.complete()
	if err != nil {
		return nil, err
	}
	a := &Agent{params: p, ids: store.IDs{Rand: p.Random}, offered: make(chan localapi.Desktop, 1), renewal: make(chan struct{}, 1)}
	a.life, a.endLife = context.WithCancel(context.Background())
	a.board = board.New(p.Clock, localapi.Snapshot{
		Version:  p.Version,
		PID:      os.Getpid(),
		Demo:     p.Demo,
		Account:  localapi.Account{State: localapi.SignedOut, Server: p.Service.Server},
		Storage:  localapi.Storage{Protection: localapi.Undecided, Locked: true},
		Settings: localapi.DefaultSettings(),
	})
	var ring storage.Ring
	if p.Secrets != nil {
		ring = store.NewKeyring(p.Secrets, p.KeyringService)
	}
	a.storage = storage.New(a.life, storage.Params[*work]{
		Path: StoreFile(p.DataDir), Ring: ring, MemoryOnly: p.Protection == localapi.MemoryOnly,
		Board: a.board, Clock: p.Clock, Logger: p.Logger, Open: a.open,
	})
	return a, nil
}

// endTime is how long the end of Run may take: a goodbye to the servers, and a moment for the rest.
// Quitting the whole program takes three seconds at most; the faces have what is left of them.
const endTime = 2 * time.Second

// Run opens the store and works until ctx ends or Quit is called. It may be called once. What is
// wrong with the store is no error of Run: it stands in the snapshots. Who does not end in time, for
// example a call of a keyring, is left behind and logged: whatever was told to a face is kept already.
func (a *Agent) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, a.endLife)()
	a.watchNetwork()
	a.watches.Go(a.giveWay)
	a.watches.Go(a.lookAtOffers)
	goodbye := sync.OnceFunc(func() {
		if !a.renewed.Load() { // else faces wait for the next one
			a.board.Tell(localapi.Event{Kind: localapi.Quitting})
		}
		a.board.End()
	})
	ended := make(chan error, 1)
	go func() {
		err := a.storage.Run(goodbye)
		a.endLife()
		a.watches.Wait()
		ended <- err
	}()
	<-a.life.Done()
	late := time.NewTimer(endTime)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		goodbye()
		stacks := make([]byte, maxStacks)
		a.params.Logger.Error("something does not end and is left behind", "stack", string(stacks[:runtime.Stack(stacks, true)]))
		return nil
	}
}

// maxStacks bounds what is logged of goroutines that do not end.
const maxStacks = 64 << 10

// Quit ends Run.
func (a *Agent) Quit(context.Context) error {
	a.endLife()
	return nil
}

// watchNetwork follows what is told of the network, if anybody tells.
func (a *Agent) watchNetwork() {
	if a.params.Wake == nil {
		return
	}
	a.watches.Go(func() {
		if err := a.params.Wake.Watch(a.life, a.NetworkChanged); err != nil && a.life.Err() == nil {
			a.params.Logger.Warn("the network cannot be watched", "error", err)
		}
	})
}

// NetworkChanged tells the agent about the network, or that the machine slept. With Params.Wake it is
// called by itself.
func (a *Agent) NetworkChanged(event wake.Event) {
	if w := a.storage.Present(); w != nil {
		a.params.Logger.Info("the network or the machine changed", "event", string(event))
		w.networkChanged(event)
	}
}

// known returns the work once the account knows its own state.
func (a *Agent) known(ctx context.Context) (*work, error) {
	w, err := a.storage.Current(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case <-w.known:
		return w, nil
	case <-a.storage.Done():
		return nil, storage.ErrEnded
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Snapshot returns the present state.
func (a *Agent) Snapshot(ctx context.Context) (localapi.Snapshot, error) {
	if _, err := a.storage.Current(ctx); err != nil && !storage.Locked(err) {
		return localapi.Snapshot{}, err
	}
	return a.board.Now(), nil
}

// Watch begins a stream of updates.
func (a *Agent) Watch(face localapi.Face) *localapi.Watcher {
	w := a.board.Watch(face)
	if present := a.storage.Present(); face == localapi.FaceWindow && present != nil {
		present.roster.Seen()
	}
	return w
}

// ShowWindow asks an open window to come to the front.
func (a *Agent) ShowWindow(_ context.Context, pane string) (bool, error) {
	if !a.board.Watched(localapi.FaceWindow) {
		return false, nil
	}
	a.board.Tell(localapi.Event{Kind: localapi.ShowWindow, Pane: pane})
	return true, nil
}

// UseDesktop tells of the desktop of a later start.
func (a *Agent) UseDesktop(_ context.Context, d localapi.Desktop) error {
	if a.params.Desktop != nil {
		a.params.Desktop(d)
	}
	return nil
}

// offer has a desktop looked at beside everything else: asking its display and its bus whether they live takes a
// millisecond, which neither a request nor an answer waits for. Of several at once the first is looked at.
func (a *Agent) offer(d localapi.Desktop) {
	select {
	case a.offered <- d:
	default:
	}
}

func (a *Agent) lookAtOffers() {
	for {
		select {
		case d := <-a.offered:
			_ = a.UseDesktop(a.life, d) // which has no failure
		case <-a.life.Done():
			return
		}
	}
}

// Diagnostics returns a text about the agent's state with every secret removed.
func (a *Agent) Diagnostics(ctx context.Context) (string, error) {
	s, err := a.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	state := diagnostics.State{Now: a.params.Clock.Now(), Snapshot: s}
	if w := a.storage.Present(); w != nil {
		health := w.subscription.Health()
		state.Push, state.PushExpired = &health, w.subscription.Expired()
	}
	if a.params.LogTail != nil {
		state.LogTail = a.params.LogTail()
	}
	if a.params.LastCrash != nil {
		state.LastCrash = a.params.LastCrash()
	}
	return diagnostics.Text(state), nil
}

var (
	serverInUse = localapi.NewPhrase("settings.server_in_use", "The server cannot be changed while somebody is signed in.", "sign out first")
	badService  = localapi.NewPhrase("settings.service", "This server, client id or redirect address cannot be used.", "the server's address begins with https://")
)

// SetSettings replaces the settings. Another service begins new work, which is only possible while
// nobody is signed in.
func (a *Agent) SetSettings(ctx context.Context, s localapi.Settings) error {
	w, err := a.known(ctx)
	if err != nil {
		return err
	}
	if err := settings.Check(s); err != nil {
		return err
	}
	will := a.params.service(s)
	if !w.service.client(will) {
		if w.acct.AuthState() != account.AuthStateDisconnected {
			return serverInUse.Refuse(localapi.CodeConflict)
		}
		if _, err := account.New(will.config()); err != nil {
			return badService.Refuse(localapi.CodeUsage)
		}
		w.signin.Cancel(ctx)
	}
	w.keep(ctx)
	counted := w.settings.UsageData("")
	if err := w.settings.Replace(ctx, s); err != nil {
		return board.Refusal(err)
	}
	switch {
	case counted && !s.UsageData:
		w.signin.Withdraw()
		w.acct.ForgetTelemetry()
		a.params.Logger.Info("usage data is switched off, and what was collected is deleted")
	case s.UsageData && !counted:
		a.params.Logger.Info("usage data is allowed from now on, where the account allows it too")
	}
	if w.service != will {
		return a.storage.Restart(ctx)
	}
	return nil
}

// Refresh asks the servers anew for what the request says.
func (a *Agent) Refresh(ctx context.Context, r localapi.RefreshRequest) error {
	w, err := a.known(ctx)
	if err != nil {
		return err
	}
	switch {
	case !a.board.SignedIn():
		if r.Why == localapi.RefreshLooking {
			return nil
		}
		return board.ErrSignedOut
	case r.Why == localapi.RefreshLooking:
		w.poller.Seen()
	case r.Why == localapi.RefreshAll:
		w.resume()
		w.poller.Mark()
		w.subscription.Wake(push.UserAsked)
	}
	return w.roster.Refresh(ctx, r.Why, r.Wait)
}

// SignInShown hears that a view which offers the sign-in has become visible.
func (a *Agent) SignInShown(ctx context.Context, form localapi.SignInForm) error {
	return onKnown(a, ctx, func(w *work) error {
		w.signin.Shown(form)
		return nil
	})
}

// BeginSignIn starts a sign-in in the browser and returns the page to open.
func (a *Agent) BeginSignIn(ctx context.Context, email string) (localapi.SignIn, error) {
	for {
		w, err := a.known(ctx)
		if err != nil {
			return localapi.SignIn{}, err
		}
		signIn, err := w.signin.Begin(ctx, email)
		if err == nil || a.storage.Present() == w {
			return signIn, err
		}
		// The data of the last sign-in was being deleted meanwhile: begin on the new store.
	}
}

// SignOut signs out, and with deleteLocalData removes everything this installation holds, as soon as
// nothing is left that must be revoked on the server. A locked store can be deleted too: then its
// credentials stay valid on the server until they are ended there.
func (a *Agent) SignOut(ctx context.Context, deleteLocalData bool) error {
	w, err := a.storage.Current(ctx)
	if storage.Locked(err) && deleteLocalData {
		return a.storage.DeleteUnread(ctx)
	}
	if err != nil {
		return err
	}
	w.calls.End() // whatever is being asked holds us up, and its answer is of no use any more
	if w, err = a.known(ctx); err != nil {
		return err
	}
	if err := w.signOut(ctx, deleteLocalData); err != nil {
		return err
	}
	return a.storage.Replace(ctx, w, w.left) // nobody sees the last person's data from now on
}
