package atspi

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// status knows from the session bus whether anybody listens.
type status struct {
	conn    *dbus.Conn
	signals chan *dbus.Signal
}

// subscribe asks to be told when somebody begins or ends to listen.
func (s *status) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if err := s.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(launcherName), dbus.WithMatchObjectPath(launcherPath),
		dbus.WithMatchInterface("org.freedesktop.DBus.Properties"), dbus.WithMatchArg(0, statusIface)); err != nil {
		return err
	}
	return s.conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, launcherName))
}

// listens reports whether anybody listens. Without the launcher nobody does.
func (s *status) listens(ctx context.Context) bool {
	launcher := s.conn.Object(launcherName, launcherPath)
	for _, name := range []string{"ScreenReaderEnabled", "IsEnabled"} {
		var value dbus.Variant
		err := call(ctx, launcher, "org.freedesktop.DBus.Properties.Get", []any{&value}, statusIface, name)
		if on, ok := value.Value().(bool); err == nil && ok && on {
			return true
		}
	}
	return false
}

// untilListens waits for a listener, and reports false when there will be none: ctx has ended, or the bus.
func (s *status) untilListens(ctx context.Context) bool {
	for !s.listens(ctx) {
		if !s.next(ctx, nil) {
			return false
		}
	}
	return ctx.Err() == nil
}

// whileListens waits until nobody listens any more, or telling has ended by itself: then it returns why.
func (s *status) whileListens(ctx context.Context, ended chan error) error {
	for s.next(ctx, ended) {
		if !s.listens(ctx) {
			return nil
		}
	}
	select {
	case err := <-ended:
		if err == nil {
			err = context.Canceled
		}
		return err
	default:
		return nil
	}
}

// next waits for news about the launcher; false says that something else has ended.
func (s *status) next(ctx context.Context, ended chan error) bool {
	select {
	case _, ok := <-s.signals:
		return ok
	case err := <-ended:
		ended <- err
		return false
	case <-s.conn.Context().Done():
		return false
	case <-ctx.Done():
		return false
	}
}

// busAddress asks where the accessibility bus is.
func (s *status) busAddress(ctx context.Context) (string, error) {
	var address string
	err := call(ctx, s.conn.Object(launcherName, launcherPath), "org.a11y.Bus.GetAddress", []any{&address})
	return address, err
}
