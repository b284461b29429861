package accounttest

import "time"

// RateRule limits how often a route may be asked. Requests that a rule refuses
// are answered 429 with error 114 and the remaining wait.
type RateRule struct {
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

type rateState struct {
	RateRule
	seen    map[string][]time.Time
	blocked map[string]time.Time
}

func newRate(rule RateRule) *rateState {
	return &rateState{RateRule: rule, seen: map[string][]time.Time{}, blocked: map[string]time.Time{}}
}

// Limit adds a rate rule.
func (s *Service) Limit(rule RateRule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rates = append(s.rates, newRate(rule))
}

// checkRate applies the rules that fit the call's route.
func (s *Service) checkRate(c *call) error {
	for _, rule := range s.rates {
		key := ""
		if a := c.account(); rule.PerAccount && a != nil {
			key = a.uid
		}
		wait := time.Duration(0)
		switch {
		case rule.Route == c.route.path || rule.Route == c.route.String():
			wait = rule.attempt(key, c.now)
		case rule.Ban:
			wait = rule.wait(key, c.now)
		}
		if wait > 0 {
			return c.throttled(wait)
		}
	}
	return nil
}

// throttled is the refusal of a rate rule.
func (c *call) throttled(wait time.Duration) error {
	e := authErr(114)
	if c.route.space == profileSpace {
		e = profileErr(114)
	}
	e.retryAfter = int((wait + time.Second - 1) / time.Second)
	return e
}

// wait is how long a block still lasts; at most 0 when there is none.
func (r *rateState) wait(key string, now time.Time) time.Duration {
	return r.blocked[key].Sub(now)
}

// attempt counts a request and gives how long it has to wait, 0: it may pass.
func (r *rateState) attempt(key string, now time.Time) time.Duration {
	if wait := r.wait(key, now); wait > 0 {
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
