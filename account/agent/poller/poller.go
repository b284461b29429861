// Package poller asks the server for commands. It alone does, so that the index of the last command
// has one writer; everything else only marks it as due.
package poller

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// When commands are asked for without a push: rarely while push works, else often enough to be of
// use. Firefox's interval is the first.
const (
	intervalAlerted = 24 * time.Hour
	intervalAlone   = 15 * time.Minute
	// spacing is the least time between two polls that no push asked for.
	spacing = 30 * time.Second
	// retryFirst is the first wait after a poll that failed; it doubles up to intervalAlone.
	retryFirst = 2 * time.Second
	// firstPatience bounds a poll that follows a good one, so that a hung connection does not hold up
	// what waits for as long as a slow network may take; the poll after it has that.
	firstPatience = 7 * time.Second
)

// never is later than any poll.
const never = time.Duration(1<<63 - 1)

// Account is what the poller asks of the account.
type Account interface {
	PollCommands(context.Context) ([]account.IncomingCommand, error)
	DevicesAvailable() bool
}

// Params is what a poller may touch.
type Params struct {
	Account Account
	Calls   *worker.Calls
	Board   *board.Board
	Clock   kit.Clock
	Random  io.Reader
	// Alerted reports whether we would be told of a command.
	Alerted func() bool
}

// Poller decides when to ask. Make it with [New].
type Poller struct {
	Params
	*worker.Worker

	mu        sync.Mutex
	dirty     bool          // something may wait
	announced int64         // a push says that this command does, 0 for none
	newest    int64         // the last command that a poll brought
	eager     bool          // earlier failures no longer count: the network is back
	shut      bool          // the server blocked us: nothing but a new reason makes us ask again
	last      time.Duration // the last poll, whatever came of it; only the worker writes it

	// Of the worker's goroutine alone. Times are monotonic.
	polled  bool
	blocked time.Duration // the server wants no request before
	alone   time.Duration // since when nobody would tell us; zero while somebody would
	factor  float64       // this time's share of what spreads polls, from 1 to 1.1
	wait    kit.Growth
}

// New returns a poller that does not work yet.
func New(p Params) *Poller {
	o := &Poller{Params: p, dirty: true, factor: 1, wait: kit.Growth{First: retryFirst, Most: intervalAlone}}
	o.Worker = worker.New(o.work)
	return o
}

// Mark says that commands may wait.
func (p *Poller) Mark() {
	p.mu.Lock()
	p.dirty, p.shut = true, false
	p.mu.Unlock()
	p.Poke()
}

// Seen is called when somebody looks: after a while without a poll commands may wait.
func (p *Poller) Seen() {
	now := p.Clock.Monotonic()
	p.mu.Lock()
	old := now-p.last > localapi.FreshFor
	p.dirty = p.dirty || old
	p.mu.Unlock()
	if old {
		p.Poke()
	}
}

// Announce says that a push message told of the command with this index. The newest that a poll has
// brought meanwhile is no reason for another poll; one below that may be late, or of a server that
// counts anew.
func (p *Poller) Announce(index int64) {
	p.mu.Lock()
	p.dirty = p.dirty || index <= 0 || index < p.newest
	if index > p.newest {
		p.announced = max(p.announced, index)
	}
	p.mu.Unlock()
	p.Poke()
}

// Resume has a poll that failed tried again soon.
func (p *Poller) Resume() {
	p.mu.Lock()
	p.eager = true
	p.mu.Unlock()
	p.Poke()
}

func (p *Poller) work(ctx context.Context) time.Duration {
	if !p.Board.SignedIn() {
		p.polled = false // the first poll of the next sign-in waits for nothing
		p.mu.Lock()
		p.announced, p.newest = 0, 0
		p.mu.Unlock()
		return 0
	}
	now := p.Clock.Monotonic()
	switch due := p.due(p.flags()); {
	case due == never:
		return 0
	case due > now:
		return due - now
	}
	p.mu.Lock()
	p.dirty, p.announced = false, 0
	p.mu.Unlock()
	ctx, done := p.Calls.Begin(ctx)
	defer done()
	limited := ctx
	if p.wait.Failures == 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, firstPatience)
		defer cancel()
	}
	commands, err := p.Account.PollCommands(limited)
	p.took(commands)
	if board.Ended(err) && ctx.Err() != nil {
		return 0
	}
	p.mu.Lock()
	p.last = p.Clock.Monotonic()
	p.mu.Unlock()
	p.polled, p.factor = true, float64(kit.Spread(p.Random, time.Hour))/float64(time.Hour)
	p.settle(err)
	if due := p.due(p.flags()); due < never {
		return max(due-p.Clock.Monotonic(), time.Millisecond)
	}
	return 0
}

// took notes what a poll brought, and forgets announcements that came while it did.
func (p *Poller) took(commands []account.IncomingCommand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range commands {
		p.newest = max(p.newest, c.CommandIndex())
	}
	if p.announced <= p.newest {
		p.announced = 0
	}
}

// flags are the reasons to poll.
func (p *Poller) flags() (dirty, pushed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.eager {
		p.eager = false
		p.wait.Reset()
	}
	return p.dirty, p.announced > 0
}

// settle decides what a failure means for the next poll. What was due stays due, except where asking
// again cannot help before something else has changed.
func (p *Poller) settle(err error) {
	p.blocked = 0
	if err == nil {
		p.wait.Reset()
		return
	}
	if worker.Sent(err) {
		p.wait.Failures++
	}
	if errors.Is(err, account.ErrDevicesUnavailable) {
		return // tried again at the interval
	}
	if asked := worker.Asked(err, p.Clock.Now()); asked > 0 {
		p.blocked = p.Clock.Monotonic() + kit.Spread(p.Random, asked)
	}
	p.mu.Lock()
	p.dirty, p.shut = true, errors.Is(err, account.ErrBlocked)
	p.mu.Unlock()
}

// due is when to poll next, on the monotonic clock.
func (p *Poller) due(dirty, pushed bool) time.Duration {
	p.mu.Lock()
	shut := p.shut
	p.mu.Unlock()
	if shut {
		return never
	}
	if !p.polled {
		return p.blocked
	}
	failed := p.wait.Failures > 0
	var at time.Duration
	switch {
	case pushed && failed:
		at = p.last + min(spacing, p.retry()) // a burst of pushes is not to become a burst of failures
	case pushed:
		at = 0
	case dirty && failed:
		at = p.last + p.retry()
	case dirty:
		at = p.last + spacing
	default:
		from, interval := p.interval()
		at = max(p.last+spacing, from+time.Duration(float64(interval)*p.factor))
	}
	return max(at, p.blocked)
}

// retry is the wait after the failures in a row: it doubles up to the interval.
func (p *Poller) retry() time.Duration {
	before := p.wait
	before.Failures--
	return time.Duration(float64(before.Wait()) * p.factor)
}

// interval is how long we trust in being told, and from when on. Without push it begins when push went
// away, so that a connection that breaks and is back at once, as all do when the service is started
// anew, costs the accounts server nothing.
func (p *Poller) interval() (from, interval time.Duration) {
	if p.Alerted() || !p.Account.DevicesAvailable() { // what the server refuses us need not be asked for often
		p.alone = 0
		return p.last, intervalAlerted
	}
	if p.alone == 0 {
		p.alone = p.Clock.Monotonic()
	}
	return max(p.last, p.alone), intervalAlone
}
