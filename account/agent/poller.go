package agent

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/push"
)

// When commands are asked for without a push: rarely while push works, else often enough to be of
// use. Firefox's interval is the first.
const (
	pollHealthy = 24 * time.Hour
	pollAlone   = 15 * time.Minute
	// pollSpacing is the least time between two polls that no push asked for.
	pollSpacing = 30 * time.Second
	// pollJitter spreads the polls of many installations, in parts of the interval.
	pollJitter = 0.1
)

// poller asks the server for commands. It alone does, so that the index of the last command has one
// writer; everything else only marks it as due.
type poller struct {
	e      *engine
	errand *errand

	mu        sync.Mutex
	dirty     bool  // something may wait
	announced int64 // a push says that this command does, 0 for none
	newest    int64 // the last command that a poll brought
	eager     bool  // earlier failures no longer count: the network is back

	// Of the errand's goroutine alone. Times are monotonic.
	polled   bool
	last     time.Duration
	blocked  time.Duration // the server wants no request before
	alone    time.Duration // since when nobody would tell us; zero while somebody would
	factor   float64       // this time's jitter
	failures int
}

func newPoller(e *engine) *poller {
	p := &poller{e: e, dirty: true, factor: 1}
	p.errand = newErrand(p.work)
	return p
}

// mark says that commands may wait.
func (p *poller) mark() {
	p.mu.Lock()
	p.dirty = true
	p.mu.Unlock()
	p.errand.poke()
}

// announce says that a push message told of the command with this index. One that a poll has brought
// meanwhile is no reason for another poll.
func (p *poller) announce(index int64) {
	p.mu.Lock()
	p.dirty = p.dirty || index <= 0 // an announcement that does not say which
	if index > p.newest {
		p.announced = max(p.announced, index)
	}
	p.mu.Unlock()
	p.errand.poke()
}

// resume has a poll that failed tried again soon.
func (p *poller) resume() {
	p.mu.Lock()
	p.eager = true
	p.mu.Unlock()
	p.errand.poke()
}

func (p *poller) work(ctx context.Context) time.Duration {
	if !p.e.signedIn() {
		p.polled = false // the first poll of the next sign-in waits for nothing
		p.mu.Lock()
		p.announced, p.newest = 0, 0
		p.mu.Unlock()
		return 0
	}
	now := p.e.a.params.Clock.Monotonic()
	p.mu.Lock()
	dirty, pushed := p.dirty, p.announced > 0
	if p.eager {
		p.eager, p.failures = false, 0
	}
	p.mu.Unlock()
	if due := p.due(dirty, pushed); due > now {
		return due - now
	}
	p.mu.Lock()
	p.dirty, p.announced = false, 0
	p.mu.Unlock()
	ctx, done := p.e.calling(ctx)
	defer done()
	commands, err := p.e.acct.PollCommands(ctx)
	p.took(commands)
	if ctxEnded(err) {
		return 0
	}
	p.e.heard(err)
	p.polled, p.last, p.factor = true, p.e.a.params.Clock.Monotonic(), p.draw()
	p.settle(err)
	return max(p.due(p.flags())-p.e.a.params.Clock.Monotonic(), time.Millisecond)
}

// took notes what a poll brought, and forgets announcements that came while it did.
func (p *poller) took(commands []account.IncomingCommand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range commands {
		p.newest = max(p.newest, c.CommandIndex())
	}
	if p.announced <= p.newest {
		p.announced = 0
	}
}

func (p *poller) flags() (dirty, pushed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dirty, p.announced > 0
}

// settle decides what a failure means for the next poll. What was due stays due, except where asking
// again cannot help before something else has changed.
func (p *poller) settle(err error) {
	p.blocked = 0
	if err == nil {
		p.failures = 0
		return
	}
	p.failures++
	if errors.Is(err, account.ErrDevicesUnavailable) {
		return // tried again at the interval
	}
	if t := until(err); !t.IsZero() {
		p.blocked = p.e.a.params.Clock.Monotonic() + max(t.Sub(p.e.a.params.Clock.Now()), time.Second)
	}
	p.mu.Lock()
	p.dirty = true
	p.mu.Unlock()
}

// due is when to poll next, on the monotonic clock.
func (p *poller) due(dirty, pushed bool) time.Duration {
	if !p.polled {
		return p.blocked
	}
	var at time.Duration
	switch {
	case pushed && p.failures > 0:
		at = p.last + pollSpacing // a burst of pushes is not to become a burst of failures
	case pushed:
		at = 0
	case dirty && p.failures > 0:
		at = p.last + p.retry()
	case dirty:
		at = p.last + pollSpacing
	default:
		from, interval := p.interval()
		at = max(p.last+pollSpacing, from+time.Duration(float64(interval)*p.factor))
	}
	return max(at, p.blocked)
}

// retry is the wait after failures in a row: it doubles up to the interval.
func (p *poller) retry() time.Duration {
	wait := pollSpacing
	for range p.failures - 1 {
		if wait *= 2; wait >= pollAlone {
			return pollAlone
		}
	}
	return wait
}

// interval is how long we trust in being told, and from when on. Without push it begins when push went
// away, so that a connection that breaks and is back at once, as all do when the service is started
// anew, costs the accounts server nothing.
func (p *poller) interval() (from, interval time.Duration) {
	told := p.e.push.Health().State == push.Connected && !p.e.pushing.expired()
	if told || !p.e.acct.DevicesAvailable() { // what the server refuses us need not be asked for often
		p.alone = 0
		return p.last, pollHealthy
	}
	if p.alone == 0 {
		p.alone = p.e.a.params.Clock.Monotonic()
	}
	return max(p.last, p.alone), pollAlone
}

// draw gives a jitter factor around 1. A random source that fails gives none.
func (p *poller) draw() float64 {
	var b [4]byte
	if _, err := io.ReadFull(p.e.a.params.Random, b[:]); err != nil {
		return 1
	}
	part := float64(binary.BigEndian.Uint32(b[:])) / float64(1<<32)
	return 1 - pollJitter + 2*pollJitter*part
}
