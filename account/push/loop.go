package push

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
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
	timer   *time.Timer
	workers sync.WaitGroup
	calls   *delivery

	// Between connections.
	failures  int
	retryAt   time.Duration
	notBefore time.Duration // the server's Retry-After
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
	probes      chan probe

	registrar
	h Health
}

// attempt is a connection being made.
type attempt struct {
	cancel context.CancelFunc
	result chan connected
}

type connected struct {
	link *link
	err  error
}

type probe struct {
	link *link
	err  error
}

func newLoop(ctx context.Context, c *Client, stored state) *loop {
	l := &loop{
		c: c, p: c.p, ctx: ctx, st: stored,
		timer:     time.NewTimer(0),
		calls:     newDelivery(),
		pongBy:    never,
		leaveBy:   never,
		probes:    make(chan probe),
		registrar: newRegistrar(),
	}
	l.retryAt = l.now()
	l.h = Health{State: Stopped, Since: l.p.Clock.Now()}
	return l
}

func (l *loop) now() time.Duration { return l.p.Clock.Monotonic() }

func (l *loop) run() {
	defer l.stop()
	for {
		l.due()
		l.publish()
		l.timer.Reset(max(0, l.nextDeadline()-l.now()))
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

// wanted tells whether there is a reason to be connected.
func (l *loop) wanted() bool { return len(l.st.Subscriptions) > 0 || len(l.waiters) > 0 }

// due does everything whose time has come.
func (l *loop) due() {
	now := l.now()
	if l.link == nil {
		if l.dialing == nil && l.wanted() && now >= l.retryAt {
			l.dial()
		}
		return
	}
	switch idle := now - l.lastMessage; {
	case now >= l.replyBy:
		l.registerFailed("no answer in time")
		l.fail("server left a registration unanswered")
		return
	case now >= l.pongBy:
		l.fail("server left a ping unanswered")
		return
	case now >= l.leaveBy, !l.wanted() && l.leaveBy == never:
		l.retire("")
		return
	case now-l.greetedAt >= refreshAfter && idle >= quietFor && l.current == nil:
		l.retire("making a week-old connection anew")
		return
	case idle >= messageSilence && l.pongBy == never:
		l.pongBy = now + messageTimeout
		l.write(pingFrame)
	}
	if l.link == nil {
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

// dial starts an attempt.
func (l *loop) dial() {
	ctx, cancel := context.WithCancel(l.ctx)
	uaid := ""
	if l.st.anyLive() {
		uaid = l.st.UAID // an identity without subscriptions is not kept
	}
	a := &attempt{cancel: cancel, result: make(chan connected, 1)}
	l.dialing, l.lastDial, l.dialed = a, l.now(), true
	l.h.Dials++
	l.workers.Go(func() {
		link, err := connect(ctx, l.p, uaid)
		a.result <- connected{link, err}
	})
}

func (l *loop) dialDone(r connected) {
	l.dialing.cancel()
	l.dialing = nil
	if r.err != nil {
		var failed *connectError
		if errors.As(r.err, &failed) && failed.retryAfter > 0 {
			l.notBefore = l.now() + failed.retryAfter
		}
		l.h.CloseCode = 0
		l.h.LastError = r.err.Error()
		l.retryLater()
		return
	}
	if err := l.adopt(r.link.uaid); err != nil {
		r.link.cut()
		l.h.LastError = "push: state could not be saved"
		l.p.Logger.Error("push: state could not be saved", "error", err)
		l.retryLater()
		return
	}
	l.greeted(r.link)
}

func (l *loop) greeted(k *link) {
	ctx, cancel := context.WithCancel(l.ctx)
	k.cancel = cancel
	l.link = k
	l.workers.Go(func() {
		defer cancel()
		k.read(ctx)
	})
	l.greetedAt = l.now()
	l.lastMessage = l.greetedAt
	l.pongBy, l.leaveBy = never, never
	l.probing = false
	l.notBefore, l.offline = 0, false
	l.h.Connections++
	l.h.LastError, l.h.CloseCode = "", 0
	l.h.Outage = 0
	if l.lostAt != 0 {
		l.h.Outage = l.greetedAt - l.lostAt
	}
	l.p.Logger.Info("push: connected", "outage", l.h.Outage.Round(time.Second))
}

// adopt takes the identity the server greeted us with. Another one than ours
// means that every subscription is dead.
func (l *loop) adopt(uaid string) error {
	if !l.st.anyLive() || uaid == l.st.UAID {
		return nil
	}
	l.p.Logger.Warn("push: the server has forgotten this client; making all subscriptions anew")
	names := l.liveNames()
	if err := l.save(l.st.orphaned("")); err != nil {
		return err
	}
	l.registerAt = 0
	if l.p.Lost != nil {
		for _, name := range names {
			l.calls.put(l.ctx, func(ctx context.Context) { l.p.Lost(ctx, name) })
		}
	}
	return nil
}

// save stores a state and puts it in place.
func (l *loop) save(next state) error {
	blob, err := next.encode()
	if err != nil {
		return err
	}
	if err := l.p.Store.Save(l.ctx, blob); err != nil {
		return err
	}
	l.st = next
	return nil
}

// write sends a text; if that fails the connection is lost.
func (l *loop) write(text string) {
	if err := l.link.sendText(l.ctx, []byte(text)); err != nil {
		l.unsent()
	}
}

// send is write for a message. It tells whether there still is a connection.
func (l *loop) send(message any) bool {
	if err := l.link.send(l.ctx, message); err != nil {
		l.unsent()
		return false
	}
	return true
}

// unsent handles a connection that takes no more. The reader knows best why.
func (l *loop) unsent() {
	l.link.cut()
	<-l.link.done
	l.lost(l.link.err)
}

// probe asks for a pong, unless that is being done.
func (l *loop) probe(timeout time.Duration) {
	if l.probing {
		return
	}
	l.probing = true
	k := l.link
	l.workers.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, timeout)
		defer cancel()
		err := k.conn.Ping(ctx)
		select {
		case l.probes <- probe{k, err}:
		case <-l.ctx.Done():
		}
	})
}

func (l *loop) probeDone(r probe) {
	if r.link != l.link {
		return // of a connection that is gone
	}
	l.probing = false
	if r.err != nil {
		l.fail("connection was dead")
	}
}

// lost handles a connection that ended by itself.
func (l *loop) lost(err error) {
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		if errors.Is(err, websocket.ErrMessageTooBig) {
			l.fail("server sent a message that is too large")
			return
		}
		l.fail("connection was lost")
		return
	}
	if closed.Code == websocket.StatusInternalError && closed.Reason == closeReasonSM {
		l.strikes++
		if l.strikes >= conflictStrikes && !l.h.Conflict {
			l.h.Conflict = true
			l.p.Logger.Warn("push: the server keeps closing connections; does another program share this identity?")
		}
	} else {
		l.strikes = 0
	}
	l.fail("server closed the connection")
	l.h.CloseCode = int(closed.Code)
	if closed.Code == closeGoneAway {
		l.retryAt = l.now() + goneAwayWait
	}
}

