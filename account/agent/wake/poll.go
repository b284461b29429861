package wake

import (
	"context"
	"net"
	"slices"
	"time"
)

const (
	// pollInterval is how often the system is looked at where it does not speak.
	pollInterval = time.Minute
	// suspendSlack is how much longer than pollInterval a minute may seem before
	// the machine must have slept; it covers a busy machine and clock slewing.
	suspendSlack = 20 * time.Second
)

// poll finds events by comparing two looks at the system.
type poll struct {
	p         Params
	addresses []string
	known     bool // addresses is the result of a look
	wall      time.Time
	mono      time.Duration
}

func newPoll(p Params) *poll { return &poll{p: p} }

// run looks every minute until the given time or the end of ctx.
func (l *poll) run(ctx context.Context, tell func(Event), until time.Time) {
	l.begin()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for time.Now().Before(until) {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.clock(tell)
			l.network(tell)
		}
	}
}

// begin takes the first look, to which the next one is compared.
func (l *poll) begin() {
	l.wall, l.mono = l.p.Clock.Now().Round(0), l.p.Clock.Monotonic()
	if !l.known {
		l.network(func(Event) {})
	}
}

// clock compares a minute's length. During a suspend timers stand still, and on
// most systems the monotonic clock with them, yet the wall clock runs on.
func (l *poll) clock(tell func(Event)) {
	wall, mono := l.p.Clock.Now().Round(0), l.p.Clock.Monotonic()
	longest := max(wall.Sub(l.wall), mono-l.mono)
	l.wall, l.mono = wall, mono
	if longest > pollInterval+suspendSlack {
		tell(Resumed)
	}
}

// network compares addresses.
func (l *poll) network(tell func(Event)) {
	now, err := l.p.Addresses()
	if err != nil {
		l.p.Logger.Debug("wake: addresses cannot be read", "reason", err.Error())
		return
	}
	slices.Sort(now)
	before, known := l.addresses, l.known
	l.addresses, l.known = now, true
	switch {
	case !known || slices.Equal(before, now):
	case len(now) == 0:
		tell(Offline)
	case len(before) == 0:
		tell(Online)
	default:
		tell(Changed)
	}
}

// interfaceAddresses lists the addresses that reach beyond this machine and its
// link.
func interfaceAddresses() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []string
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				list = append(list, i.Name+" "+n.String())
			}
		}
	}
	return list, nil
}
