package wire

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Base is one of the services behind an accounts server. A wait is kept for each
// of them, whatever the path: the service asks for silence, not for patience with
// one route (docs/decisions.md §10).
type Base string

// The services. BaseMetrics is /metrics-flow of the content server, which waits by
// itself: statistics must never hold up a sign-in.
const (
	BaseContent Base = "content"
	BaseAuth    Base = "auth"
	BaseOAuth   Base = "oauth"
	BaseProfile Base = "profile"
	BaseMetrics Base = "metrics"
)

const (
	// ownFirst and ownMost are the waits of our own after answers that ask for
	// silence and name no time.
	ownFirst = 30 * time.Second
	ownMost  = 15 * time.Minute
	// featureLeast: what a server has switched off is asked for at most hourly by
	// whatever repeats by itself.
	featureLeast = time.Hour
	// bodyMillisecondsFrom: the member retryAfter of a 429 body is milliseconds
	// in newer servers and seconds in older ones; no older server asked for this
	// many seconds.
	bodyMillisecondsFrom = 10000
)

// deadline is the end of a wait on both clocks. The monotonic one rules, so that
// setting the clock neither ends nor stretches a wait; the other is for people.
type deadline struct {
	mono time.Duration
	wall time.Time
}

// backoff holds all waits: those of services, by base, and those of features that
// are switched off, by what feature returns.
type backoff struct {
	clock kit.Clock
	mu    sync.Mutex
	until map[Base]deadline
	// own counts the waits of our own in a row.
	own map[Base]*kit.Growth
}

// end returns the end of the wait for base on the wall clock as it is set now; zero
// when there is none. The lock is held.
func (b *backoff) end(base Base) time.Time {
	d, ok := b.until[base]
	if !ok || d.mono <= b.clock.Monotonic() {
		delete(b.until, base)
		return time.Time{}
	}
	d.wall = kit.Wall(b.clock, d.mono, d.wall)
	b.until[base] = d
	return d.wall
}

// check returns the error for a request that must not be sent now.
func (b *backoff) check(r *request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := b.end(r.base); !until.IsZero() {
		return &BackoffError{Base: r.base, Until: until}
	}
	for _, off := range switchedOff {
		if until := b.end(off.key(r)); !until.IsZero() {
			return &StatusError{
				Route: r.route(), Status: off.status, Errno: off.errno, Space: r.space, Held: true,
				RetryAfter: until.Sub(b.clock.Now()),
			}
		}
	}
	return nil
}

// start begins a wait and returns its end. An answer to a request that was under
// way does not shorten a wait that holds already. The lock is held.
func (b *backoff) start(base Base, wait time.Duration) time.Time {
	wait = min(wait, kit.MostWait)
	if wall := b.end(base); !wall.IsZero() && b.until[base].mono-b.clock.Monotonic() >= wait {
		return wall
	}
	d := deadline{mono: b.clock.Monotonic() + wait, wall: b.clock.Now().Add(wait)}
	if b.until == nil {
		b.until = make(map[Base]deadline)
	}
	b.until[base] = d
	return d.wall
}

// silence begins the wait of a service that wants to be left alone for so long, or,
// when it names no time, for as long as we decide, and returns its end.
func (b *backoff) silence(base Base, wait time.Duration) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait > 0 {
		return b.start(base, wait)
	}
	if wall := b.end(base); !wall.IsZero() {
		return wall // of another request under way at the same time
	}
	if b.own == nil {
		b.own = make(map[Base]*kit.Growth)
	}
	if b.own[base] == nil {
		b.own[base] = &kit.Growth{First: ownFirst, Most: ownMost}
	}
	return b.start(base, b.own[base].Next())
}

// served notes that a service did what it was asked for.
func (b *backoff) served(base Base) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.own, base)
}

// off is a refusal that is about one feature: the server has switched it, or this
// client's use of it, off for some time (docs/protocol/errno.md §2.1).
type off struct {
	space         Space
	status, errno int
}

// switchedOff are these refusals. They differ in what they mean to a caller, so
// that one which is not sent again must be remembered as what it was.
var switchedOff = [...]off{
	{SpaceAuth, http.StatusForbidden, 202},
	{SpaceAuth, http.StatusServiceUnavailable, 202},
	{SpaceAuth, http.StatusServiceUnavailable, 204},
	{SpaceOAuth, http.StatusServiceUnavailable, 202},
}

// key is what the wait of a feature is kept under.
func (o off) key(r *request) Base {
	return Base(fmt.Sprintf("%s %d/%d %s", r.base, o.status, o.errno, r.feature()))
}

// hold begins the wait of a feature if e says that it is switched off.
func (b *backoff) hold(r *request, e *StatusError) bool {
	is := off{e.Space, e.Status, e.Errno}
	if e.Foreign || !slices.Contains(switchedOff[:], is) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	least := featureLeast
	if r.byHand {
		least = ownFirst
		if e.RetryAfter > 0 {
			least = e.RetryAfter
		}
	}
	e.RetryAfter = b.start(is.key(r), max(e.RetryAfter, least)).Sub(b.clock.Now())
	return true
}

// Waits returns what asked for silence and until when.
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

// RestoreWaits takes up waits that were saved at the given moment.
func (c *Client) RestoreWaits(waits map[Base]time.Time, saved time.Time) {
	c.backoff.mu.Lock()
	defer c.backoff.mu.Unlock()
	now := c.clock.Now()
	for base, until := range waits {
		if left := kit.Left(until, saved, now); left > 0 {
			c.backoff.start(base, left)
		}
	}
}

// retryAfter reads how long an answer asks to wait: the Retry-After header, else
// the retryAfter member of the body; 0 when neither says.
func retryAfter(status int, header http.Header, body float64, now time.Time) time.Duration {
	if wait := kit.RetryAfter(header, now); wait > 0 {
		return wait
	}
	if status == http.StatusTooManyRequests && body >= bodyMillisecondsFrom {
		body /= 1000
	}
	return kit.Seconds(body)
}
