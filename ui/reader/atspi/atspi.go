// Package atspi tells screen readers on Linux and the BSDs of a window, over the accessibility bus
// (AT-SPI2). The toolkit of our window publishes nothing there.
//
// [Serve] does it all. It asks the session bus whether anybody listens (org.a11y.Status); only then it
// registers the window, looks at it twenty times a second and tells what has changed. It never starts a
// bus: where there is none, or nobody listens, nothing happens, and the window is not asked for anything.
//
// Names and numbers are those of the interface files and of the enumerations AtspiRole and AtspiStateType of
// at-spi2-core. Of the interfaces it has what a screen reader needs of a window without documents:
// Accessible, Application, Component, Action, Text, EditableText and Cache.
package atspi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/reader"
)

const (
	// callTime is how long the bus, or who is behind it, may take to answer.
	callTime = 5 * time.Second
	// lookTime is how often the window is looked at while somebody listens: a person should not notice
	// that the focus is told later than it moved.
	lookTime = 50 * time.Millisecond
	// againTime is how long after a failure the bus is tried again, while somebody listens.
	againTime = 5 * time.Second
)

// Where it is told whether anybody listens, and where the accessibility bus is.
const (
	launcherName = "org.a11y.Bus"
	launcherPath = dbus.ObjectPath("/org/a11y/bus")
	statusIface  = "org.a11y.Status"
)

// Params says what is told, and to whom.
type Params struct {
	// Connect connects to the session bus; it must start none. The connection ends with ctx.
	Connect func(ctx context.Context) (*dbus.Conn, error)
	Screen  reader.Screen
	// Name is the application's, Version its own.
	Name, Version string
	Logger        *slog.Logger
}

// Serve tells of the window until ctx ends. It returns early, and why, if there is no session bus.
func Serve(ctx context.Context, p Params) error {
	conn, cancel, err := connect(ctx, p.Connect)
	if err != nil {
		return fmt.Errorf("atspi: no session bus: %w", err)
	}
	defer cancel()
	s := &status{conn: conn, signals: make(chan *dbus.Signal, 16)}
	conn.Signal(s.signals)
	if err := s.subscribe(ctx); err != nil {
		return errors.Join(fmt.Errorf("atspi: %w", err), conn.Close())
	}
	p.serve(ctx, s)
	return conn.Close()
}

// serve tells of the window whenever somebody listens.
func (p Params) serve(ctx context.Context, s *status) {
	var told string // a failure that stays the same is logged once
	for {
		if !s.untilListens(ctx) {
			return
		}
		listening, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- p.tell(listening, s) }()
		err := s.whileListens(listening, ended)
		stop()
		if err == nil {
			err = <-ended
		}
		if ctx.Err() != nil || errors.Is(err, reader.ErrClosed) {
			return
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			if told != err.Error() {
				told = err.Error()
				p.Logger.Warn("screen readers cannot be told of the window; trying again", "error", err)
			}
			select {
			case <-time.After(againTime):
			case <-ctx.Done():
				return
			}
		}
	}
}

// connect makes a connection that is given up when the bus does not answer; cancel ends it.
func connect(ctx context.Context, to func(context.Context) (*dbus.Conn, error)) (*dbus.Conn, context.CancelFunc, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(callTime, cancel)
	conn, err := to(ctx)
	if !late.Stop() && err == nil {
		err = errors.Join(context.DeadlineExceeded, conn.Close())
	}
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return conn, cancel, nil
}

// call calls a method within callTime and stores what it returns; nobody is started for it.
func call(ctx context.Context, o dbus.BusObject, method string, results []any, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return o.CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...).Store(results...)
}
