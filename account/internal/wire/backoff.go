package wire

import (
	"net/http"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Base is one of the services behind an accounts server. A wait is kept for each
// of them, whatever the path: the service asks for silence, not for patience with
// one route (docs/decisions.md §10).
type Base string

// The services.
const (
	BaseContent Base = "content"
	BaseAuth    Base = "auth"
	BaseOAuth   Base = "oauth"
	BaseProfile Base = "profile"
)

const (
	// MaxWait caps what a server may ask for, so that a mistake of the server
	// does not silence the client for a day.
	MaxWait = 15 * time.Minute
	// millisecondsAbove: a Retry-After of a 429 above this is milliseconds sent
	// by mistake, as servers before August 2026 did.
	millisecondsAbove = 3600 * time.Second
	// bodyMillisecondsFrom: the member retryAfter of a 429 body is milliseconds
	// in newer servers and seconds in older ones; no older server asked for this
	// many seconds.
	bodyMillisecondsFrom = 10000 * time.Second
)

// deadline is the end of a wait on both clocks. The monotonic one rules, so that
// setting the clock neither ends nor stretches a wait; the other is for people.
type deadline struct {
	mono time.Duration
	wall time.Time
}

// clockSlack is how far the clocks may be apart before the wall clock counts as set.
const clockSlack = time.Second

// backoff holds the waits of all services.
type backoff struct {
	clock kit.Clock
	mu    sync.Mutex
	until map[Base]deadline
}

// end returns the end of the wait for base on the wall clock as it is set now; zero
// when there is none. The lock is held.
func (b *backoff) end(base Base) time.Time {
	d, ok := b.until[base]
	left := d.mono - b.clock.Monotonic()
	if !ok || left <= 0 {
		delete(b.until, base)
		return time.Time{}
	}
	if at := b.clock.Now().Add(left); at.Sub(d.wall).Abs() > clockSlack {
		d.wall = at
		b.until[base] = d
	}
	return d.wall
}

// check returns the error for a call to base that must not be sent now.
func (b *backoff) check(base Base) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := b.end(base); !until.IsZero() {
		return &BackoffError{Base: base, Until: until}
	}
	return nil
}

// start begins a wait and returns its end.
func (b *backoff) start(base Base, wait time.Duration) time.Time {
	wait = min(wait, MaxWait)
	b.mu.Lock()
	defer b.mu.Unlock()
	d := deadline{mono: b.clock.Monotonic() + wait, wall: b.clock.Now().Add(wait)}
	if b.until == nil {
		b.until = make(map[Base]deadline)
	}
	b.until[base] = d
	return d.wall
}

// Waits returns the services that asked for silence and until when.
func (c *Client) Waits() map[Base]time.Time {
	c.backoff.mu.Lock()
	defer c.backoff.mu.Unlock()
	waits := make(map[Base]time.Time)
	for base := range c.backoff.until {
		if until := c.backoff.end(base); !until.IsZero() {
			waits[base] = until
		}
	}
	return waits
}

// RestoreWaits takes up waits saved earlier. One that ended, or that lies further
// ahead than a server may ask for, is cut accordingly.
func (c *Client) RestoreWaits(waits map[Base]time.Time) {
	now := c.clock.Now()
	for base, until := range waits {
		if left := until.Sub(now); left > 0 {
			c.backoff.start(base, left)
		}
	}
}

// retryAfter reads how long an answer asks to wait: the Retry-After header
// (RFC 9110 section 10.2.3, seconds or a date), else the retryAfter member of the
// body; 0 when neither says.
func retryAfter(status int, header http.Header, body float64, now time.Time) time.Duration {
	wait, form := kit.RetryAfter(header.Get("Retry-After"), now)
	milliseconds := form != kit.RetryDate && wait > millisecondsAbove
	if form == kit.RetryUnsaid && body > 0 {
		wait = kit.Seconds(body)
		milliseconds = wait >= bodyMillisecondsFrom
	}
	if milliseconds && status == http.StatusTooManyRequests {
		wait /= 1000
	}
	return min(wait, MaxWait)
}
