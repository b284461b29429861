// Package authcheck asks the server about the sign-in when there is reason to doubt it, and makes up
// for steps of the sign-in that failed.
package authcheck

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// How a degraded account is looked at again: soon at first, then ever more rarely.
const (
	retryFirst = 5 * time.Second
	retryMost  = time.Hour
)

// Account is what the check asks of the account.
type Account interface {
	State() account.State
	ProcessEvent(context.Context, account.Event) (account.State, error)
}

// Params is what a check may touch.
type Params struct {
	Account Account
	Calls   *worker.Calls
	Clock   kit.Clock
	Random  io.Reader
}

// Check decides when to ask. Make it with [New].
type Check struct {
	Params
	*worker.Worker

	wait worker.Patience // of the worker's goroutine alone

	mu     sync.Mutex
	wanted bool // somebody doubts the sign-in
	// notBefore keeps the distance to the last failure, on the monotonic clock.
	notBefore time.Duration
}

// New returns a check that does not work yet.
func New(p Params) *Check {
	c := &Check{Params: p, wait: worker.Patience{First: retryFirst, Most: retryMost, Clock: p.Clock, Random: p.Random}}
	c.Worker = worker.New(c.work)
	return c
}

// Doubt has the sign-in checked soon.
func (c *Check) Doubt() {
	c.mu.Lock()
	c.wanted = true
	c.mu.Unlock()
	c.Poke()
}

// Resume has what failed tried again at once.
func (c *Check) Resume() {
	c.mu.Lock()
	c.notBefore = 0
	c.mu.Unlock()
	c.Poke()
}

func (c *Check) work(ctx context.Context) time.Duration {
	now := c.Clock.Monotonic()
	c.mu.Lock()
	wanted, early := c.wanted, c.notBefore-now
	c.mu.Unlock()
	state := c.Account.State()
	if state.Kind != account.Connected || !wanted && !state.Degraded {
		c.wait.Reset()
		return 0
	}
	if early > 0 {
		return early
	}
	ctx, done := c.Calls.Begin(ctx)
	defer done()
	state, err := c.Account.ProcessEvent(ctx, account.EventCheckAuthorization{})
	if board.Ended(err) {
		return 0
	}
	// A refusal is an answer: its meaning is in the state. Taken for a doubt again it would not end.
	failed := err != nil && !errors.Is(err, account.ErrAuthentication)
	cause := state.Cause
	if failed {
		cause = err
	}
	return c.settle(cause, failed, state.Kind == account.Connected && (state.Degraded || failed))
}

// never is later than any check.
const never = time.Duration(1<<63 - 1)

// settle notes how a check ended, and whether there is to be another one, because of cause. What was
// doubted while it went on is answered by it.
func (c *Check) settle(cause error, failed, again bool) (retry time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = again && failed
	if !again {
		c.wait.Reset()
		c.notBefore = 0
		return 0
	}
	retry = c.wait.After(cause)
	c.notBefore = never
	if retry > 0 {
		c.notBefore = c.Clock.Monotonic() + retry
	}
	return retry
}
