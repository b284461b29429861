package worker

import (
	"context"
	"sync"
)

// Calls are the requests under way on behalf of one sign-in, so that signing out waits for none of
// them. Make it with [NewCalls].
type Calls struct {
	mu  sync.Mutex
	ctx context.Context
	end context.CancelFunc
}

// NewCalls returns a set without calls.
func NewCalls() *Calls {
	c := &Calls{}
	c.ctx, c.end = context.WithCancel(context.Background())
	return c
}

// Begin returns a context for a call, which ends with ctx, with [Calls.End] and with done.
func (c *Calls) Begin(ctx context.Context) (_ context.Context, done context.CancelFunc) {
	c.mu.Lock()
	calls := c.ctx
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(calls, cancel)
	return ctx, func() { stop(); cancel() }
}

// End ends the calls under way; later ones are free again.
func (c *Calls) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
	c.ctx, c.end = context.WithCancel(context.Background())
}
