package kit

import (
	"encoding/binary"
	"io"
	"time"
)

// Growth is a wait that doubles with each failure in a row, from First up to Most.
type Growth struct {
	First, Most time.Duration
	// Random, when set, spreads what Next returns; see [Spread].
	Random io.Reader
	// Failures is how many there have been in a row.
	Failures int
}

// Wait returns the wait after one failure more than there have been, before it is spread.
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
	if g.Random == nil {
		return wait
	}
	return Spread(g.Random, wait)
}

// Reset is for a success.
func (g *Growth) Reset() { g.Failures = 0 }

// spread is the part of a wait that [Spread] adds at most.
const spread = 10

// Spread returns a wait that is up to a tenth longer, so that what many installations repeat does not come at
// the same moment from all of them. It is never shorter: a server may have asked for it. A random source that
// fails adds nothing.
func Spread(random io.Reader, wait time.Duration) time.Duration {
	var b [4]byte
	if _, err := io.ReadFull(random, b[:]); err != nil || wait <= 0 {
		return wait
	}
	part := float64(binary.BigEndian.Uint32(b[:])) / float64(1<<32)
	return wait + time.Duration(part*float64(wait/spread))
}
