// Package storage is the life of the sealed file: it is opened, created, unlocked, exchanged and
// deleted here, with patience for keyrings, and everything that works on an open store begins and
// ends here.
package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// The patience with a keyring: after the first time faces say that we wait for it, after the second
// we go on without what it guards. The question stays open; its answer is taken whenever it comes
// (docs/decisions.md §8).
const (
	keyringNotice   = 300 * time.Millisecond
	keyringPatience = 3 * time.Second
)

// Work is what works on one open store.
type Work interface {
	comparable
	board.Source
	// Start begins, and ends with ctx; Wait returns when all has ended.
	Start(ctx context.Context)
	Wait()
	// Damaged hears that stored values were put aside. It must not block nor use the store.
	Damaged()
	// Part says goodbye to the servers, for work that leaves nothing behind.
	Part(ctx context.Context)
}

// Ring is the system's keyring. Make gives it what keys can be kept in, where there is nothing yet.
type Ring interface {
	store.KeySource
	Make(ctx context.Context) error
}

// Params is what a storage may touch.
type Params[W Work] struct {
	// Path is the sealed file; its folder is made when first needed.
	Path string
	// Ring is the system's keyring, nil when there is none.
	Ring Ring
	// MemoryOnly leaves nothing behind.
	MemoryOnly bool
	Board      *board.Board
	Clock      kit.Clock
	Logger     *slog.Logger
	// Open makes the work on a store; it does not begin yet.
	Open func(*store.Vault) (W, error)
}

// Storage owns the file and the work on it. Its exported methods may be called at once from several
// goroutines; what opens and closes stores runs on the goroutine of Run alone. Make it with [New].
type Storage[W Work] struct {
	Params[W]

	// steps are run on Run's goroutine.
	steps chan func(context.Context)
	done  chan struct{}
	life  context.Context // ends with Run
	// asked is what Run waits for besides the work: questions to the keyring.
	asked sync.WaitGroup

	// Of Run's goroutine alone.
	file   *store.Store    // exists and waits for its key
	broken error           // why the file could not even be opened
	source store.KeySource // of the file in use, nil in memory
	vault  *store.Vault    // in use
	stop   context.CancelFunc
	trying bool   // the file is tried again soon
	logged string // why it cannot be used

	mu sync.Mutex // never held across I/O
	// ready is closed when the store was opened, or the keyring has kept us waiting for a moment. It
	// is another one while the store is being exchanged.
	ready chan struct{}
	work  W         // the zero value while there is no open store
	ask   *question // to the keyring, under way
	fault bool      // what the disk said last is shown
	// refused is the size of the largest change that the disk did not take, looking says that it is being
	// looked whether it would now.
	refused int
	looking bool
}

// New returns a storage. Nothing happens before Run. life ends with Run, or ends it.
func New[W Work](life context.Context, p Params[W]) *Storage[W] {
	return &Storage[W]{
		Params: p, life: life,
		steps: make(chan func(context.Context)), ready: make(chan struct{}), done: make(chan struct{}),
	}
}

// Run opens the store and works until its life ends; then it calls ended, while faces still listen,
// and ends the work. What is wrong with the store is no error of Run: it stands on the board.
func (s *Storage[W]) Run(ended func()) error {
	defer close(s.done)
	s.Board.Tell() // so that faces know our version at once
	s.open(s.life, store.Open)
	for running := true; running; {
		select {
		case <-s.life.Done():
			running = false
		case step := <-s.steps:
			step(s.life)
		}
	}
	ended()
	return s.close(context.WithoutCancel(s.life))
}

// ErrEnded says that the agent has ended.
var ErrEnded = localapi.NewPhrase("quitting", "Tabferry is quitting.", "").Refuse(localapi.CodeNotReachable)

// do runs a step on Run's goroutine and waits for it.
func (s *Storage[W]) do(ctx context.Context, step func(ctx context.Context) error) error {
	result := make(chan error, 1)
	select {
	case s.steps <- func(ctx context.Context) { result <- step(ctx) }:
	case <-s.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-result:
		return err
	case <-s.done:
		return ErrEnded
	}
}

// Current returns the work, once the store was opened; CodeLocked while there is none.
func (s *Storage[W]) Current(ctx context.Context) (work W, err error) {
	s.mu.Lock()
	ready := s.ready
	s.mu.Unlock()
	select {
	case <-ready:
	case <-s.done:
		return work, ErrEnded
	case <-ctx.Done():
		return work, context.Cause(ctx)
	}
	if work = s.Present(); work == *new(W) {
		return work, s.lockedError()
	}
	return work, nil
}

// Present returns the work, or the zero value when there is none now.
func (s *Storage[W]) Present() W {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.work
}

func (s *Storage[W]) setWork(w W) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work = w
}

// Done is closed when Run has ended.
func (s *Storage[W]) Done() <-chan struct{} { return s.done }

// lockedError says why there is no open store.
func (s *Storage[W]) lockedError() error {
	shown := s.shown()
	if shown.WaitingForKeyring {
		return waiting.Refuse(localapi.CodeLocked)
	}
	return shownAs(shown.ProblemSaid.Key).Refuse(localapi.CodeLocked)
}

// Locked reports whether an error says that the store is locked.
func Locked(err error) bool {
	var e *localapi.Error
	return errors.As(err, &e) && e.Code == localapi.CodeLocked
}

// shown is what the board says of the storage, which is also what holds.
func (s *Storage[W]) shown() (shown localapi.Storage) {
	s.Board.Read(func(snapshot *localapi.Snapshot) { shown = snapshot.Storage })
	return shown
}

// show edits what the board says of the storage.
func (s *Storage[W]) show(edit func(s *localapi.Storage)) {
	s.Board.Change(func(snapshot *localapi.Snapshot) { edit(&snapshot.Storage) })
}

// setReady lets calls through that waited for the store.
func (s *Storage[W]) setReady() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ready:
	default:
		close(s.ready)
	}
}

// setBusy has calls wait until the store has been exchanged.
func (s *Storage[W]) setBusy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = make(chan struct{})
}
