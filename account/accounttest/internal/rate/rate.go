// Package rate counts attempts as the servers' customs service does: so many in
// a window, then a block.
package rate

import "time"

// Rule limits how often a route may be asked. Requests that a rule refuses
// are answered 429 with error 114 and the remaining wait.
type Rule struct {
	Route    string // as in Faults.Next, without wildcards
	Attempts int
	Window   time.Duration
	Block    time.Duration // how long the caller is refused then
	// PerAccount counts each account for itself; otherwise all callers together
	// (they share one address).
	PerAccount bool
	// Ban refuses every API request of the caller while the block lasts, not
	// only the route's.
	Ban bool
}

// Limiter applies one rule to callers, who are told apart by a key.
type Limiter struct {
	Rule
	seen    map[string][]time.Time
	blocked map[string]time.Time
}

// New returns a limiter that has seen nobody.
func New(rule Rule) *Limiter {
	return &Limiter{Rule: rule, seen: map[string][]time.Time{}, blocked: map[string]time.Time{}}
}

// Wait is how long a block still lasts; at most 0 when there is none.
func (r *Limiter) Wait(key string, now time.Time) time.Duration {
	return r.blocked[key].Sub(now)
}

// Attempt counts a request and returns how long it has to wait, 0: it may pass.
func (r *Limiter) Attempt(key string, now time.Time) time.Duration {
	if wait := r.Wait(key, now); wait > 0 {
		return wait
	}
	recent := r.seen[key][:0]
	for _, t := range r.seen[key] {
		if now.Sub(t) < r.Window {
			recent = append(recent, t)
		}
	}
	if len(recent) >= r.Attempts {
		r.seen[key] = nil
		r.blocked[key] = now.Add(r.Block)
		return r.Block
	}
	r.seen[key] = append(recent, now)
	return 0
}
