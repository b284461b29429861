package push

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// backoffBase and backoffMax are Firefox's (docs/protocol/push.md §6).
	backoffBase = 5 * time.Second
	backoffMax  = 30 * time.Minute
	// quietFirst and quietMost are the waits after refusals that ask for silence and
	// name no time (docs/decisions.md §10).
	quietFirst = 30 * time.Second
	quietMost  = 15 * time.Minute
	// wakeMin and wakeMax bound the wait after a network event, in which the
	// network is seldom ready at once.
	wakeMin = time.Second
	wakeMax = 3 * time.Second
)

// step is the wait before the n-th attempt in a row, n from 0: 5 s doubling up
// to 30 min, times a random 0.5 to 1.
func step(rand io.Reader, n int) time.Duration {
	whole := kit.Growth{First: backoffBase, Most: backoffMax, Failures: n}.Wait()
	return between(rand, whole/2, whole)
}

// between draws a duration. A random source that fails gives the longer wait;
// who draws a key from it next reports the failure.
func between(rand io.Reader, low, high time.Duration) time.Duration {
	var b [8]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return high
	}
	return low + time.Duration(binary.BigEndian.Uint64(b[:])%uint64(high-low+1)) // #nosec G115 -- the remainder is below high - low, which is positive
}
