package kit

import "time"

// Clock tells the time. Monotonic never jumps, and counts from any fixed moment;
// waits and cache lives are measured with it, so that setting the clock does no
// harm. Timers are the standard ones.
type Clock interface {
	Now() time.Time
	Monotonic() time.Duration
}

// System returns the machine's clock. Its monotonic time counts from the call.
func System() Clock { return system{start: time.Now()} }

type system struct{ start time.Time }

func (system) Now() time.Time             { return time.Now() }
func (s system) Monotonic() time.Duration { return time.Since(s.start) }

// clockSlack is how far the clocks may be apart before the wall clock counts as set.
const clockSlack = time.Second

// Wall returns the moment, on the wall clock as it is set now, that comes at end on the monotonic one: told, which
// is what was said of it before, unless the clock was set since.
func Wall(c Clock, end time.Duration, told time.Time) time.Time {
	at := c.Now().Add(end - c.Monotonic())
	if at.Sub(told).Abs() <= clockSlack {
		return told
	}
	return at
}
