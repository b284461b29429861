package accounttest

import (
	"sync"
	"time"
)

// Clock is the service's time: a base clock plus what Advance added. Only
// expiry, ages and time stamps follow it; network timers are the standard ones.
type Clock struct {
	base func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

func newClock(base func() time.Time) *Clock { return &Clock{base: base} }

// Now is the service's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset)
}

// Advance moves the service's time forward (or back, for a negative d).
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}
