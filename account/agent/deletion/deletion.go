// Package deletion finds out whether the account still exists, where there is reason to ask: the server
// ended the sign-in, or somebody says that the account was deleted. Only the server's own "no such
// account" counts; a push message, an event or a refusal is a reason to ask and nothing else.
//
// GET /v1/account/status; docs/protocol/relying-party.md §5, D9.
package deletion

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// How asking is tried again while the server cannot be asked, and how often an account is asked about
// whose sign-in has ended.
const (
	retryFirst = 5 * time.Second
	retryMost  = time.Hour
	askEvery   = 24 * time.Hour
)

// Account is what is asked.
type Account interface {
	AuthState() account.AuthState
	// AccountExists fails with ErrNoRefreshToken where no account is known.
	AccountExists(ctx context.Context) (exists bool, err error)
}

// Params is what a deletion may touch.
type Params struct {
	Account Account
	Calls   *worker.Calls
	Store   *store.Vault
	// Owner is whom the work is for.
	Owner  string
	Clock  kit.Clock
	Random io.Reader
	Logger *slog.Logger
	// Exists hears the server's word that the account exists, or that nobody can be asked. Gone hears that
	// it does not; if that fails the question stays open.
	Exists func()
	Gone   func(ctx context.Context) error
}

// doubt is a question that outlives the process.
type doubt struct {
	Since time.Time `json:"since"`
}

var cell = store.NewCell[doubt]("doubt")

// Deletion owns the question. Make it with [Open].
type Deletion struct {
	Params
	*worker.Worker

	// Of the worker's goroutine alone.
	wait     worker.Patience
	answered time.Duration // on the monotonic clock; meaningful once
	once     bool

	mu        sync.Mutex
	open      bool // somebody has a reason to ask
	stored    bool
	notBefore time.Duration
}

// Open takes up a question that was not answered.
func Open(p Params) (*Deletion, error) {
	d := &Deletion{Params: p, wait: worker.Patience{First: retryFirst, Most: retryMost, Clock: p.Clock, Random: p.Random}}
	d.Worker = worker.New(d.work)
	err := p.Store.View(func(tx *store.Tx) (err error) {
		_, d.open, err = cell.Of(p.Owner).Get(tx)
		return err
	})
	d.stored = d.open
	return d, err
}

// Pending reports whether the question is open.
func (d *Deletion) Pending() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open
}

// Suspect has the server asked soon, over restarts too. It does not block.
func (d *Deletion) Suspect() {
	d.mu.Lock()
	d.open = true
	d.mu.Unlock()
	d.Poke()
}

// Resume has what failed tried again at once.
func (d *Deletion) Resume() {
	d.mu.Lock()
	d.notBefore = 0
	d.mu.Unlock()
	d.Poke()
}

func (d *Deletion) work(ctx context.Context) time.Duration {
	now := d.Clock.Monotonic()
	ended := d.Account.AuthState() == account.AuthStateAuthIssues
	d.mu.Lock()
	open, stored, early := d.open, d.stored, d.notBefore-now
	d.mu.Unlock()
	switch {
	case d.Account.AuthState() == account.AuthStateDisconnected:
		return 0
	case !open && !ended:
		return 0
	case !open && d.once && now-d.answered < askEvery:
		return askEvery - (now - d.answered)
	case early > 0:
		return early
	}
	if open && !stored {
		if err := d.keep(ctx); err != nil {
			d.Logger.Warn("a question could not be saved", "error", err) // it is asked all the same
		}
	}
	return d.ask(ctx)
}

// keep stores that there is a question.
func (d *Deletion) keep(ctx context.Context) error {
	since := doubt{d.Clock.Now().UTC()}
	return d.Store.Write(ctx, func(tx *store.Tx) error { return cell.Of(d.Owner).Put(tx, since) }, func() {
		d.mu.Lock()
		d.stored = true
		d.mu.Unlock()
	})
}

// ask asks the server, and acts on its answer.
func (d *Deletion) ask(ctx context.Context) time.Duration {
	asking, done := d.Calls.Begin(ctx)
	exists, err := d.Account.AccountExists(asking)
	done()
	switch {
	case ctx.Err() != nil:
		return 0
	case errors.Is(err, account.ErrNoRefreshToken):
		exists, err = true, nil // nobody knows who it is: there is nothing to ask for
	case err == nil && !exists:
		err = d.Gone(ctx)
	}
	if err != nil {
		d.Logger.Info("whether the account exists is not known", "error", err)
		return d.later(err)
	}
	if exists {
		d.settled(ctx)
	}
	if exists && d.Account.AuthState() == account.AuthStateAuthIssues {
		return askEvery
	}
	return 0
}

// later is when to ask again.
func (d *Deletion) later(err error) time.Duration {
	wait := d.wait.After(err)
	if wait == 0 {
		wait = retryMost // it must be known at last, whatever the server thinks of us now
	}
	d.mu.Lock()
	d.notBefore = d.Clock.Monotonic() + wait
	d.mu.Unlock()
	return wait
}

// settled closes the question: the account exists.
func (d *Deletion) settled(ctx context.Context) {
	d.wait.Reset()
	d.once, d.answered = true, d.Clock.Monotonic()
	d.mu.Lock()
	stored := d.stored
	d.open, d.notBefore = false, 0
	d.mu.Unlock()
	if stored {
		err := d.Store.Write(ctx, cell.Of(d.Owner).Clear, func() {
			d.mu.Lock()
			d.stored = false
			d.mu.Unlock()
		})
		if err != nil && ctx.Err() == nil {
			d.Logger.Warn("an answered question could not be removed", "error", err) // it is asked once more
		}
	}
	d.Exists()
}
