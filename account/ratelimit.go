package account

import "time"

const (
	// checkCapacity and checkRefill bound how often the authorization is checked:
	// five times in a row, then once in 20 seconds, as Mozilla's component does.
	checkCapacity = 5
	checkRefill   = 20 * time.Second
)

// rateLimiter is a token bucket on the monotonic clock.
type rateLimiter struct {
	tokens int
	mark   time.Duration
}

// fill makes the bucket full.
func (r *rateLimiter) fill(now time.Duration) { r.tokens, r.mark = checkCapacity, now }

// allow takes a token, if there is one. Only whole tokens are refilled, and the mark
// moves only then, so that checking often does not starve the bucket.
func (r *rateLimiter) allow(now time.Duration) bool {
	if whole := int(min((now-r.mark)/checkRefill, checkCapacity)); whole > 0 {
		r.tokens = min(r.tokens+whole, checkCapacity)
		r.mark = now
	}
	if r.tokens == 0 {
		return false
	}
	r.tokens--
	return true
}
