package wake

import (
	"context"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names on the system bus.
const (
	networkName  = "org.freedesktop.NetworkManager"
	networkPath  = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	loginName    = "org.freedesktop.login1"
	loginPath    = dbus.ObjectPath("/org/freedesktop/login1")
	loginManager = "org.freedesktop.login1.Manager"
	busName      = "org.freedesktop.DBus"
	properties   = "org.freedesktop.DBus.Properties"
)

// Values of NetworkManager's Connectivity (NMConnectivityState). Of the others,
// portal and limited mean attempts that fail, and unknown means nothing.
const (
	connectivityNone = uint32(1)
	connectivityFull = uint32(4)
)

const (
	// busTimeout bounds a call on the bus, and connecting to it.
	busTimeout = 5 * time.Second
	// signalBuffer holds signals while one is handled.
	signalBuffer = 64
)

// bus is a connection to the system bus with the matches for our signals.
type bus struct {
	conn    *dbus.Conn
	end     context.CancelFunc // of what the connection lives in
	signals chan *dbus.Signal

	network      bool // NetworkManager is there
	login        bool // logind is there
	connectivity uint32
	primary      dbus.ObjectPath
}

func openBus(ctx context.Context, address string) (*bus, error) {
	life, end := context.WithCancel(ctx)
	late := time.AfterFunc(busTimeout, end) // a bus that hangs takes connections and does not greet
	conn, err := connectBus(life, address)
	late.Stop()
	if err != nil {
		end()
		return nil, fmt.Errorf("connect: %w", err)
	}
	b := &bus{conn: conn, end: end, signals: make(chan *dbus.Signal, signalBuffer)}
	if err := b.listen(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func connectBus(ctx context.Context, address string) (*dbus.Conn, error) {
	if address == "" {
		return dbus.ConnectSystemBus(dbus.WithContext(ctx))
	}
	return dbus.Connect(address, dbus.WithContext(ctx))
}

func (b *bus) close() {
	b.end()
	_ = b.conn.Close() // it may be closed already
}

// listen asks for the signals first and then looks who is there, so that nothing
// falls between.
func (b *bus) listen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	b.conn.Signal(b.signals)
	for _, match := range [][]dbus.MatchOption{
		{
			dbus.WithMatchSender(loginName), dbus.WithMatchObjectPath(loginPath),
			dbus.WithMatchInterface(loginManager), dbus.WithMatchMember("PrepareForSleep"),
		},
		{
			dbus.WithMatchSender(networkName), dbus.WithMatchObjectPath(networkPath),
			dbus.WithMatchInterface(properties), dbus.WithMatchMember("PropertiesChanged"),
			dbus.WithMatchArg(0, networkName),
		},
		{dbus.WithMatchSender(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, networkName)},
		{dbus.WithMatchSender(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, loginName)},
	} {
		if err := b.conn.AddMatchSignalContext(ctx, match...); err != nil {
			return fmt.Errorf("match: %w", err)
		}
	}
	b.network, b.login = b.has(ctx, networkName), b.has(ctx, loginName)
	if b.network {
		b.look(ctx)
	}
	return nil
}

// has tells whether a service runs; one that could be started does not count.
func (b *bus) has(ctx context.Context, name string) bool {
	var owned bool
	err := b.conn.BusObject().CallWithContext(ctx, busName+".NameHasOwner", 0, name).Store(&owned)
	return err == nil && owned
}

// look reads NetworkManager's present state.
func (b *bus) look(ctx context.Context) {
	var all map[string]dbus.Variant
	object := b.conn.Object(networkName, networkPath)
	if err := object.CallWithContext(ctx, properties+".GetAll", 0, networkName).Store(&all); err != nil {
		return // its next signal tells
	}
	b.apply(all, func(Event) {})
}

// run tells events until ctx or the connection to the bus ends. What the bus does
// not offer is polled.
func (b *bus) run(ctx context.Context, tell func(Event), p *poll) {
	p.begin()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	b.pace(ticker)
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-b.signals:
			if !ok {
				return // the bus has gone
			}
			if b.handle(ctx, s, tell) {
				p.begin()
				b.pace(ticker)
			}
		case <-ticker.C:
			if !b.login {
				p.clock(tell)
			}
			if !b.network {
				p.network(tell)
			}
		}
	}
}

// pace lets the ticker rest while both services speak for themselves.
func (b *bus) pace(ticker *time.Ticker) {
	if b.network && b.login {
		ticker.Stop()
		return
	}
	ticker.Reset(pollInterval)
}

// handle acts on one signal and tells whether a service came or went.
func (b *bus) handle(ctx context.Context, s *dbus.Signal, tell func(Event)) (moved bool) {
	switch s.Name {
	case loginManager + ".PrepareForSleep":
		var before bool
		if dbus.Store(s.Body, &before) == nil && !before {
			tell(Resumed)
		}
	case properties + ".PropertiesChanged":
		var name string
		var changed map[string]dbus.Variant
		var invalid []string
		if dbus.Store(s.Body, &name, &changed, &invalid) == nil && name == networkName {
			b.apply(changed, tell)
		}
	case busName + ".NameOwnerChanged":
		var name, before, after string
		if dbus.Store(s.Body, &name, &before, &after) != nil {
			return false
		}
		return b.ownerChanged(ctx, name, after != "")
	}
	return false
}

func (b *bus) ownerChanged(ctx context.Context, name string, there bool) bool {
	switch name {
	case loginName:
		b.login = there
	case networkName:
		b.network, b.connectivity, b.primary = there, 0, ""
		if there {
			ctx, cancel := context.WithTimeout(ctx, busTimeout)
			defer cancel()
			b.look(ctx)
		}
	default:
		return false
	}
	return true
}

// apply takes over changed properties and tells what they mean.
func (b *bus) apply(changed map[string]dbus.Variant, tell func(Event)) {
	before := b.connectivity
	if v, ok := changed["Connectivity"].Value().(uint32); ok {
		b.connectivity = v
	}
	moved := false
	if v, ok := changed["PrimaryConnection"].Value().(dbus.ObjectPath); ok {
		moved = b.primary != "" && v != b.primary
		b.primary = v
	}
	switch {
	case b.connectivity == connectivityNone && before != connectivityNone:
		tell(Offline)
	case b.connectivity == connectivityFull && before != connectivityFull:
		tell(Online)
	case moved && b.connectivity != connectivityNone:
		tell(Changed)
	}
}
