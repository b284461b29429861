package worker

import (
	"errors"
	"io"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// Patience is how long a part rests after a failure before it tries again by itself: for as long as the
// server asked, else ever longer, and always up to a tenth more, so that not all installations come back at
// once (docs/decisions.md §10).
type Patience struct {
	// First and Most bound the rest where the server names no time.
	First, Most time.Duration
	Clock       kit.Clock
	Random      io.Reader

	failures int
}

// least is the shortest rest after a server asked for one: its end may be rounded.
const least = time.Second

// After returns the rest after something failed, in one or several ways at once. A wait that the server asked
// for is no failure to be counted, and one that is the only reason is waited for and no longer. Zero: what was
// blocked for reasons of security is not tried again by itself.
func (p *Patience) After(failures ...error) (rest time.Duration) {
	grows := false
	for _, err := range failures {
		if errors.Is(err, account.ErrBlocked) {
			continue
		}
		asked := Asked(err, p.Clock.Now())
		if asked == 0 {
			grows = true
			continue
		}
		if rest == 0 || asked < rest {
			rest = asked
		}
	}
	if grows {
		growth := kit.Growth{First: p.First, Most: p.Most, Failures: p.failures}
		if grown := growth.Next(); rest == 0 || grown < rest {
			rest = grown
		}
		p.failures++
	}
	return kit.Spread(p.Random, rest)
}

// Reset is for a success.
func (p *Patience) Reset() { p.failures = 0 }

// Asked returns for how long, from now on, the server wants to be spared what failed with err: its service is to
// be left alone, or it has switched this feature off. Zero: it did not say.
func Asked(err error, now time.Time) time.Duration {
	var wait *account.BackoffError
	if errors.As(err, &wait) {
		return max(wait.Until.Sub(now), least)
	}
	var remote *account.RemoteError
	if errors.As(err, &remote) && remote.RetryAfter > 0 {
		return max(remote.RetryAfter, least)
	}
	return 0
}

// Sent reports whether what failed with err was an attempt: a call that was not sent because the server wants
// silence is none.
func Sent(err error) bool {
	var wait *account.BackoffError
	var remote *account.RemoteError
	return !(errors.As(err, &wait) && wait.Remote == nil) && !(errors.As(err, &remote) && remote.Held)
}
