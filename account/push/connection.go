package push

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/account/internal/kit"
)

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
		if errors.As(r.err, &failed) && failed.silence {
			l.silenced(failed.retryAfter)
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

// silenced keeps the server's wish to be left alone, also over a restart.
func (l *loop) silenced(wait time.Duration) {
	if wait == 0 {
		wait = l.quiet.Next()
	}
	l.notBefore = l.now() + wait
	next, at := l.st.clone(), l.p.Clock.Now().UTC()
	next.NotBefore, next.Noted = at.Add(wait), at
	if err := l.save(next); err != nil {
		l.p.Logger.Error("push: state could not be saved", "error", err)
	}
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
	l.quiet.Reset()
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
	if err := l.save(l.st.orphaned("")); err != nil {
		return err
	}
	l.registerAt = 0
	return nil
}

// write sends a text; if that fails the connection is lost.
func (l *loop) write(text string) {
	if err := l.link.sendText(l.ctx, []byte(text)); err != nil {
		l.unsent()
	}
}

// send is write for a message. It reports whether there still is a connection.
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
		return
	}
	l.h.LastPong = l.p.Clock.Now()
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
	l.link, l.acks = nil, nil
	l.lostAt = l.now()
	l.registrar.disconnected()
}

// retryLater plans the next attempt by the back-off.
func (l *loop) retryLater() {
	wait := step(l.p.Rand, l.failures)
	if l.offline {
		wait = backoffMax
	}
	l.retryAt = l.now() + max(wait, kit.Spread(l.p.Rand, l.notBefore-l.now()))
	l.failures++
}
