package push

import (
	"context"
	"time"
)

// process handles everything in the inbox, unless the application is far behind.
func (l *loop) process() {
	if l.link == nil {
		return
	}
	if l.calls.full() {
		l.postpone() // the delivery says when there is room again
		return
	}
	var batch []heard
	for _, text := range l.link.take() {
		m, err := parseFrame(text)
		if err != nil {
			l.h.Broken++
			l.unread()
			continue
		}
		l.lastMessage = l.now()
		l.pongBy = never // any message shows that the server lives
		if m.Type == "notification" {
			batch = append(batch, m)
			continue
		}
		// A registration must be known before the first message that uses it.
		l.notified(batch)
		batch = nil
		if l.link == nil {
			return
		}
		switch m.Type {
		case "register":
			l.registered(m)
		case "unregister":
			l.unregistered()
		}
		if l.link == nil {
			return
		}
	}
	l.notified(batch)
}

// postpone leaves the inbox as it is. What waits there shows that the service
// lives, and an answer may be among it.
func (l *loop) postpone() {
	if l.link.empty() {
		return
	}
	l.lastMessage, l.pongBy = l.now(), never
	if l.current != nil {
		l.replyBy = l.now() + registerTimeout
	}
}

const (
	// recordAfter is how long a batch of nothing but hints waits to be recorded, so that the store has time for what
	// they lead to. More may come meanwhile, and are recorded with it.
	recordAfter = time.Second
	// acksAtMost is how many stored messages the service sends ahead of their acknowledgements.
	acksAtMost = 10
)

// notified records, hands over and acknowledges a batch, in this order. Only hints go before; where all of a batch
// are, the rest waits.
func (l *loop) notified(batch []heard) {
	if len(batch) == 0 {
		return
	}
	now := l.p.Clock.Now()
	l.h.LastMessage = now
	l.publish() // so that whoever follows a message finds it told of
	d := digest(l.st, batch)
	left := d.messages[:0:0]
	for _, m := range d.messages {
		m.Received = now
		if l.p.Hint == nil || !l.p.Hint(m) {
			left = append(left, m)
		}
	}
	l.st, l.unsaved = d.next, l.unsaved || d.fresh > 0
	l.acks = append(l.acks, d.updates...)
	if len(left) < len(d.messages) && len(left) == 0 && len(l.acks) < acksAtMost {
		l.recordBy = min(l.recordBy, l.now()+recordAfter)
		l.count(d)
		return
	}
	if !l.record() {
		return
	}
	l.count(d)
	for _, m := range left {
		l.calls.put(l.ctx, func(ctx context.Context) { l.p.Handle(ctx, m) })
	}
	l.acknowledge()
}

func (l *loop) count(d digested) {
	l.h.Broken += d.broken
	l.h.Unknown += d.unknown
	l.h.Repeated += d.repeated
	l.h.Unreadable += d.fresh - len(d.messages)
	l.h.Delivered += len(d.messages)
	if d.broken > 0 || d.fresh > len(d.messages) {
		l.unread()
	}
}

func (l *loop) unread() {
	if l.p.Unread != nil {
		l.calls.put(l.ctx, l.p.Unread)
	}
}

// record stores what is not stored yet. What cannot be is neither handed over nor acknowledged: it comes again.
func (l *loop) record() bool {
	l.recordBy = never
	if !l.unsaved {
		return true
	}
	err := l.save(l.st)
	if err == nil {
		return true
	}
	l.p.Logger.Error("push: state could not be saved", "error", err)
	l.st, l.unsaved, l.acks = l.kept, false, nil
	if l.link != nil {
		l.fail("state could not be saved")
	}
	return false
}

// acknowledge sends what is recorded.
func (l *loop) acknowledge() {
	if l.link != nil && len(l.acks) > 0 {
		acks := l.acks
		l.acks = nil
		l.send(ackFrame{Type: "ack", Updates: acks})
	}
}

// digested is what becomes of a batch of notifications.
type digested struct {
	next     state       // with the new versions
	messages []Message   // to hand over
	updates  []ackUpdate // one for each notification that has a version

	// fresh counts the notifications seen for the first time, readable or not.
	fresh, repeated, unknown, broken int
}

// digest decides on a batch. It changes nothing.
func digest(st state, batch []heard) digested {
	d := digested{next: st, updates: make([]ackUpdate, 0, len(batch))}
	for _, m := range batch {
		if m.Version == "" {
			d.broken++ // nothing to acknowledge it by
			continue
		}
		code := ackUndelivered
		name, r := d.next.byChannel(m.ChannelID)
		switch {
		case r == nil:
			d.unknown++
		case r.knows(m.Version):
			d.repeated++
		default:
			d.fresh++
			d.next = d.next.with(name, r.seen(m.Version))
			code = ackUnreadable
			if text, err := m.open(r); err == nil {
				code = ackDelivered
				d.messages = append(d.messages, Message{Name: name, Version: m.Version, Text: text})
			}
		}
		d.updates = append(d.updates, ackUpdate{m.ChannelID, m.Version, code})
	}
	return d
}
