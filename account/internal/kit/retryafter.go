package kit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// MostWait is the longest wait that a server's word can begin; what asks for more is a mistake.
	MostWait = 24 * time.Hour
	// secondsMost: a number above this, a day in seconds, is milliseconds from an older server.
	secondsMost = 86_400
)

// RetryAfter reads how long an answer asks to be left alone (RFC 9110, section 10.2.3): seconds, milliseconds
// from an older server, or a date, which is taken against the server's own clock where the answer tells that,
// since ours may be wrong, and against now otherwise. It is honoured in full, up to [MostWait]
// (docs/decisions.md §10). 0: the answer does not say, or says a moment gone by.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if at, err := http.ParseTime(value); err == nil {
		if sent, err := http.ParseTime(header.Get("Date")); err == nil {
			now = sent
		}
		return min(max(at.Sub(now), 0), MostWait)
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0
	}
	if seconds > secondsMost {
		seconds /= 1000
	}
	return Seconds(seconds)
}

// Seconds turns a number of seconds into a wait of at most [MostWait]; what is no positive number is none.
func Seconds(seconds float64) time.Duration {
	if !(seconds > 0) || math.IsInf(seconds, 0) {
		return 0
	}
	return time.Duration(min(seconds, MostWait.Seconds()) * float64(time.Second))
}

// Left is what is left, at now, of a wait that was noted with its end on the wall clock. The clock may have been
// set since: it is never more than was left then, nor than [MostWait]. noted may be zero if it is not known.
func Left(until, noted, now time.Time) time.Duration {
	left := until.Sub(now)
	if !noted.IsZero() {
		left = min(left, until.Sub(noted))
	}
	return min(max(left, 0), MostWait)
}
