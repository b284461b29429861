//go:build !windows && !darwin

package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/png" // the icon
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// The bus names of the Desktop Notifications Specification.
const (
	busName  = "org.freedesktop.Notifications"
	busPath  = "/org/freedesktop/Notifications"
	callTime = 5 * time.Second // a notification server that is being started takes a second or two
)

// serverExpires lets the server choose how long to show ("expire_timeout" -1).
const serverExpires = int32(-1)

// busBackend speaks to the notification server. It keeps one connection of its own: clicks come
// back to the connection that showed the notification, and the shared one is closed by the tray.
type busBackend struct {
	name, id  string
	icon      dbus.Variant
	connect   func(context.Context) (*dbus.Conn, error)
	responses chan Response
	quit      chan struct{}
	reading   sync.WaitGroup

	mu     sync.Mutex
	conn   *dbus.Conn
	able   []string          // the server's capabilities; nil until asked
	ids    map[string]uint32 // slot to the server's id
	serial map[uint32]uint64 // the server's id to ours
	asking int               // calls of Notify without an answer yet
	early  []*dbus.Signal    // about ids that such an answer may be about to tell
}

func connectSessionBus(ctx context.Context) (*dbus.Conn, error) {
	return dbus.ConnectSessionBus(dbus.WithContext(context.WithoutCancel(ctx)))
}

func newBusBackend(ctx context.Context, name, id string, icon []byte, connect func(context.Context) (*dbus.Conn, error)) (*busBackend, error) {
	picture, err := imageData(icon)
	if err != nil {
		return nil, err
	}
	b := &busBackend{
		name: name, id: id, icon: picture, connect: connect,
		responses: make(chan Response, 16), quit: make(chan struct{}),
		ids: map[string]uint32{}, serial: map[uint32]uint64{},
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b, b.reconnect(ctx)
}

// reconnect makes a connection and listens on it. The caller holds mu; nothing else waits for it
// but calls that need the connection too.
func (b *busBackend) reconnect(ctx context.Context) error {
	conn, err := b.connect(ctx)
	if err != nil {
		return fmt.Errorf("session bus: %w", err)
	}
	rules := [][]dbus.MatchOption{
		{dbus.WithMatchInterface(busName), dbus.WithMatchObjectPath(busPath), dbus.WithMatchSender(busName)},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)},
	}
	for _, rule := range rules {
		if err := conn.AddMatchSignalContext(ctx, rule...); err != nil {
			return errors.Join(fmt.Errorf("session bus: %w", err), conn.Close())
		}
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	b.conn, b.able = conn, nil
	clear(b.ids)
	clear(b.serial)
	b.reading.Go(func() { b.read(signals) })
	return nil
}

// connected gives the connection, made anew if the bus was restarted.
func (b *busBackend) connected(ctx context.Context) (*dbus.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn.Connected() {
		return b.conn, nil
	}
	select {
	case <-b.quit:
		return nil, dbus.ErrClosed
	default:
	}
	if err := b.reconnect(ctx); err != nil {
		return nil, err
	}
	return b.conn, nil
}

// capabilities asks what the server can do, once for each server.
func (b *busBackend) capabilities(ctx context.Context) ([]string, error) {
	conn, err := b.connected(ctx)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	able := b.able
	b.mu.Unlock()
	if able != nil {
		return able, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if err := conn.Object(busName, busPath).CallWithContext(ctx, busName+".GetCapabilities", 0).Store(&able); err != nil {
		return nil, fmt.Errorf("notification server: %w", err)
	}
	if able == nil {
		able = []string{}
	}
	b.mu.Lock()
	b.able = able
	b.mu.Unlock()
	return able, nil
}

// Clicks tells whether the server reports actions.
func (b *busBackend) Clicks(ctx context.Context) bool {
	able, err := b.capabilities(ctx)
	return err == nil && slices.Contains(able, "actions")
}

// Responses gives clicks and closings.
func (b *busBackend) Responses() <-chan Response { return b.responses }

// Show calls Notify.
func (b *busBackend) Show(ctx context.Context, n Notification) error {
	able, err := b.capabilities(ctx)
	if err != nil {
		return err
	}
	conn, err := b.connected(ctx)
	if err != nil {
		return err
	}
	body := n.Body
	if slices.Contains(able, "body-markup") {
		body = escapeMarkup(body)
	}
	var actions []string
	if slices.Contains(able, "actions") {
		if n.Default != "" {
			actions = append(actions, string(ActionDefault), n.Default)
		}
		for _, button := range n.Buttons {
			// The serial in the key tells a click on this text from one on what replaced it.
			actions = append(actions, string(button.Action)+"."+strconv.FormatUint(n.Serial, 10), button.Label)
		}
	}
	hints := map[string]dbus.Variant{
		"desktop-entry": dbus.MakeVariant(b.id),
		"image-data":    b.icon,
		"urgency":       dbus.MakeVariant(byte(1)), // normal
	}
	if n.Kind == KindDevice {
		hints["category"] = dbus.MakeVariant("device.added")
	}
	b.mu.Lock()
	replaces := b.ids[n.Slot]
	b.asking++
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var id uint32
	err = conn.Object(busName, busPath).CallWithContext(ctx, busName+".Notify", 0,
		b.name, replaces, "", n.Title, body, actions, hints, serverExpires).Store(&id)
	b.answered(n, replaces, id, err == nil)
	if err != nil {
		return fmt.Errorf("notification server: %w", err)
	}
	return nil
}

// answered takes over the id that the server gave, and the signals that were faster.
func (b *busBackend) answered(n Notification, replaces, id uint32, shown bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if shown {
		if replaces != id {
			delete(b.serial, replaces)
		}
		b.ids[n.Slot], b.serial[id] = id, n.Serial
	}
	b.asking--
	early := b.early
	b.early = nil
	if len(early) > 0 {
		b.reading.Go(func() { b.pass(early...) })
	}
}

// read turns signals into responses until the connection or the backend is closed.
func (b *busBackend) read(signals <-chan *dbus.Signal) {
	for {
		select {
		case <-b.quit:
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
			case <-b.quit:
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
		b.able = nil
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

// clicked gives the response to a click, unless it was meant for a text replaced meanwhile.
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

// Close leaves the bus. What is shown stays: the inbox answers later clicks no more.
func (b *busBackend) Close() error {
	close(b.quit)
	b.mu.Lock()
	conn := b.conn
	b.mu.Unlock()
	err := conn.Close()
	b.reading.Wait()
	close(b.responses)
	if errors.Is(err, dbus.ErrClosed) {
		return nil
	}
	return err
}

// imageData makes the hint of the same name from a PNG: (iiibiiay), pixels as RGBA without
// premultiplied alpha (specification, "Icons and Images").
func imageData(icon []byte) (dbus.Variant, error) {
	picture, _, err := image.Decode(bytes.NewReader(icon))
	if err != nil {
		return dbus.Variant{}, fmt.Errorf("notification icon: %w", err)
	}
	size := picture.Bounds().Size()
	pixels := image.NewNRGBA(image.Rectangle{Max: size})
	draw.Draw(pixels, pixels.Bounds(), picture, picture.Bounds().Min, draw.Src)
	return dbus.MakeVariant(struct {
		Width, Height, Stride int32
		Alpha                 bool
		Bits, Channels        int32
		Pixels                []byte
	}{int32(size.X), int32(size.Y), int32(pixels.Stride), true, 8, 4, pixels.Pix}), nil // #nosec G115 -- an icon of ours
}
