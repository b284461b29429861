package kit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryForm is the form in which a Retry-After field was written.
type RetryForm int

const (
	// RetryUnsaid: there is no wait that could be read.
	RetryUnsaid RetryForm = iota
	// RetrySeconds is a whole number of seconds.
	RetrySeconds
	// RetryNumber is any other number, which the RFC does not know and some
	// servers send.
	RetryNumber
	// RetryDate is a moment; the wait to it is 0 if it lies in the past.
	RetryDate
)

const longest = time.Duration(math.MaxInt64)

// RetryAfter reads the value of a Retry-After field (RFC 9110, section 10.2.3) that
// arrived at now. The wait is never negative and not bounded otherwise: how long a
// server may ask for is the caller's to say.
func RetryAfter(value string, now time.Time) (time.Duration, RetryForm) {
	value = strings.TrimSpace(value)
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), RetryDate
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int64(longest/time.Second))) * time.Second, RetrySeconds
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return Seconds(seconds), RetryNumber
	}
	return 0, RetryUnsaid
}

// Seconds turns a positive number of seconds into a wait. One that is too large for
// a Duration becomes the longest one.
func Seconds(seconds float64) time.Duration {
	if !(seconds < longest.Seconds()) {
		return longest
	}
	return time.Duration(seconds * float64(time.Second))
}