// fail gives the connection up and plans the next one.
func (l *loop) fail(why string) {
	l.h.CloseCode = 0
	l.h.LastError = "push: " + why
	l.p.Logger.Info("push: disconnected", "reason", why, "lasted", (l.now() - l.greetedAt).Round(time.Second))
	l.link.cut()
	l.disconnected()
	l.retryLater()
}

// retire ends a connection for reasons of our own; the next one, if wanted, is
// made at once.
func (l *loop) retire(why string) {
	if why != "" {
		l.p.Logger.Info("push: disconnecting", "reason", why)
	}
	l.link.leave()
	l.disconnected()
	l.failures = 0
	l.retryAt = max(l.now(), l.notBefore)
}

func (l *loop) disconnected() {
	l.link = nil
	l.lostAt = l.now()
	l.registrar.disconnected()
}

// retryLater plans the next attempt by the back-off.
func (l *loop) retryLater() {
	wait := step(l.p.Rand, l.failures)
	if l.offline {
		wait = backoffMax
	}
	l.retryAt = max(l.now()+wait, l.notBefore)
	l.failures++
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
	l.c.health = h
	l.c.mu.Unlock()
	if (changed || conflict != h.Conflict) && l.p.HealthChanged != nil {
		l.calls.put(l.ctx, func(ctx context.Context) { l.p.HealthChanged(ctx, h) })
	}
}
