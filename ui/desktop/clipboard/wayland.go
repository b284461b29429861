//go:build !windows && !darwin

package clipboard

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// waylandClipboard uses data-control, which lets programs without a window at the clipboard:
// ext_data_control_v1 of wayland-protocols, or its forerunner zwlr_data_control_v1 of
// wlr-protocols, whose requests and events are the same.
type waylandClipboard struct {
	content waylandContent
	conn    *waylandConn
	manager uint32
	device  uint32
	changed chan struct{}
	quit    chan struct{}
	ended   chan struct{}  // closed when all of working has ended
	working sync.WaitGroup // the reading loop and transfers
	offers  map[uint32][]string

	mu       sync.Mutex
	form     string // of text, as its owner gave it
	text     string
	turn     uint64            // counts selections: a slow transfer must not overwrite a newer one
	sources  map[uint32]string // what we offer, by source
	registry map[string]waylandGlobal
}

type waylandGlobal struct{ name, version uint32 }

// The requests and events used here, by their numbers in the protocols' XML.
const (
	displayID         = 1
	displaySync       = 0
	displayRegistry   = 1
	registryBind      = 0
	managerSource     = 0
	managerDevice     = 1
	deviceSet         = 0
	offerReceive      = 0
	offerDestroy      = 1
	sourceOffer       = 0
	sourceDestroy     = 1
	eventError        = 0 // display
	eventGlobal       = 0 // registry
	eventDone         = 0 // callback
	eventOffer        = 0 // device: a new offer
	eventSelection    = 1 // device: the offer that is the clipboard now
	eventFinished     = 2 // device: no longer valid
	eventMime         = 0 // offer
	eventSend         = 0 // source
	eventCancelled    = 1 // source
	serverObjects     = 0xff000000
	waylandAnswerTime = 2 * time.Second // for the compositor at the start
	transferTime      = 3 * time.Second // for another program's text
)

// waylandTexts are the forms of text that we offer; the last two are X11's names.
func waylandTexts() []string {
	return []string{"text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "STRING"}
}

// waylandContent is what is read from the clipboard.
type waylandContent struct {
	forms     []string // best first
	limit     int64    // in bytes
	everyTime bool     // tell of every selection, also of one that brings nothing new, and keep it as it came
}

// openWaylandClipboard connects to the compositor named by WAYLAND_DISPLAY, to read text.
func openWaylandClipboard() (Clipboard, error) {
	return newWaylandClipboard(waylandContent{forms: textForms(), limit: maxText})
}

func newWaylandClipboard(content waylandContent) (*waylandClipboard, error) {
	conn, err := dialWayland()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	c := &waylandClipboard{
		content: content, conn: conn, changed: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
		offers: map[uint32][]string{}, sources: map[uint32]string{}, registry: map[string]waylandGlobal{},
	}
	if err := c.prepare(); err != nil {
		conn.dropFDs()
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnavailable, err), conn.socket.Close())
	}
	c.working.Go(c.read)
	go func() { // ends with the last of them; Close waits for it
		c.working.Wait()
		close(c.changed)
		close(c.ended)
	}()
	return c, nil
}

