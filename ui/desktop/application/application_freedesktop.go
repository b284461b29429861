//go:build !windows && !darwin

package application

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

const (
	iface = "org.freedesktop.Application"
	// busTime bounds connecting and each question to the bus, doTime what somebody asked for.
	busTime = 5 * time.Second
	doTime  = 20 * time.Second
	// again is when a bus that was lost, or a name that another has, is tried again.
	again = time.Minute
	// waiting is how many calls wait while one is worked on; more are refused.
	waiting = 16
)

// Run serves the bus until ctx ends. A bus that is not there, hangs or goes away costs nothing but this way
// to the program.
func Run(ctx context.Context, p Params) {
	told := "" // a fault that lasts is logged once
	for ctx.Err() == nil {
		moved := p.Moved()
		var retry <-chan time.Time
		if !session.NoBus() {
			err := serve(ctx, p, moved)
			if ctx.Err() != nil {
				return
			}
			if err != nil && err.Error() != told {
				told = err.Error()
				p.Logger.Info("the desktop cannot call over the session bus", "reason", err)
			}
			retry = time.After(again)
		}
		select {
		case <-ctx.Done():
		case <-moved:
		case <-retry:
		}
	}
}

// serve owns the name on the session bus until ctx ends, the bus goes, or the session has moved to another.
func serve(ctx context.Context, p Params, moved <-chan struct{}) error {
	life, end := context.WithCancel(ctx)
	defer end()
	late := time.AfterFunc(busTime, end) // a bus that hangs takes connections and does not greet
	address := session.Here().Bus
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(life))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Auth(nil); err != nil {
		return err
	}
	if err := conn.Hello(); err != nil {
		return err
	}
	s := &service{jobs: make(chan job, waiting), actions: map[string]bool{}}
	for name := range p.Actions {
		s.actions[name] = true
	}
	if err := s.export(conn, p.Name); err != nil {
		return err
	}
	var reply uint32
	err = conn.BusObject().CallWithContext(life, "org.freedesktop.DBus.RequestName", 0, p.Name, dbus.NameFlagDoNotQueue).Store(&reply)
	late.Stop()
	if err != nil {
		return err
	}
	if r := dbus.RequestNameReply(reply); r != dbus.RequestNameReplyPrimaryOwner && r != dbus.RequestNameReplyAlreadyOwner {
		return fmt.Errorf("another program has the name %s", p.Name)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-conn.Context().Done():
			return dbus.ErrClosed
		case <-moved:
			if moved = p.Moved(); address != session.Here().Bus {
				return nil
			}
		case j := <-s.jobs:
			p.do(ctx, j)
		}
	}
}

// job is what one call asks for.
type job struct {
	what string
	uris []string
}

// do does what was asked for, one after the other.
func (p Params) do(ctx context.Context, j job) {
	ctx, cancel := context.WithTimeout(ctx, doTime)
	defer cancel()
	var err error
	switch action := p.Actions[j.what]; {
	case j.uris != nil:
		err = p.Open(ctx, j.uris)
	case action != nil:
		err = action(ctx)
	default:
		err = p.Activate(ctx)
	}
	if err != nil && ctx.Err() == nil {
		p.Logger.Warn("what the desktop asked for failed", "what", j.what, "error", err)
	}
}

// service is the object on the bus. Its methods answer at once; the work is done by Run.
type service struct {
	jobs    chan job
	actions map[string]bool
}

type platformData = map[string]dbus.Variant

// Activate brings the program to the front.
func (s *service) Activate(platformData) *dbus.Error { return s.take(job{what: "activate"}) }

// Open hands over links and files.
func (s *service) Open(uris []string, _ platformData) *dbus.Error {
	if len(uris) == 0 || len(uris) > MaxItems {
		return dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", []any{fmt.Sprintf("1 to %d addresses can be opened at once", MaxItems)})
	}
	return s.take(job{what: "open", uris: uris})
}

// ActivateAction runs an action of the desktop entry.
func (s *service) ActivateAction(name string, _ []dbus.Variant, _ platformData) *dbus.Error {
	if !s.actions[name] {
		return dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", []any{"there is no such action"})
	}
	return s.take(job{what: name})
}

func (s *service) take(j job) *dbus.Error {
	select {
	case s.jobs <- j:
		return nil
	default:
		return dbus.NewError("org.freedesktop.DBus.Error.LimitsExceeded", []any{"too much is being asked at once"})
	}
}

// export puts the object where the name says, with what it can. The methods are named one by one: a library
// that finds them by itself calls for every method of every type in the program (2.7 MB of 20).
func (s *service) export(conn *dbus.Conn, name string) error {
	path := dbus.ObjectPath("/" + strings.ReplaceAll(name, ".", "/"))
	methods := map[string]any{"Activate": s.Activate, "Open": s.Open, "ActivateAction": s.ActivateAction}
	if err := conn.ExportMethodTable(methods, path, iface); err != nil {
		return err
	}
	describe := map[string]any{"Introspect": func() (string, *dbus.Error) { return description, nil }}
	return conn.ExportMethodTable(describe, path, "org.freedesktop.DBus.Introspectable")
}

const description = `<node>
<interface name="org.freedesktop.DBus.Introspectable">
<method name="Introspect"><arg type="s" direction="out"/></method>
</interface>
<interface name="` + iface + `">
<method name="Activate"><arg type="a{sv}" direction="in"/></method>
<method name="Open"><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/></method>
<method name="ActivateAction"><arg type="s" direction="in"/><arg type="av" direction="in"/><arg type="a{sv}" direction="in"/></method>
</interface>
</node>
`
