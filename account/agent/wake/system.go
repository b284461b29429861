package wake

import (
	"context"
	"log/slog"
	"time"
)

// busRetry is how long the poll stands in for a bus that is not there before the
// bus is tried again.
const busRetry = 10 * time.Minute

// Clock gives wall and monotonic time apart.
type Clock interface {
	Now() time.Time
	Monotonic() time.Duration
}

// Params are a System's parts; all may be left out.
type Params struct {
	// Clock is the system's if nil.
	Clock Clock
	// Addresses gives the addresses of all usable network interfaces; those of the
	// system if nil.
	Addresses func() ([]string, error)
	// BusAddress is the system bus, for systems that have one; its usual address
	// if empty.
	BusAddress string
	// Logger is silent if nil.
	Logger *slog.Logger
}

// System watches the system it runs on.
type System struct{ p Params }

// NewSystem prepares a watcher.
func NewSystem(p Params) *System {
	if p.Clock == nil {
		p.Clock = systemClock{start: time.Now()}
	}
	if p.Addresses == nil {
		p.Addresses = interfaceAddresses
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return &System{p}
}

// Watch tells events until ctx ends; it returns nil.
func (s *System) Watch(ctx context.Context, tell func(Event)) error {
	poll := newPoll(s.p)
	for ctx.Err() == nil {
		b, err := openBus(ctx, s.p.BusAddress)
		if err != nil {
			s.p.Logger.Debug("wake: no system bus, polling", "reason", err.Error())
			poll.run(ctx, tell, time.Now().Add(busRetry))
			continue
		}
		b.run(ctx, tell, poll)
		b.close()
		if ctx.Err() == nil { // the bus has gone; give it time to come back
			poll.run(ctx, tell, time.Now().Add(pollInterval))
		}
	}
	return nil
}

type systemClock struct{ start time.Time }

func (systemClock) Now() time.Time             { return time.Now() }
func (c systemClock) Monotonic() time.Duration { return time.Since(c.start) }
