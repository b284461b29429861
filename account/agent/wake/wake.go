// Package wake notices what a long connection wants to know of the system it
// runs on: that the network came, went or changed, and that the machine was
// suspended.
//
//	watcher := wake.NewSystem(wake.Params{})
//	go watcher.Watch(ctx, func(e wake.Event) { … })
//
// On Linux it listens to NetworkManager and logind on the system bus and sleeps
// otherwise. Where either is missing, and on other systems, a look once a minute
// replaces it: at the addresses of the network interfaces, and at the wall clock,
// which runs on during a suspend while timers stand still.
//
// Events are hints. One can be late by a minute, doubled or missing; none is sent
// for the state found at the start.
package wake

import "context"

// Event is what happened.
type Event string

// The events.
const (
	// Online: there is a network again, or it was freed from a captive portal.
	Online Event = "online"
	// Offline: there is no network.
	Offline Event = "offline"
	// Changed: addresses or routes are other ones now.
	Changed Event = "changed"
	// Resumed: the machine was suspended, or its clock was set forward.
	Resumed Event = "resumed"
)

// Watcher tells events until ctx ends, one at a time. tell should return soon.
// The error is only for a watcher that cannot work at all; [System] has none.
type Watcher interface {
	Watch(ctx context.Context, tell func(Event)) error
}

// Manual is a watcher whose events come from its owner, for tests and for
// embedding where the system is watched by other means.
type Manual struct{ events chan Event }

// NewManual makes one.
func NewManual() *Manual { return &Manual{events: make(chan Event)} }

// Send tells an event and waits until it was taken.
func (m *Manual) Send(ctx context.Context, e Event) error {
	select {
	case m.events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Watch tells what Send is given.
func (m *Manual) Watch(ctx context.Context, tell func(Event)) error {
	for {
		select {
		case e := <-m.events:
			tell(e)
		case <-ctx.Done():
			return nil
		}
	}
}
