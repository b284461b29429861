package kit

import "time"

// Growth is a wait that doubles with each failure in a row, from First up to Most.
type Growth struct {
	First, Most time.Duration
	// Failures is how many there have been in a row.
	Failures int
}

// Wait returns the wait after one failure more than there have been.
func (g Growth) Wait() time.Duration {
	wait := g.First
	for range g.Failures {
		if wait >= g.Most-wait {
			return g.Most
		}
		wait *= 2
	}
	return wait
}

// Next counts one more failure and returns the wait after it.
func (g *Growth) Next() time.Duration {
	wait := g.Wait()
	g.Failures++
	return wait
}

// Reset is for a success.
func (g *Growth) Reset() { g.Failures = 0 }
