package push

import (
	"context"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// healthyAfter is how long past its greeting a connection must live before a
	// loss of it counts as the first failure again.
	healthyAfter = time.Minute
	// silenceLimit is how long the service may be silent before it is probed; with
	// probeTimeout a dead connection is noticed within 90 s.
	silenceLimit = 75 * time.Second
	probeTimeout = 10 * time.Second
	// routeProbeTimeout bounds the probe after a network event.
	routeProbeTimeout = 5 * time.Second
	// messageSilence is Firefox's pingInterval: without a message for so long, {}
	// is sent, and answered within its requestTimeout. The service allows one {}
	// in 45 s.
	messageSilence  = 30 * time.Minute
	messageTimeout  = 10 * time.Second
	registerTimeout = 10 * time.Second
	// unregisterGrace is how long the last unregister may keep the connection.
	unregisterGrace = 5 * time.Second
	// refreshAfter is when a healthy connection is made anew: the service renews
	// an identity's 60 days only at the greeting. It waits for a quiet minute.
	refreshAfter = 7 * 24 * time.Hour
	quietFor     = time.Minute
	// goneAwayWait follows close code 4774, "go away until something changes".
	goneAwayWait = 30 * time.Minute
	// conflictStrikes is how many closes in a row, each by 1011 "SM", look like
	// two programs with one identity. A connection must then live for conflictCalm
	// before losing it counts as the first failure again.
	conflictStrikes = 4
	conflictCalm    = time.Hour

	closeGoneAway = 4774
	closeReasonSM = "SM"
)

// never is later than any deadline.
const never = time.Duration(1<<63 - 1)

// loop is the one owner of the client's state and connection. Times are
// monotonic.
type loop struct {
	c       *Client
	p       Params
	ctx     context.Context
	st      state
	kept    state // the one that is stored: it knows fewer messages while st is unsaved
	unsaved bool
	timer   *time.Timer
	workers sync.WaitGroup
	calls   *delivery

	// Between connections.
	failures  int
	retryAt   time.Duration
	notBefore time.Duration // the server's Retry-After
	quiet     kit.Growth    // the waits of refusals that name no time
	lastDial  time.Duration
	dialed    bool
	offline   bool
	lostAt    time.Duration // 0: never connected
	strikes   int
	dialing   *attempt

	// While connected.
	link        *link
	greetedAt   time.Duration
	lastMessage time.Duration
	pongBy      time.Duration // for {}; never when none is awaited
	leaveBy     time.Duration // grace for the last unregister
	probing     bool
	acks        []ackUpdate   // of what is seen, to be sent once it is recorded
	recordBy    time.Duration // never when nothing waits for that
	probes      chan probe

	registrar
	h Health
}

func newLoop(ctx context.Context, c *Client, stored state) *loop {
	l := &loop{
		c: c, p: c.p, ctx: ctx, st: stored, kept: stored,
		timer:     time.NewTimer(0),
		calls:     newDelivery(),
		pongBy:    never,
		leaveBy:   never,
		recordBy:  never,
		probes:    make(chan probe),
		registrar: newRegistrar(),
		quiet:     kit.Growth{First: quietFirst, Most: quietMost},
	}
	l.notBefore = l.now() + kit.Left(stored.NotBefore, stored.Noted, c.p.Clock.Now())
	l.retryAt = l.notBefore
	l.h = Health{State: Stopped, Since: l.p.Clock.Now()}
	return l
}

func (l *loop) now() time.Duration { return l.p.Clock.Monotonic() }

func (l *loop) run() {
	defer l.stop()
	for {
		l.due()
		l.publish()
		l.timer.Reset(max(0, min(l.recordBy, l.nextDeadline())-l.now()))
		if !l.wait() {
			return
		}
	}
}

// wait handles one event; false means that it is over.
func (l *loop) wait() bool {
	var (
		signal <-chan struct{}
		done   <-chan struct{}
		dialed <-chan connected
	)
	if l.link != nil {
		signal, done = l.link.signal, l.link.done
	}
	if l.dialing != nil {
		dialed = l.dialing.result
	}
	select {
	case <-l.ctx.Done():
		return false
	case request := <-l.c.requests:
		request(l)
	case <-l.c.signal:
		for _, reason := range l.c.takeReasons() {
			l.woken(reason)
		}
	case r := <-dialed:
		l.dialDone(r)
	case <-signal:
		l.process()
	case <-done:
		l.process() // what came before the end
		if l.link != nil {
			l.lost(l.link.err)
		}
	case r := <-l.probes:
		l.probeDone(r)
	case <-l.calls.room:
		l.process()
	case <-l.timer.C:
	}
	return true
}