// prepare finds seat and data-control, and binds them.
func (c *waylandClipboard) prepare() error {
	if err := c.conn.socket.SetReadDeadline(time.Now().Add(waylandAnswerTime)); err != nil {
		return err
	}
	var registry, callback uint32
	err := c.conn.request(-1, func(id func() uint32) []*waylandRequest {
		registry, callback = id(), id()
		return []*waylandRequest{
			newWaylandRequest(displayID, displayRegistry).uint(registry),
			newWaylandRequest(displayID, displaySync).uint(callback),
		}
	})
	for done := false; err == nil && !done; {
		var m waylandMessage
		if m, err = c.conn.next(); err != nil {
			break
		}
		switch {
		case m.object == registry && m.opcode == eventGlobal:
			name, kind, version := m.args.uint(), m.args.string(), m.args.uint()
			if _, seen := c.registry[kind]; !seen && m.args.err == nil { // the first seat is the user's
				c.registry[kind] = waylandGlobal{name, version}
			}
		case m.object == callback && m.opcode == eventDone:
			done = true
		case m.object == displayID && m.opcode == eventError:
			err = errWayland
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(c.bind(registry), c.conn.socket.SetReadDeadline(time.Time{}))
}

func (c *waylandClipboard) bind(registry uint32) error {
	kind := "ext_data_control_manager_v1"
	manager, ok := c.registry[kind]
	if !ok {
		kind = "zwlr_data_control_manager_v1"
		manager, ok = c.registry[kind]
	}
	seat, hasSeat := c.registry["wl_seat"]
	if !ok || !hasSeat {
		return errors.New("wayland: this compositor offers no data-control")
	}
	return c.conn.request(-1, func(id func() uint32) []*waylandRequest {
		seatID := id()
		c.manager, c.device = id(), id()
		return []*waylandRequest{
			newWaylandRequest(registry, registryBind).uint(seat.name).string("wl_seat").uint(1).uint(seatID),
			newWaylandRequest(registry, registryBind).uint(manager.name).string(kind).uint(1).uint(c.manager),
			newWaylandRequest(c.manager, managerDevice).uint(c.device).uint(seatID),
		}
	})
}

func (c *waylandClipboard) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

// taken returns what was read, and its form.
func (c *waylandClipboard) taken() (form, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.form, c.text
}

// SetText offers a text until another program offers something.
func (c *waylandClipboard) SetText(text string) error {
	return c.conn.request(-1, func(id func() uint32) []*waylandRequest {
		source := id()
		c.mu.Lock()
		c.sources[source] = text // before the request is out, so that "send" finds it
		c.mu.Unlock()
		all := []*waylandRequest{newWaylandRequest(c.manager, managerSource).uint(source)}
		for _, mime := range waylandTexts() {
			all = append(all, newWaylandRequest(source, sourceOffer).string(mime))
		}
		return append(all, newWaylandRequest(c.device, deviceSet).uint(source))
	})
}

func (c *waylandClipboard) Changed() <-chan struct{} { return c.changed }

func (c *waylandClipboard) Close() error {
	close(c.quit)
	err := c.conn.socket.Close()
	<-c.ended
	return err
}

// read handles events until the connection ends. If the compositor ends first, the text is gone.
func (c *waylandClipboard) read() {
	defer c.conn.dropFDs()
	for {
		m, err := c.conn.next()
		if err == nil {
			err = c.event(&m)
		}
		if err != nil {
			c.mu.Lock()
			c.turn++
			turn := c.turn
			c.mu.Unlock()
			c.set(turn, "", "")
			return
		}
	}
}

// event handles one event.
func (c *waylandClipboard) event(m *waylandMessage) error {
	switch {
	case m.object == displayID && m.opcode == eventError:
		return errWayland
	case m.object == c.device && m.opcode == eventOffer:
		offer := m.args.uint()
		if offer < serverObjects {
			return errWayland
		}
		c.offers[offer] = nil
	case m.object == c.device && m.opcode == eventSelection:
		return errors.Join(m.args.err, c.selected(m.args.uint()))
	case m.object == c.device && m.opcode == eventFinished:
		return errWayland
	case m.object >= serverObjects && m.opcode == eventMime:
		if _, ours := c.offers[m.object]; ours && len(c.offers[m.object]) < 256 {
			c.offers[m.object] = append(c.offers[m.object], m.args.string())
		}
	default:
		return c.sourceEvent(m)
	}
	return m.args.err
}

// selected asks for the text of the offer that is the clipboard now; zero is an empty clipboard.
func (c *waylandClipboard) selected(offer uint32) error {
	c.mu.Lock()
	c.turn++
	turn := c.turn
	c.mu.Unlock()
	mimes := c.offers[offer]
	var old []uint32
	for id := range c.offers {
		old = append(old, id)
	}
	clear(c.offers)
	form := ""
	for _, wanted := range c.content.forms {
		if slices.Contains(mimes, wanted) {
			form = wanted
			break
		}
	}
	var err error
	if form == "" || slices.Contains(mimes, xSecret) {
		c.set(turn, "", "")
	} else {
		err = c.receive(offer, form, turn)
	}
	return errors.Join(err, c.conn.request(-1, func(func() uint32) []*waylandRequest {
		var all []*waylandRequest
		for _, id := range old {
			all = append(all, newWaylandRequest(id, offerDestroy))
		}
		return all
	}))
}
