// Package revoker ends what is to end: it signs out, revokes on the servers what was signed out here,
// however long that takes, and erases what belongs to the person who left.
package revoker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// How revocations are tried again until they are done.
const (
	retryFirst = 5 * time.Second
	retryMost  = time.Hour
)

// signOutTime bounds the attempt to revoke credentials while a face waits for the sign-out; what is
// not done then is done later.
const signOutTime = 10 * time.Second

// Account is what the revoker asks of the account.
type Account interface {
	AuthState() account.AuthState
	ProcessEvent(context.Context, account.Event) (account.State, error)
	FlushRevocations(context.Context) (left int, err error)
}

// Memory remembers that the local data goes once nothing is left to revoke.
type Memory interface {
	DeleteWhenDone() bool
	SetDeleteWhenDone(ctx context.Context, yes bool) error
}

// Keeper is a part that keeps something of the person's.
type Keeper interface {
	// Forget clears what belongs to the person who left; with all, everything. then is called once the
	// transaction is done.
	Forget(tx *store.Tx, all bool) (then func(), err error)
}

// Params is what a revoker may touch.
type Params struct {
	Account Account
	Calls   *worker.Calls
	Memory  Memory
	Store   *store.Vault
	Clock   kit.Clock
	Random  io.Reader
	Logger  *slog.Logger
	Keepers []Keeper
	// Restore makes an account of a state that was set aside, for another service; it is not saved.
	Restore func(state []byte) (*account.Account, error)
	// Interrupt ends sign-ins and pairings under way.
	Interrupt func()
	// Left hears the end of a sign-out, once it is tried here. It may not block.
	Left func()
	// Delete deletes the local data later, if still says so then.
	Delete func(still func() bool)
}

// Revoker owns what is left to revoke. Make it with [New].
type Revoker struct {
	Params
	*worker.Worker
	wait    worker.Patience // of the worker's goroutine alone
	leaving atomic.Int32
}

// Leaving reports whether a sign-out is under way here.
func (r *Revoker) Leaving() bool { return r.leaving.Load() > 0 }

// New returns a revoker that does not work yet.
func New(p Params) *Revoker {
	r := &Revoker{Params: p, wait: worker.Patience{First: retryFirst, Most: retryMost, Clock: p.Clock, Random: p.Random}}
	r.Worker = worker.New(r.work)
	return r
}

// SignOut signs out, and with all removes everything this installation holds, as soon as nothing is
// left that must be revoked on the server.
func (r *Revoker) SignOut(ctx context.Context, all bool) error {
	r.leaving.Add(1)
	defer func() {
		r.leaving.Add(-1)
		r.Left()
	}()
	r.Interrupt()
	limited, cancel := context.WithTimeout(ctx, signOutTime)
	defer cancel()
	if all {
		if err := r.Memory.SetDeleteWhenDone(limited, true); err != nil {
			return board.Refusal(err)
		}
	}
	_, err := r.Account.ProcessEvent(limited, account.EventDisconnect{})
	if r.Account.AuthState() == account.AuthStateConnected {
		if all { // else a later sign-out, from another device perhaps, would do what was refused now
			if err := r.Memory.SetDeleteWhenDone(context.WithoutCancel(ctx), false); err != nil {
				r.Logger.Warn("that the local data is to be kept could not be saved", "error", err)
			}
		}
		return board.Refusal(err)
	}
	err = r.forget(ctx, all)
	if all && errors.Is(err, store.ErrClosed) {
		return nil // nothing was left to revoke, and all is deleted already
	}
	if err != nil {
		return board.Refusal(err)
	}
	r.Poke()
	return nil
}

// forget has everybody clear what belongs to the person who left, in one transaction; the account's
// own state still has to be revoked.
func (r *Revoker) forget(ctx context.Context, all bool) error {
	var then []func()
	return r.Store.Write(ctx, func(tx *store.Tx) error {
		for _, k := range r.Keepers {
			shown, err := k.Forget(tx, all)
			if err != nil {
				return err
			}
			then = append(then, shown)
		}
		return nil
	}, func() {
		for _, show := range then {
			show()
		}
	})
}

// errLeft stands for a failure that was told to the log alone.
var errLeft = errors.New("something is left to revoke")

func (r *Revoker) work(ctx context.Context) time.Duration {
	left, err := r.Account.FlushRevocations(ctx)
	if err == nil || left > 0 {
		others, failed := r.flushAside(ctx)
		left += others
		if err == nil {
			err = failed
		}
	}
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		r.Logger.Info("revocations wait", "error", err)
		return r.wait.After(err)
	case left > 0:
		return r.wait.After(errLeft)
	}
	r.wait.Reset()
	if r.Memory.DeleteWhenDone() && r.Account.AuthState() == account.AuthStateDisconnected {
		r.Delete(r.Memory.DeleteWhenDone)
	}
	return 0
}
