//go:build !windows && !darwin

package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// The bus names of the Desktop Notifications Specification.
const (
	busName  = "org.freedesktop.Notifications"
	busPath  = "/org/freedesktop/Notifications"
	callTime = 5 * time.Second // a notification server that is being started takes a second or two

	// leaveTime is how long Close waits for a bus that does not answer.
	leaveTime = 500 * time.Millisecond
)

// Values of "expire_timeout" (Desktop Notifications Specification 1.2, "Notify"): the server chooses how long to
// show, or it is shown until it is answered.
const (
	serverExpires = int32(-1)
	neverExpires  = int32(0)
)

// busBackend speaks to the notification server. It keeps one connection of its own: clicks come
// back to the connection that showed the notification, and the shared one is closed by the tray.
type busBackend struct {
	name, id  string
	picture   string // the hint image-path
	connect   func(context.Context) (*dbus.Conn, error)
	responses chan Response
	ready     chan struct{}
	life      context.Context // ends with Close
	end       context.CancelFunc
	reading   sync.WaitGroup // added to under mu while life lasts

	mu     sync.Mutex        // never held while the bus is asked
	conn   *dbus.Conn        // nil before the first
	at     string            // the bus that the environment named then
	dials  *dialling         // the connection being made, nil when none is
	able   []string          // the server's capabilities; nil until asked
	probe  *dialling         // the question for them, nil when none is open
	late   int               // calls of Notify that nobody waits for any more
	ids    map[string]uint32 // slot to the server's id
	serial map[uint32]uint64 // the server's id to ours
	asking int               // calls of Notify without an answer yet
	early  []*dbus.Signal    // about ids that such an answer may be about to tell
}

// dialling is a connection being made, or a question being asked of one. done is closed when err is known.
type dialling struct {
	done chan struct{}
	err  error
	able []string // what was answered
	late bool     // nobody waits for it any more
}

