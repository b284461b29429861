package agent

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// partingTime is how long a memory-only agent may take at its end to sign out on the server, so that
// it leaves no device behind that nobody can use any more.
const partingTime = 3 * time.Second

// Agent is the engine. It implements [localapi.Agent]; all methods may be called at once from
// several goroutines, and before, during and after Run.
type Agent struct {
	params Params
	ids    store.IDs
	feed   localapi.Feed

	// steering runs functions on Run's goroutine, which alone opens and closes stores and engines.
	steering chan func(ctx context.Context)
	quit     chan struct{}
	quitOnce sync.Once
	done     chan struct{}
	// life ends with Run; background is what Run waits for besides the engine.
	life       context.Context
	endLife    context.CancelFunc
	background sync.WaitGroup

	mu sync.Mutex // guards what follows, and the model of the engine; never held across I/O
	// ready is closed when the store was opened, or the keyring has kept us waiting for a moment. It
	// is another one while the store is being exchanged.
	ready    chan struct{}
	revision uint64
	storage  localapi.Storage
	engine   *engine // nil while there is no open store
	ask      *asking // the question to the keyring under way
}

var _ localapi.Agent = (*Agent)(nil)

// New makes an agent. Nothing happens before Run.
func New(p Params) (*Agent, error) {
	p, err := p.complete()
	if err != nil {
		return nil, err
	}
	a := &Agent{
		params:   p,
		ids:      store.IDs{Rand: p.Random},
		steering: make(chan func(context.Context)),
		quit:     make(chan struct{}),
		ready:    make(chan struct{}),
		done:     make(chan struct{}),
	}
	a.life, a.endLife = context.WithCancel(context.Background())
	a.storage = localapi.Storage{Protection: localapi.Undecided, Locked: true}
	return a, nil
}

// Run opens the store and works until ctx ends or Quit is called. It may be called once. What is
// wrong with the store is no error of Run: it stands in the snapshots.
func (a *Agent) Run(ctx context.Context) error {
	defer close(a.done)
	stop := context.AfterFunc(ctx, a.endLife)
	defer stop()
	ctx = a.life
	k := newKeeper(a, StoreFile(a.params.DataDir))
	a.publish() // so that faces know our version at once
	k.open(ctx)
	a.watchNetwork(ctx)
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case <-a.quit:
			running = false
		case f := <-a.steering:
			f(withKeeper(ctx, k))
		}
	}
	a.publish(localapi.Event{Kind: localapi.Quitting, At: a.params.Clock.Now()})
	a.feed.Close()
	a.endLife()
	return k.close(context.WithoutCancel(ctx))
}

// errEnded says that the agent has ended.
var errEnded = &localapi.Error{Code: localapi.CodeNotReachable, Message: "Tabferry is quitting."}

type keeperKey struct{}

func withKeeper(ctx context.Context, k *keeper) context.Context {
	return context.WithValue(ctx, keeperKey{}, k)
}

// steer runs f on Run's goroutine and waits for it.
func (a *Agent) steer(ctx context.Context, f func(ctx context.Context, k *keeper) error) error {
	result := make(chan error, 1)
	run := func(ctx context.Context) {
		result <- f(ctx, ctx.Value(keeperKey{}).(*keeper))
	}
	select {
	case a.steering <- run:
	case <-a.done:
		return errEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-result:
		return err
	case <-a.done:
		return errEnded
	}
}

// later runs f on Run's goroutine without waiting for it, for work that ends the engine it comes from.
func (a *Agent) later(f func(ctx context.Context, k *keeper) error) {
	a.background.Go(func() {
		if err := a.steer(a.life, f); err != nil && a.life.Err() == nil {
			a.params.Logger.Warn("something put off has failed", "error", err)
		}
	})
}

// Quit ends Run.
func (a *Agent) Quit(context.Context) error {
	a.quitOnce.Do(func() { close(a.quit) })
	return nil
}

// setReady lets calls through that waited for the store.
func (a *Agent) setReady() {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.ready:
	default:
		close(a.ready)
	}
}

// setBusy has calls wait until the store has been exchanged.
func (a *Agent) setBusy() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ready = make(chan struct{})
}

// current gives the engine, once the store was opened; CodeLocked while there is none.
func (a *Agent) current(ctx context.Context) (*engine, error) {
	a.mu.Lock()
	ready := a.ready
	a.mu.Unlock()
	select {
	case <-ready:
	case <-a.done:
		return nil, errEnded
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.engine == nil {
		return nil, a.lockedError()
	}
	return a.engine, nil
}

// lockedError says why there is no open store. The caller holds mu.
func (a *Agent) lockedError() error {
	e := &localapi.Error{Code: localapi.CodeLocked, Message: "Tabferry's data is locked.", Hint: "unlock it with `tabferry unlock`, or in the window"}
	switch {
	case a.storage.WaitingForKeyring:
		e.Message, e.Hint = "Tabferry waits for the keyring", "unlock the keyring when the system asks for it"
	case a.storage.Problem != "":
		e.Message = a.storage.Problem
	}
	return e
}

// change edits what the agent shows, and tells the faces.
func (a *Agent) change(edit func(), events ...localapi.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	edit()
	a.publishLocked(events...)
}

// publish tells the faces.
func (a *Agent) publish(events ...localapi.Event) { a.change(func() {}, events...) }

func (a *Agent) publishLocked(events ...localapi.Event) {
	a.revision++
	a.feed.Publish(a.snapshotLocked(), events...)
}

// snapshotLocked builds the present state. The caller holds mu. Nothing in it is changed later:
// the model replaces its slices and pointers and never edits them.
func (a *Agent) snapshotLocked() localapi.Snapshot {
	s := localapi.Snapshot{
		Revision: a.revision,
		Version:  a.params.Version,
		PID:      os.Getpid(),
		Demo:     a.params.Demo,
		Account:  localapi.Account{State: localapi.SignedOut, Server: a.params.Service.Server},
		Storage:  a.storage,
		Settings: defaultSettings(),
	}
	if a.engine != nil {
		a.engine.model.fill(&s)
		h := a.engine.push.Health() // as of now: a pong is not worth waking the faces for
		s.Connection.Push.LastMessage, s.Connection.Push.LastPong = h.LastMessage, h.LastPong
	}
	return s
}

// Snapshot gives the present state.
func (a *Agent) Snapshot(ctx context.Context) (localapi.Snapshot, error) {
	if _, err := a.current(ctx); err != nil && !isLocked(err) {
		return localapi.Snapshot{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.snapshotLocked(), nil
}

func isLocked(err error) bool {
	var e *localapi.Error
	return errors.As(err, &e) && e.Code == localapi.CodeLocked
}

// Watch begins a stream of updates.
func (a *Agent) Watch(face localapi.Face) *localapi.Watcher {
	w := a.feed.Watch(face)
	if face == localapi.FaceWindow {
		a.mu.Lock()
		e := a.engine
		a.mu.Unlock()
		if e != nil {
			e.lists.seen()
		}
	}
	return w
}

// ShowWindow asks an open window to come to the front.
func (a *Agent) ShowWindow(_ context.Context, pane string) (bool, error) {
	if a.feed.Count(localapi.FaceWindow) == 0 {
		return false, nil
	}
	a.publish(localapi.Event{Kind: localapi.ShowWindow, At: a.params.Clock.Now(), Pane: pane})
	return true, nil
}
