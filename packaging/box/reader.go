//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// Reader is a screen reader: it has programs tell what is on the screen over the accessibility bus, and
// knows nothing else of them.
type Reader struct {
	conn   *dbus.Conn
	events chan *dbus.Signal
	// What Glance has found out: who the program is, and what its roles are called.
	program string
	roles   map[uint32]string
}

// Told is one thing that a program tells of, with what is below it.
type Told struct {
	Role, Name string
	Children   []Told

	states []uint32
	at     reference
}

type reference struct {
	Bus  string
	Path dbus.ObjectPath
}

// The numbers of some states, AtspiStateType.
const (
	ToldChecked   = 4
	ToldFocusable = 11
	ToldFocused   = 12
	ToldSelected  = 23
	ToldShowing   = 25
)

// atspi begins the names of all interfaces there.
const atspi = "org.a11y.atspi."

// Reader switches accessibility on, as a screen reader does when it starts, and joins the accessibility bus.
func (b *Box) Reader(ctx context.Context) (*Reader, error) {
	session, err := dbus.Connect(b.Bus, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer session.Close()
	launcher := session.Object("org.a11y.Bus", "/org/a11y/bus") // which the bus starts
	if err := launcher.SetProperty("org.a11y.Status.IsEnabled", dbus.MakeVariant(true)); err != nil {
		return nil, fmt.Errorf("switching accessibility on: %w", err)
	}
	var address string
	if err := launcher.CallWithContext(ctx, "org.a11y.Bus.GetAddress", 0).Store(&address); err != nil {
		return nil, err
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	r := &Reader{conn: conn, events: make(chan *dbus.Signal, 1000), roles: map[uint32]string{}}
	conn.Signal(r.events)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(atspi+"Event.Object")); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return r, nil
}

// Close leaves the bus.
func (r *Reader) Close() error { return r.conn.Close() }

// Read returns what a program tells of itself; it waits until the program does.
func (r *Reader) Read(ctx context.Context, program string) (Told, error) {
	for {
		told, err := r.read(ctx, reference{atspi + "Registry", "/org/a11y/atspi/accessible/root"}, program)
		if err == nil {
			for _, p := range told.Children {
				if p.Name == program {
					return p, nil
				}
			}
			err = fmt.Errorf("%s tells nothing", program)
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return Told{}, errors.Join(ctx.Err(), err)
		}
	}
}

// read reads a thing and what is below it: of the whole desktop only the program of that name.
func (r *Reader) read(ctx context.Context, at reference, program string) (t Told, err error) {
	t.at = at
	o := r.conn.Object(at.Bus, at.Path)
	var name dbus.Variant
	if err := o.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, atspi+"Accessible", "Name").Store(&name); err != nil {
		return t, err
	}
	t.Name, _ = name.Value().(string)
	if err := o.CallWithContext(ctx, atspi+"Accessible.GetRoleName", 0).Store(&t.Role); err != nil {
		return t, err
	}
	if t.Role == "application" && t.Name != program {
		return t, nil
	}
	if err := o.CallWithContext(ctx, atspi+"Accessible.GetState", 0).Store(&t.states); err != nil {
		return t, err
	}
	var below []reference
	if err := o.CallWithContext(ctx, atspi+"Accessible.GetChildren", 0).Store(&below); err != nil {
		return t, err
	}
	for _, at := range below {
		child, err := r.read(ctx, at, program)
		if err != nil {
			return t, err
		}
		t.Children = append(t.Children, child)
	}
	return t, nil
}

// Is reports whether a state holds.
func (t Told) Is(state int) bool {
	return len(t.states) > state/32 && t.states[state/32]&(1<<(state%32)) != 0
}

// All returns the thing and everything below it.
func (t Told) All() []Told {
	all := []Told{t}
	for _, child := range t.Children {
		all = append(all, child.All()...)
	}
	return all
}

// Press does the first action of a thing.
func (r *Reader) Press(ctx context.Context, t Told) error {
	var done bool
	err := r.conn.Object(t.at.Bus, t.at.Path).CallWithContext(ctx, atspi+"Action.DoAction", 0, int32(0)).Store(&done)
	if err == nil && !done {
		err = fmt.Errorf("%s %q cannot be pressed", t.Role, t.Name)
	}
	return err
}

// Forget forgets the events so far.
func (r *Reader) Forget() {
	for len(r.events) > 0 {
		<-r.events
	}
}

// UntilFocus waits until it is told that something has the keyboard focus now, and returns that.
func (r *Reader) UntilFocus(ctx context.Context) (Told, error) {
	for {
		select {
		case e := <-r.events:
			if e.Name == atspi+"Event.Object.StateChanged" && len(e.Body) > 1 && e.Body[0] == "focused" && e.Body[1] == int32(1) {
				return r.read(ctx, reference{e.Sender, e.Path}, "")
			}
		case <-ctx.Done():
			return Told{}, fmt.Errorf("waiting for the focus: %w", ctx.Err())
		}
	}
}