// busVariable is where the environment names the session bus. The agent moves there when it changes.
const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// connectSessionBus connects, and never starts a bus; the connection closes when ctx ends.
func connectSessionBus(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if err = conn.Auth(nil); err == nil {
		err = conn.Hello()
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// newBusBackend makes a backend that connects when it is first used.
func newBusBackend(ctx context.Context, name, id, picture string, connect func(context.Context) (*dbus.Conn, error)) *busBackend {
	b := &busBackend{
		name: name, id: id, picture: picture, connect: connect, responses: make(chan Response, 16), ready: make(chan struct{}, 1),
		ids: map[string]uint32{}, serial: map[uint32]uint64{},
	}
	b.life, b.end = context.WithCancel(context.WithoutCancel(ctx))
	return b
}

// connected returns the connection, made anew if the bus was restarted. It waits for it no longer
// than ctx; the making goes on then, and serves whoever asks next.
func (b *busBackend) connected(ctx context.Context) (*dbus.Conn, error) {
	b.mu.Lock()
	if b.life.Err() != nil {
		b.mu.Unlock()
		return nil, dbus.ErrClosed
	}
	if b.conn != nil && b.conn.Connected() && b.at == os.Getenv(busVariable) {
		defer b.mu.Unlock()
		return b.conn, nil
	}
	if b.dials == nil {
		b.dials = &dialling{done: make(chan struct{})}
		b.reading.Go(b.redial)
	}
	d := b.dials
	b.mu.Unlock()
	select {
	case <-d.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("session bus: %w", context.Cause(ctx))
	}
	if d.err != nil {
		return nil, fmt.Errorf("session bus: %w", d.err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.conn, nil
}

// redial makes a connection and takes it over.
func (b *busBackend) redial() {
	ctx, cancel := context.WithTimeout(b.life, callTime)
	defer cancel()
	at := os.Getenv(busVariable)
	conn, err := b.dial(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		signals := make(chan *dbus.Signal, 16)
		conn.Signal(signals)
		if b.conn != nil {
			_ = b.conn.Close() // of a bus that has gone, or that we have left
		}
		b.conn, b.at, b.able, b.probe, b.late = conn, at, nil, nil, 0
		clear(b.ids)
		clear(b.serial)
		b.reading.Go(func() { b.read(signals) })
	}
	b.dials.err = err
	close(b.dials.done)
	b.dials = nil
}

// dial connects and subscribes to what the server says. ctx bounds this, not the connection, which
// closes with the backend.
func (b *busBackend) dial(ctx context.Context) (*dbus.Conn, error) {
	life, end := context.WithCancel(b.life)
	tooLate := context.AfterFunc(ctx, end)
	conn, err := b.connect(life)
	if err == nil {
		err = subscribe(ctx, conn)
	}
	if !tooLate() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		end() // closes the connection, if there is one
		return nil, err
	}
	return conn, nil
}

// subscribe asks for the server's signals, and for the news that there is another one.
func subscribe(ctx context.Context, conn *dbus.Conn) error {
	rules := [][]dbus.MatchOption{
		{dbus.WithMatchInterface(busName), dbus.WithMatchObjectPath(busPath), dbus.WithMatchSender(busName)},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)},
	}
	for _, rule := range rules {
		if err := conn.AddMatchSignalContext(ctx, rule...); err != nil {
			return err
		}
	}
	return nil
}

// errHangs says that the server is there and has not answered before.
var errHangs = errors.New("notification server: it does not answer")

// capabilities asks what the server can do, once for each server. It waits no longer than callTime, and not
// at all for one that has kept somebody waiting already: Ready tells when that one answers after all.
func (b *busBackend) capabilities(ctx context.Context) ([]string, error) {
	conn, err := b.connected(ctx)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	if b.able != nil {
		defer b.mu.Unlock()
		return b.able, nil
	}
	if b.life.Err() != nil || b.probe != nil && b.probe.late {
		b.mu.Unlock()
		return nil, errHangs
	}
	if b.probe == nil {
		b.probe = &dialling{done: make(chan struct{})}
		probe := b.probe
		b.reading.Go(func() { b.askAble(conn, probe) })
	}
	probe := b.probe
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	select {
	case <-probe.done:
	case <-ctx.Done():
		b.mu.Lock()
		probe.late = true
		b.mu.Unlock()
		return nil, errHangs
	}
	if probe.err != nil {
		return nil, fmt.Errorf("notification server: %w", probe.err)
	}
	return probe.able, nil
}

// askAble asks for the capabilities, for as long as it takes.
func (b *busBackend) askAble(conn *dbus.Conn, probe *dialling) {
	probe.able = []string{}
	probe.err = ask(b.life, conn, "GetCapabilities").Store(&probe.able)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probe == probe { // it is still the same server
		b.probe = nil
		if probe.err == nil {
			b.able = probe.able
		}
		if probe.late && probe.err == nil {
			b.tellReady()
		}
	}
	close(probe.done)
}

// tellReady says that what could not be shown may be shown now.
func (b *busBackend) tellReady() {
	select {
	case b.ready <- struct{}{}:
	default: // it is said already
	}
}

// Ready tells of a server that came, or answers again.
func (b *busBackend) Ready() <-chan struct{} { return b.ready }

// Clicks reports whether the server reports actions.
func (b *busBackend) Clicks(ctx context.Context) bool {
	able, err := b.capabilities(ctx)
	return err == nil && slices.Contains(able, "actions")
}

// Responses returns clicks and closings.
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
		"image-path":    dbus.MakeVariant(b.picture),
		"urgency":       dbus.MakeVariant(byte(1)), // normal
	}
	if n.Kind == KindDevice {
		hints["category"] = dbus.MakeVariant("device.added")
	}
	b.mu.Lock()
	if b.late > 0 || b.life.Err() != nil {
		b.mu.Unlock()
		return errHangs
	}
	expires := serverExpires
	if n.Stays {
		expires = neverExpires
	}
	replaces := b.ids[n.Slot]
	b.asking++
	call := &dialling{done: make(chan struct{})}
	b.reading.Go(func() {
		var id uint32
		call.err = ask(b.life, conn, "Notify", b.name, replaces, "", n.Title, body, actions, hints, expires).Store(&id)
		b.answered(n, call, replaces, id)
	})
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	select {
	case <-call.done:
	case <-ctx.Done():
		if b.giveUp(call) {
			return errHangs
		}
	}
	if call.err != nil {
		return fmt.Errorf("notification server: %w", call.err)
	}
	return nil
}

