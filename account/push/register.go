package push

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// renewWaitMin and renewWaitMax bound the wait between two renewals, so that a
	// push server that refuses every endpoint cannot cause a loop.
	renewWaitMin = time.Hour
	renewWaitMax = 24 * time.Hour
)

// registrar is the part of the loop's state that concerns subscriptions in the
// making.
type registrar struct {
	waiters  map[string][]chan result // by name
	renewals map[string]bool          // live names that are to be replaced
	current  *registration            // one at a time
	replyBy  time.Duration            // for current
	// registerAt holds the next registration back after failures.
	registerAt       time.Duration
	registerFailures int
	unanswered       int // unregister messages
}

// registration is one register message on its way.
type registration struct {
	name, channel string
}

func newRegistrar() registrar {
	return registrar{
		waiters: make(map[string][]chan result), renewals: make(map[string]bool), replyBy: never,
	}
}

// disconnected forgets what went with the connection. Whatever is still missing
// is asked for again, with fresh channels.
func (r *registrar) disconnected() {
	r.current, r.replyBy, r.unanswered = nil, never, 0
}

func (l *loop) liveNames() []string {
	var names []string
	for name, r := range l.st.Subscriptions {
		if r.live() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// missing returns the names to register, sorted.
func (l *loop) missing() []string {
	var names []string
	for name, r := range l.st.Subscriptions {
		if !r.live() || l.renewals[name] {
			names = append(names, name)
		}
	}
	for name := range l.waiters {
		if _, known := l.st.Subscriptions[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (l *loop) subscribe(name string, answer chan result) {
	r := l.st.Subscriptions[name]
	if r.live() && !l.renewals[name] {
		answer <- result{subscription: r.pub}
		return
	}
	l.waiters[name] = append(l.waiters[name], answer)
	l.leaveBy = never
	l.tryForRequest()
}

func (l *loop) renew(name string, answer chan result) {
	r := l.st.Subscriptions[name]
	if r == nil {
		answer <- result{err: ErrNotSubscribed}
		return
	}
	if !r.live() || l.renewals[name] { // a fresh one is being made anyway
		l.waiters[name] = append(l.waiters[name], answer)
		l.tryForRequest()
		return
	}
	now := l.p.Clock.Now()
	if r.Renewed.After(now) { // the clock was set back: the wait begins anew, once, and is no longer than it was
		again := *r
		again.Renewed = now.UTC()
		if err := l.save(l.st.with(name, &again)); err != nil {
			answer <- result{err: err}
			return
		}
		r = &again
	}
	next := r.Renewed.Add(r.RenewWait)
	if !r.Renewed.IsZero() && now.Before(next) {
		answer <- result{err: &TooSoonError{Next: next}}
		return
	}
	marked := *r
	if r.Renewed.IsZero() || now.Sub(next) >= renewWaitMax {
		marked.RenewWait = renewWaitMin
	} else {
		marked.RenewWait = min(2*r.RenewWait, renewWaitMax)
	}
	marked.Renewed = now.UTC()
	if err := l.save(l.st.with(name, &marked)); err != nil {
		answer <- result{err: err}
		return
	}
	l.renewals[name] = true
	l.waiters[name] = append(l.waiters[name], answer)
	l.tryForRequest()
}

// abandon takes a waiter back. What nobody waits for and was never there is not
// made; a replacement is.
func (l *loop) abandon(name string, answer chan result) {
	left := slices.DeleteFunc(l.waiters[name], func(w chan result) bool { return w == answer })
	if len(left) == 0 {
		delete(l.waiters, name)
		return
	}
	l.waiters[name] = left
}

func (l *loop) unsubscribe(name string) error {
	for _, w := range l.waiters[name] {
		w <- result{err: ErrNotSubscribed}
	}
	delete(l.waiters, name)
	delete(l.renewals, name)
	r, known := l.st.Subscriptions[name]
	if !known {
		return nil
	}
	if err := l.save(l.st.without(name)); err != nil {
		return err
	}
	if r.live() && l.link != nil {
		l.unregister(r.ChannelID)
	}
	return nil
}

// unregister tells the service, once; it does not matter much.
func (l *loop) unregister(channel string) {
	if l.send(unregisterFrame{Type: "unregister", ChannelID: channel, Code: unregisterUser}) {
		l.unanswered++
		if !l.wanted() {
			l.leaveBy = l.now() + unregisterGrace
		}
	}
}

func (l *loop) unregistered() {
	l.unanswered = max(0, l.unanswered-1)
	if l.unanswered == 0 && !l.wanted() {
		l.leaveBy = l.now()
	}
}

// nextRegistration asks for the next missing subscription.
func (l *loop) nextRegistration() {
	names := l.missing()
	if l.link == nil || l.current != nil || len(names) == 0 || l.now() < l.registerAt {
		return
	}
	name := names[0]
	channel, err := newChannelID(l.p.Rand)
	if err != nil {
		l.registerFailed("no randomness")
		return
	}
	l.current = &registration{name, channel}
	l.replyBy = l.now() + registerTimeout
	l.send(registerFrame{Type: "register", ChannelID: channel})
}

func (l *loop) registerFailed(why string) {
	l.current, l.replyBy = nil, never
	l.registerAt = l.now() + step(l.p.Rand, l.registerFailures)
	l.registerFailures++
	l.p.Logger.Warn("push: registration failed", "reason", why)
}

// registered handles the answer to a register message.
func (l *loop) registered(m heard) {
	reg := l.current
	if reg == nil || !strings.EqualFold(m.ChannelID, reg.channel) {
		return
	}
	if m.Status != http.StatusOK || !validEndpoint(m.Endpoint, l.p.ServerURL) {
		l.registerFailed("server refused or gave no address")
		return
	}
	if !slices.Contains(l.missing(), reg.name) { // given up meanwhile
		l.current, l.replyBy = nil, never
		l.unregister(reg.channel)
		return
	}
	fresh, err := newRecord(l.p.Rand, reg.channel, m.Endpoint, l.p.Clock.Now())
	if err != nil {
		l.registerFailed(err.Error())
		return
	}
	old, known := l.st.Subscriptions[reg.name]
	if known {
		fresh.Renewed, fresh.RenewWait = old.Renewed, old.RenewWait
	}
	next := l.st.with(reg.name, fresh)
	next.UAID = l.link.uaid
	if err := l.save(next); err != nil {
		l.registerFailed("state could not be saved")
		l.unregister(reg.channel)
		return
	}
	l.current, l.replyBy, l.registerFailures = nil, never, 0
	delete(l.renewals, reg.name)
	for _, w := range l.waiters[reg.name] {
		w <- result{subscription: fresh.pub}
	}
	delete(l.waiters, reg.name)
	if known && l.p.Changed != nil {
		l.calls.put(l.ctx, func(ctx context.Context) { l.p.Changed(ctx, reg.name, fresh.pub) })
	}
	if old.live() {
		l.unregister(old.ChannelID)
	}
}
