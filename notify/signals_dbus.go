//go:build !windows && !darwin

package notify

import (
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// read turns signals into responses until the connection or the backend is closed.
func (b *busBackend) read(signals <-chan *dbus.Signal) {
	for {
		select {
		case <-b.life.Done():
			return
		case s, ok := <-signals:
			if !ok {
				return
			}
			b.pass(s)
		}
	}
}

// pass hands the responses to signals on.
func (b *busBackend) pass(signals ...*dbus.Signal) {
	for _, s := range signals {
		for _, r := range b.responsesTo(s) {
			select {
			case b.responses <- r:
			case <-b.life.Done():
				return
			}
		}
	}
}

// responsesTo reads one signal.
func (b *busBackend) responsesTo(s *dbus.Signal) []Response {
	b.mu.Lock()
	defer b.mu.Unlock()
	var id uint32
	switch s.Name {
	case busName + ".ActionInvoked":
		var key string
		if dbus.Store(s.Body, &id, &key) != nil || b.tooEarly(id, s) {
			return nil
		}
		return b.clicked(id, key)
	case busName + ".NotificationClosed":
		var reason uint32
		if dbus.Store(s.Body, &id, &reason) != nil || b.tooEarly(id, s) {
			return nil
		}
		return b.gone(id)
	case "org.freedesktop.DBus.NameOwnerChanged":
		// Another server: other capabilities, and its ids mean something else.
		var name, before, after string
		if dbus.Store(s.Body, &name, &before, &after) != nil {
			return nil
		}
		if b.able = nil; before != "" {
			b.probe = nil // a question that has started a server is answered by it
		}
		if after != "" {
			b.tellReady()
		}
		var all []Response
		for id := range b.serial {
			all = append(all, b.gone(id)...)
		}
		return all
	}
	return nil
}

// tooEarly keeps a signal about an unknown id while the server still owes an answer: it goes its
// own way inside this process and may overtake the answer that tells the id.
func (b *busBackend) tooEarly(id uint32, s *dbus.Signal) bool {
	if _, ours := b.serial[id]; ours || b.asking == 0 {
		return false
	}
	b.early = append(b.early, s)
	return true
}

// clicked returns the response to a click, unless it was meant for a text replaced meanwhile.
func (b *busBackend) clicked(id uint32, key string) []Response {
	serial, ours := b.serial[id]
	action, written, found := strings.Cut(key, ".")
	if !ours || (found && written != strconv.FormatUint(serial, 10)) {
		return nil
	}
	return []Response{{Serial: serial, Action: Action(action)}}
}

// gone forgets a closed notification.
func (b *busBackend) gone(id uint32) []Response {
	serial, ours := b.serial[id]
	if !ours {
		return nil
	}
	delete(b.serial, id)
	for slot, have := range b.ids {
		if have == id {
			delete(b.ids, slot)
		}
	}
	return []Response{{Serial: serial}}
}
