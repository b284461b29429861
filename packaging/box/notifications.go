//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// Notification is a call of org.freedesktop.Notifications.Notify seen on the bus.
type Notification struct {
	App, Summary, Body string
	Replaces           uint32
	// Actions alternate between key and label, as in the call.
	Actions []string
	// Picture is how many bytes of pixels came with the call.
	Picture int
	At      time.Time
}

// Notifications reads along on the bus of the box.
type Notifications struct {
	conn *dbus.Conn
	seen chan Notification
	quit chan struct{}
	done chan struct{}
}

// Notifications begins to read along.
func (b *Box) Notifications(ctx context.Context) (*Notifications, error) {
	conn, err := dbus.Connect(b.Bus, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	rule := "type='method_call',interface='org.freedesktop.Notifications',member='Notify'"
	if err := conn.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, []string{rule}, uint32(0)).Err; err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	messages := make(chan *dbus.Message, 64)
	conn.Eavesdrop(messages)
	n := &Notifications{conn: conn, seen: make(chan Notification, 64), quit: make(chan struct{}), done: make(chan struct{})}
	go n.read(messages)
	return n, nil
}

func (n *Notifications) read(messages <-chan *dbus.Message) {
	defer close(n.done)
	for m := range messages {
		if m.Type != dbus.TypeMethodCall || len(m.Body) < 6 {
			continue
		}
		var icon string
		one := Notification{At: time.Now()}
		if err := dbus.Store(m.Body[:6], &one.App, &one.Replaces, &icon, &one.Summary, &one.Body, &one.Actions); err != nil {
			continue // not as the specification has it: a program that is no business of the tests
		}
		one.Picture = pixels(m.Body[6:])
		select {
		case n.seen <- one:
		case <-n.quit: // nobody asked for the ones before
			return
		}
	}
}

// pixels is the size of the picture among the hints of a call, which may be none.
func pixels(rest []any) int {
	if len(rest) == 0 {
		return 0
	}
	hints, _ := rest[0].(map[string]dbus.Variant)
	fields, _ := hints["image-data"].Value().([]any) // width, height, row stride, alpha, bits, channels, pixels
	if len(fields) == 0 {
		return 0
	}
	data, _ := fields[len(fields)-1].([]byte)
	return len(data)
}

// Next waits for the next notification.
func (n *Notifications) Next(ctx context.Context) (Notification, error) {
	select {
	case one := <-n.seen:
		return one, nil
	case <-ctx.Done():
		return Notification{}, fmt.Errorf("waiting for a notification: %w", ctx.Err())
	}
}

// Close stops reading along.
func (n *Notifications) Close() error {
	close(n.quit)
	err := n.conn.Close()
	<-n.done
	return err
}