// stop leaves the connection and waits for every goroutine.
func (l *loop) stop() {
	l.timer.Stop()
	l.record()
	if l.dialing != nil {
		l.dialing.cancel()
	}
	if l.link != nil {
		l.link.leave()
		l.link = nil
	}
	if l.dialing != nil {
		if r := <-l.dialing.result; r.link != nil {
			r.link.cut()
		}
	}
	l.workers.Wait()
	l.calls.wait()
	l.h.State, l.h.Since = Stopped, l.p.Clock.Now()
	l.c.mu.Lock()
	l.c.health = l.h
	l.c.mu.Unlock()
}

// wanted reports whether there is a reason to be connected.
func (l *loop) wanted() bool { return len(l.st.Subscriptions) > 0 || len(l.waiters) > 0 }

// due does everything whose time has come.
func (l *loop) due() {
	now := l.now()
	if now >= l.recordBy && l.record() {
		l.acknowledge()
	}
	if l.link == nil {
		if l.dialing == nil && l.wanted() && now >= l.retryAt {
			l.dial()
		}
		return
	}
	if l.over(now) {
		return
	}
	if now-l.greetedAt >= l.calmAfter() {
		l.failures = 0
	}
	if now-l.greetedAt >= conflictCalm {
		l.strikes, l.h.Conflict = 0, false
	}
	if now-time.Duration(l.link.lastFrame.Load()) >= silenceLimit {
		l.probe(probeTimeout)
	}
	l.nextRegistration()
}

// over ends a connection whose time has come, asks a silent one whether it lives, and reports whether
// there is none any more.
func (l *loop) over(now time.Duration) bool {
	switch idle := now - l.lastMessage; {
	case now >= l.replyBy:
		l.registerFailed("no answer in time")
		l.fail("server left a registration unanswered")
		return true
	case now >= l.pongBy:
		l.fail("server left a ping unanswered")
		return true
	case now >= l.leaveBy, !l.wanted() && l.leaveBy == never:
		l.retire("")
		return true
	case now-l.greetedAt >= refreshAfter && idle >= quietFor && l.current == nil:
		l.retire("making a week-old connection anew")
		return true
	case idle >= messageSilence && l.pongBy == never:
		l.pongBy = now + messageTimeout
		l.write(pingFrame)
	}
	return l.link == nil
}

// calmAfter is how old a connection must be to end a row of failures.
func (l *loop) calmAfter() time.Duration {
	if l.h.Conflict {
		return conflictCalm
	}
	return healthyAfter
}

// nextDeadline is when due must be called at the latest.
func (l *loop) nextDeadline() time.Duration {
	if l.link == nil {
		if l.dialing != nil || !l.wanted() {
			return never
		}
		return l.retryAt
	}
	next := min(l.replyBy, l.pongBy, l.leaveBy)
	if l.failures > 0 {
		next = min(next, l.greetedAt+l.calmAfter())
	}
	if l.strikes > 0 {
		next = min(next, l.greetedAt+conflictCalm)
	}
	if !l.probing {
		next = min(next, time.Duration(l.link.lastFrame.Load())+silenceLimit)
	}
	if l.pongBy == never {
		next = min(next, l.lastMessage+messageSilence)
	}
	if l.current == nil {
		next = min(next, max(l.greetedAt+refreshAfter, l.lastMessage+quietFor))
		if len(l.missing()) > 0 {
			next = min(next, l.registerAt)
		}
	}
	return next
}

// publish makes the present state visible.
func (l *loop) publish() {
	state := Waiting
	switch {
	case l.link != nil:
		state = Connected
	case l.dialing != nil:
		state = Connecting
	case !l.wanted():
		state = Idle
	case l.offline:
		state = Offline
	}
	changed := state != l.h.State
	if changed {
		l.h.State, l.h.Since = state, l.p.Clock.Now()
	}
	l.h.NextAttempt = time.Time{}
	if state == Waiting {
		l.h.NextAttempt = l.p.Clock.Now().Add(max(0, l.retryAt-l.now()))
	}
	l.h.Failures = l.failures
	l.h.Subscriptions = len(l.liveNames())
	l.h.Missing = len(l.missing())
	h := l.h
	l.c.mu.Lock()
	conflict := l.c.health.Conflict
	l.c.health, l.c.nextAttempt = h, l.retryAt
	l.c.mu.Unlock()
	if (changed || conflict != h.Conflict) && l.p.HealthChanged != nil {
		l.calls.put(l.ctx, func(ctx context.Context) { l.p.HealthChanged(ctx, h) })
	}
}

// save stores a state and puts it in place. The end of Run does not reach the store: it may have written by
// then, and what is recorded and not handed over is lost.
func (l *loop) save(next state) error {
	blob, err := next.encode()
	if err != nil {
		return err
	}
	if err := l.p.Store.Save(context.WithoutCancel(l.ctx), blob); err != nil {
		return err
	}
	l.st, l.kept, l.unsaved = next, next, false
	return nil
}
