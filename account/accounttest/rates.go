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
}

type rateState struct {
	RateRule
	seen    map[string][]time.Time
	blocked map[string]time.Time
}

// Limit adds a rate rule.
func (s *Service) Limit(rule RateRule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rates = append(s.rates, &rateState{RateRule: rule, seen: map[string][]time.Time{}, blocked: map[string]time.Time{}})
}

// checkRate applies the rules that fit the call's route.
func (s *Service) checkRate(c *call) error {
	for _, rule := range s.rates {
		if rule.Route != c.route.path && rule.Route != c.route.String() {
			continue
		}
		key := ""
		if a := c.account(); rule.PerAccount && a != nil {
			key = a.uid
		}
		if wait := rule.attempt(key, c.now); wait > 0 {
			e := authErr(114)
			if c.route.space == profileSpace {
				e = profileErr(114)
			}
			e.retryAfter = int((wait + time.Second - 1) / time.Second)
			return e
		}
	}
	return nil
}

func (r *rateState) attempt(key string, now time.Time) time.Duration {
	if wait := r.blocked[key].Sub(now); wait > 0 {
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