// Withdraw calls CloseNotification. What a server that hangs shows stays.
func (b *busBackend) Withdraw(ctx context.Context, slot string) error {
	b.mu.Lock()
	conn, id := b.conn, b.ids[slot]
	skip := id == 0 || conn == nil || b.late > 0 || b.life.Err() != nil
	if !skip {
		delete(b.ids, slot)
	}
	b.mu.Unlock()
	if skip {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if err := ask(ctx, conn, "CloseNotification", id).Err; err != nil {
		return fmt.Errorf("notification server: %w", err)
	}
	return nil
}

// giveUp waits no longer for an answer; false if it is here after all.
func (b *busBackend) giveUp(call *dialling) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-call.done:
		return false
	default:
		call.late = true
		b.late++
		return true
	}
}

// ask calls the notification server. godbus heeds ctx while it waits for the answer, but not while it
// writes to a bus that has stopped reading.
func ask(ctx context.Context, conn *dbus.Conn, method string, args ...any) *dbus.Call {
	answer := make(chan *dbus.Call, 1)
	go func() {
		answer <- conn.Object(busName, busPath).CallWithContext(ctx, busName+"."+method, 0, args...)
	}()
	select {
	case call := <-answer:
		return call
	case <-ctx.Done():
		return &dbus.Call{Err: context.Cause(ctx)}
	}
}

// answered takes over the id that the server gave, and the signals that were faster. What nobody waited for
// any more is shown once more, in its own place: more may have come meanwhile.
func (b *busBackend) answered(n Notification, call *dialling, replaces, id uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if call.err == nil {
		if replaces != id {
			delete(b.serial, replaces)
		}
		b.ids[n.Slot], b.serial[id] = id, n.Serial
	}
	b.asking--
	early := b.early
	b.early = nil
	if call.late {
		b.late = max(0, b.late-1) // a connection made anew begins with none
		b.tellReady()
	}
	close(call.done)
	if len(early) > 0 && b.life.Err() == nil {
		b.reading.Go(func() { b.pass(early...) })
	}
}

// Close leaves the bus. What is shown stays: the inbox answers later clicks no more. A bus that
// hangs is left behind after a moment.
func (b *busBackend) Close() error {
	b.end()
	b.mu.Lock()
	conn := b.conn
	b.mu.Unlock()
	closed := make(chan error, 1)
	go func() {
		var err error
		if conn != nil {
			err = conn.Close()
		}
		b.reading.Wait()
		close(b.responses)
		closed <- err
	}()
	select {
	case err := <-closed:
		if errors.Is(err, dbus.ErrClosed) {
			return nil
		}
		return err
	case <-time.After(leaveTime):
		return errors.New("session bus: it does not answer")
	}
}

// placePicture puts a PNG where a notification server finds it, and returns the hint "image-path" that leads
// there: the pixels themselves cost a millisecond of every notification, since the library for the bus writes
// them one by one. From a sandbox no server can read files; there, and where the folder takes none, the picture
// is the one that icon themes have under the name of the desktop file.
func placePicture(folder, id string, picture []byte) string {
	if _, err := os.Stat(sandboxMark); err == nil {
		return id
	}
	path := filepath.Join(folder, "icon.png")
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		return id
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// sandboxMark is there in every Flatpak.
const sandboxMark = "/.flatpak-info"
