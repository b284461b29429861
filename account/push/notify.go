package push

import "context"

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

// notified records, hands over and acknowledges a batch, in this order. Only hints go before.
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
	if d.fresh > 0 {
		if err := l.save(d.next); err != nil {
			// Neither handed over nor acknowledged: they come again.
			l.p.Logger.Error("push: state could not be saved", "error", err)
			l.fail("state could not be saved")
			return
		}
	}
	l.h.Broken += d.broken
	l.h.Unknown += d.unknown
	l.h.Repeated += d.repeated
	l.h.Unreadable += d.fresh - len(d.messages)
	l.h.Delivered += len(d.messages)
	for _, m := range left {
		l.calls.put(l.ctx, func(ctx context.Context) { l.p.Handle(ctx, m) })
	}
	if len(d.updates) > 0 {
		l.send(ackFrame{Type: "ack", Updates: d.updates})
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
