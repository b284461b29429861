package push

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Client is a Web Push user agent. Make one with New and let it Run; its other
// methods may be called from any goroutine at any time.
type Client struct {
	p        Params
	started  atomic.Bool
	stopped  chan struct{}
	requests chan func(l *loop)
	signal   chan struct{} // there are reasons

	mu      sync.Mutex
	reasons []Reason
	health  Health
	// nextAttempt is that of health on the monotonic clock.
	nextAttempt time.Duration
}

// New prepares a client. The error is [ErrParams].
func New(p Params) (*Client, error) {
	p, err := p.complete()
	if err != nil {
		return nil, err
	}
	c := &Client{
		p:        p,
		stopped:  make(chan struct{}),
		requests: make(chan func(l *loop)),
		signal:   make(chan struct{}, 1),
	}
	c.health = Health{State: Stopped, Since: p.Clock.Now()}
	return c, nil
}

// Run connects and stays connected for as long as there is a subscription. It
// returns nil when ctx ends, after the last handler has returned, and an error
// when the store cannot be read. A client runs once.
func (c *Client) Run(ctx context.Context) error {
	if !c.started.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer close(c.stopped)
	blob, err := c.p.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("push: load state: %w", err)
	}
	stored, err := decodeState(blob, c.p.ServerURL)
	if err != nil {
		// Starting anew costs a registration; refusing would end push for good.
		c.p.Logger.Warn("push: starting without the stored state", "reason", err.Error())
	}
	l := newLoop(ctx, c, stored)
	l.run()
	return nil
}

// Health returns a snapshot, without waiting for anything.
func (c *Client) Health() Health {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.health
	if !h.NextAttempt.IsZero() {
		h.NextAttempt = kit.Wall(c.p.Clock, c.nextAttempt, h.NextAttempt)
	}
	return h
}

// Wake tells the client of an event that concerns its connection. It never
// waits.
func (c *Client) Wake(reason Reason) {
	c.mu.Lock()
	if !slices.Contains(c.reasons, reason) {
		c.reasons = append(c.reasons, reason)
	}
	c.mu.Unlock()
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

func (c *Client) takeReasons() []Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	reasons := c.reasons
	c.reasons = nil
	return reasons
}

// Subscribe returns the subscription of that name, the stored one if there is one,
// and keeps it alive from then on. Making one needs the service: Subscribe goes
// on trying, connecting at once if need be, until ctx ends.
//
// Errors are ctx's and ErrStopped. (docs/protocol/push.md §3, register)
func (c *Client) Subscribe(ctx context.Context, name string) (Subscription, error) {
	return c.await(ctx, name, func(l *loop, answer chan result) { l.subscribe(name, answer) })
}

// Renew replaces a subscription by a fresh one, for use when its sender says that
// the endpoint is dead. The old one works until the new one is there. At most one
// renewal an hour is made; the wait doubles with each, up to a day, and returns
// to an hour after a quiet day. The new subscription is also told through
// Params.Changed, because it can come to be after ctx has ended.
//
// Errors are ErrNotSubscribed, *TooSoonError, ctx's and ErrStopped.
// (docs/protocol/push.md §9)
func (c *Client) Renew(ctx context.Context, name string) (Subscription, error) {
	return c.await(ctx, name, func(l *loop, answer chan result) { l.renew(name, answer) })
}

// result answers Subscribe and Renew.
type result struct {
	subscription Subscription
	err          error
}

func (c *Client) await(ctx context.Context, name string, ask func(l *loop, answer chan result)) (Subscription, error) {
	answer := make(chan result, 1)
	if err := c.do(ctx, func(l *loop) { ask(l, answer) }); err != nil {
		return Subscription{}, err
	}
	select {
	case r := <-answer:
		return r.subscription, r.err
	case <-c.stopped:
		return Subscription{}, ErrStopped
	case <-ctx.Done():
	}
	select { // nobody waits for it any more
	case c.requests <- func(l *loop) { l.abandon(name, answer) }:
	case <-c.stopped:
	}
	return Subscription{}, fmt.Errorf("push: subscribe: %w", ctx.Err())
}

// Unsubscribe ends a subscription: its keys are deleted at once, the service is
// told if it can be reached. With the last subscription the connection closes
// and the identity is forgotten. An unknown name is no error.
//
// Errors are the store's, ctx's and ErrStopped. (docs/protocol/push.md §3,
// unregister)
func (c *Client) Unsubscribe(ctx context.Context, name string) error {
	done := make(chan error, 1)
	if err := c.do(ctx, func(l *loop) { done <- l.unsubscribe(name) }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-c.stopped:
		return ErrStopped
	}
}

// do runs a request in the loop.
func (c *Client) do(ctx context.Context, request func(l *loop)) error {
	select {
	case c.requests <- request:
		return nil
	case <-c.stopped:
		return ErrStopped
	case <-ctx.Done():
		return fmt.Errorf("push: %w", ctx.Err())
	}
}
