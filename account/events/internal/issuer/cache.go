package issuer

import (
	"context"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// fetchTime bounds one fetch.
const fetchTime = 10 * time.Second

// never is the distance of a caller that is content with a value that lives.
const never = -1

// cached is one thing that is fetched: fresh for the life that came with it, and of
// use for a while longer when it cannot be fetched anew. One caller fetches for all.
type cached[T any] struct {
	clock kit.Clock
	fetch func(ctx context.Context) (value T, life time.Duration, err error)
	// stale is how long it is of use beyond its life, pause the least time from a
	// failure to the next fetch.
	stale, pause time.Duration
	// turn has an element while somebody fetches.
	turn chan struct{}

	mu      sync.Mutex
	known   bool
	value   T
	until   time.Duration // monotonic, as all here: the end of its life
	tried   time.Duration // when it was last fetched
	failure error         // of the last fetch
}

// get returns the value. It is fetched if there is none that lives, and, unless
// distance is never, if that was last done longer ago.
func (c *cached[T]) get(ctx context.Context, distance time.Duration) (T, error) {
	if value, due, err := c.look(distance); !due {
		return value, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return *new(T), context.Cause(ctx)
	}
	if value, due, err := c.look(distance); !due {
		return value, err // somebody else has just fetched it
	}
	// Others wait for it: it does not end with the request that began it.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
	defer cancel()
	value, life, err := c.fetch(limited)
	c.mu.Lock()
	c.tried, c.failure = c.clock.Monotonic(), err
	if err == nil {
		c.known, c.value, c.until = true, value, c.tried+life
	}
	c.mu.Unlock()
	value, _, err = c.look(never)
	return value, err
}

// look returns what there is without fetching, and whether a fetch is due.
func (c *cached[T]) look(distance time.Duration) (value T, due bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Monotonic()
	due = !c.known || now >= c.until || distance >= 0 && now-c.tried >= distance
	if c.failure != nil && now-c.tried < c.pause {
		due = false
	}
	switch {
	case c.known && (now < c.until || c.failure != nil && now < c.until+c.stale):
		return c.value, due, nil
	case c.failure != nil:
		return value, due, c.failure
	}
	return value, due, ErrUnreachable
}
