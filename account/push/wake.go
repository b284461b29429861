package push

import "time"

// woken acts on an event of the system or the user.
func (l *loop) woken(reason Reason) {
	l.p.Logger.Debug("push: woken", "reason", string(reason))
	switch reason {
	case NoNetwork:
		l.abort()
		l.offline = true
		// The system may be wrong about its network, so this is no promise.
		l.retryAt = l.now() + backoffMax
		return
	case Online, Resumed, ProxyChanged:
		l.offline = false
		l.failures = 0
		l.abort()
		l.tryWithin(wakeMin, wakeMax)
	case RouteChanged:
		l.offline = false
		l.failures = 0
		if l.link != nil {
			l.probe(routeProbeTimeout)
			return
		}
		l.tryWithin(wakeMin, wakeMax)
	case UserAsked:
		l.offline = false
		if l.link != nil {
			l.probe(routeProbeTimeout)
			return
		}
		l.tryWithin(0, 0)
	}
}

// abort gives a connection or an attempt at one up.
func (l *loop) abort() {
	if l.link != nil {
		l.link.cut()
		l.disconnected()
	}
	if l.dialing != nil {
		l.dialing.cancel()
		a := l.dialing
		l.dialing = nil
		l.workers.Go(func() {
			if r := <-a.result; r.link != nil {
				r.link.cut()
			}
		})
	}
	l.retryAt = never
}

// tryWithin brings the next attempt forward. A flood of events does not push it
// back again, nor does it override the server's Retry-After.
func (l *loop) tryWithin(low, high time.Duration) {
	if l.dialing != nil || l.link != nil {
		return
	}
	at := max(l.now()+between(l.p.Rand, low, high), l.notBefore)
	l.retryAt = min(l.retryAt, at)
}

// tryForRequest brings the next attempt forward because of a registration, yet
// not closer to the last one than the first step of the back-off.
func (l *loop) tryForRequest() {
	if l.dialing != nil || l.link != nil || l.offline {
		return
	}
	at := max(l.now(), l.notBefore)
	if l.dialed {
		at = max(at, l.lastDial+backoffBase)
	}
	l.retryAt = min(l.retryAt, at)
}
