package push

import (
	"context"
	"slices"
)

// process handles everything in the inbox, unless the application is far behind.
func (l *loop) process() {
	if l.link == nil || l.calls.full() {
		return // the delivery says when there is room again
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
		if batch = l.notified(batch); l.link == nil {
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

// notified records, hands over and acknowledges a batch, in this order. It gives
// back an empty batch.
func (l *loop) notified(batch []heard) []heard {
	if len(batch) == 0 {
		return nil
	}
	next, changed := l.st, false
	updates := make([]ackUpdate, 0, len(batch))
	var messages []Message
	for _, m := range batch {
		if m.Version == "" {
			l.h.Broken++ // nothing to acknowledge it by
			continue
		}
		code := ackUndelivered
		name, r := next.byChannel(m.ChannelID)
		switch {
		case r == nil:
			l.h.Unknown++
		case slices.Contains(r.Versions, m.Version):
			l.h.Repeated++
		default:
			text, err := m.open(r)
			next, changed = next.with(name, r.seen(m.Version)), true
			if err != nil {
				code = ackUnreadable
				l.h.Unreadable++
				l.p.Logger.Warn("push: message is not readable", "reason", err.Error())
				break
			}
			code = ackDelivered
			messages = append(messages, Message{
				Name: name, Version: m.Version, Text: text, Received: l.p.Clock.Now(),
			})
		}
		updates = append(updates, ackUpdate{m.ChannelID, m.Version, code})
	}
	if changed {
		if err := l.save(next); err != nil {
			// Neither handed over nor acknowledged: they come again.
			l.p.Logger.Error("push: state could not be saved", "error", err)
			l.fail("state could not be saved")
			return nil
		}
	}
	for _, m := range messages {
		l.h.Delivered++
		l.calls.put(l.ctx, func(ctx context.Context) { l.p.Handle(ctx, m) })
	}
	if len(updates) > 0 {
		l.send(ackFrame{Type: "ack", Updates: updates})
	}
	return nil
}
