//go:build !windows && !darwin

package clipboard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// x11Clipboard watches the CLIPBOARD selection by XFixes events and owns it after SetText
// (ICCCM, section 2; XFixes 1, SelectionNotify). One goroutine reads events; it alone asks for
// and serves contents.
type x11Clipboard struct {
	conn    *xgb.Conn
	leave   context.CancelFunc // ends the connection
	window  xproto.Window
	atoms   map[string]xproto.Atom
	changed chan struct{}
	reading sync.WaitGroup

	// The request under way: read by whoever reads events alone.
	turn   int              // which of the properties it uses
	asked  xproto.Timestamp // when its owner came
	drains bool             // its answer comes in pieces, which are thrown away

	mu   sync.Mutex
	text string
	own  string // what we offer while we own the selection
}

// The atoms.
const (
	xClipboard = "CLIPBOARD"
	xTargets   = "TARGETS"
	xUTF8      = "UTF8_STRING"
	xMime      = "text/plain;charset=utf-8"
	xIncr      = "INCR"
	xSecret    = "x-kde-passwordManagerHint" // how password managers mark what they put there
)

// xTurns is how many properties on our window contents arrive in by turns: an owner that is asked while an
// earlier answer is on its way must not write over it, and that answer must not be taken for the later one
// (ICCCM, section 2.4, on several requests at once).
const xTurns = 8

// xText is the property of a turn.
func xText(turn int) string { return "TABFERRY_TEXT_" + strconv.Itoa(turn) }

// x11AnswerTime is how long a server may take for everything that comes before the first event.
const x11AnswerTime = 5 * time.Second

// openX11Clipboard connects to the X server named by DISPLAY.
func openX11Clipboard() (Clipboard, error) {
	ctx, leave := context.WithCancel(context.Background())
	late := time.AfterFunc(x11AnswerTime, leave)
	defer late.Stop()
	conn, err := xserver.Dial(ctx, os.Getenv("DISPLAY"))
	if err != nil {
		leave()
		return nil, fmt.Errorf("%w: no X server: %w", ErrUnavailable, err)
	}
	c := &x11Clipboard{conn: conn, leave: leave, atoms: map[string]xproto.Atom{}, changed: make(chan struct{}, 1)}
	if err := c.prepare(); err != nil {
		leave()
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	c.reading.Go(c.read)
	return c, nil
}

// prepare makes the window that receives, and asks to be told of new owners.
func (c *x11Clipboard) prepare() error {
	if err := xfixes.Init(c.conn); err != nil {
		return fmt.Errorf("XFixes: %w", err)
	}
	if _, err := xfixes.QueryVersion(c.conn, 1, 0).Reply(); err != nil {
		return fmt.Errorf("XFixes: %w", err)
	}
	names := append(textForms(), xClipboard, xTargets, xIncr, xSecret)
	for turn := range xTurns {
		names = append(names, xText(turn))
	}
	for _, name := range names {
		atom, err := xproto.InternAtom(c.conn, false, uint16(len(name)), name).Reply() // #nosec G115 -- short names
		if err != nil {
			return fmt.Errorf("atom: %w", err)
		}
		c.atoms[name] = atom.Atom
	}
	window, err := xproto.NewWindowId(c.conn)
	if err != nil {
		return fmt.Errorf("window: %w", err)
	}
	c.window = window
	root := xproto.Setup(c.conn).DefaultScreen(c.conn).Root
	err = xproto.CreateWindowChecked(c.conn, 0, window, root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0,
		xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		return fmt.Errorf("window: %w", err)
	}
	const mask = xfixes.SelectionEventMaskSetSelectionOwner | xfixes.SelectionEventMaskSelectionWindowDestroy | xfixes.SelectionEventMaskSelectionClientClose
	if err := xfixes.SelectSelectionInputChecked(c.conn, window, c.atoms[xClipboard], mask).Check(); err != nil {
		return fmt.Errorf("XFixes: %w", err)
	}
	c.begin(xproto.TimeCurrentTime) // what is there already
	return nil
}

func (c *x11Clipboard) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

// SetText becomes the owner of the selection. CurrentTime instead of an event's time is what
// ICCCM wants only of programs that react to input; there was none here.
func (c *x11Clipboard) SetText(text string) error {
	c.mu.Lock()
	c.own = text
	c.mu.Unlock()
	if err := xproto.SetSelectionOwnerChecked(c.conn, c.window, c.atoms[xClipboard], xproto.TimeCurrentTime).Check(); err != nil {
		return fmt.Errorf("clipboard: %w", err)
	}
	owner, err := xproto.GetSelectionOwner(c.conn, c.atoms[xClipboard]).Reply()
	if err != nil {
		return fmt.Errorf("clipboard: %w", err)
	}
	if owner.Owner != c.window {
		return errors.New("clipboard: another program took it")
	}
	return nil
}

func (c *x11Clipboard) Changed() <-chan struct{} { return c.changed }

func (c *x11Clipboard) Close() error {
	c.leave()
	c.reading.Wait()
	return nil
}

// read handles events until the connection ends.
func (c *x11Clipboard) read() {
	defer close(c.changed)
	for {
		event, err := c.conn.WaitForEvent()
		if event == nil && err == nil {
			return
		}
		switch e := event.(type) {
		case xfixes.SelectionNotifyEvent:
			c.owned(e.Owner, e.Timestamp)
		case xproto.SelectionNotifyEvent:
			c.arrived(e)
		case xproto.PropertyNotifyEvent:
			c.piece(e)
		case xproto.SelectionRequestEvent:
			c.serve(e)
		}
	}
}

// owned reacts to a new owner: it is asked what it offers.
func (c *x11Clipboard) owned(owner xproto.Window, at xproto.Timestamp) {
	switch owner {
	case 0:
		c.set("")
	case c.window:
		c.mu.Lock()
		own := c.own
		c.mu.Unlock()
		c.set(own)
	default:
		c.begin(at)
	}
}

// begin asks an owner what it offers; what earlier ones still answer does not count any more.
func (c *x11Clipboard) begin(at xproto.Timestamp) {
	c.turn, c.asked, c.drains = (c.turn+1)%xTurns, at, false
	c.ask(xTargets)
}

// property is where the request under way is answered.
func (c *x11Clipboard) property() xproto.Atom { return c.atoms[xText(c.turn)] }

// turns are the properties of all turns.
func (c *x11Clipboard) turns() []xproto.Atom {
	var all []xproto.Atom
	for turn := range xTurns {
		all = append(all, c.atoms[xText(turn)])
	}
	return all
}

// ask asks the owner for a form of the contents; the answer comes as an event.
func (c *x11Clipboard) ask(target string) {
	xproto.ConvertSelection(c.conn, c.window, c.atoms[xClipboard], c.atoms[target], c.property(), c.asked)
}

func (c *x11Clipboard) set(text string) {
	c.mu.Lock()
	differs := c.text != text
	c.text = text
	c.mu.Unlock()
	if differs {
		signal(c.changed)
	}
}

// arrived takes the owner's answer: first the list of what it offers, then the text.
func (c *x11Clipboard) arrived(e xproto.SelectionNotifyEvent) {
	switch {
	case e.Property == 0 && e.Time != c.asked:
		return // an earlier one refuses
	case e.Property != 0 && e.Property != c.property():
		xproto.DeleteProperty(c.conn, c.window, e.Property) // an earlier one answers
		return
	case e.Property == 0:
		c.set("") // it has no text, or does not answer us (as compositors without focus on X11)
		return
	}
	property, err := xproto.GetProperty(c.conn, true, c.window, e.Property, xproto.GetPropertyTypeAny, 0, maxText/4).Reply()
	if err != nil {
		c.set("")
		return
	}
	if e.Target == c.atoms[xTargets] {
		if form := c.offered(property.Value); property.Format == 32 && form != "" {
			c.ask(form)
		} else {
			c.set("")
		}
		return
	}
	switch {
	case property.Type == c.atoms[xIncr]:
		// In pieces, so it is large. Reading the property has begun the transfer; the pieces are
		// taken and thrown away, else the owner would wait for ever.
		c.drains = true
		c.set("")
	case property.BytesAfter > 0:
		xproto.DeleteProperty(c.conn, c.window, e.Property)
		c.set("")
	case property.Format == 8:
		c.set(decodeText(c.form(e.Target), string(property.Value)))
	default:
		c.set("")
	}
}

// offered returns the best form of text in a list of targets; none beside a password's mark.
func (c *x11Clipboard) offered(list []byte) string {
	there := map[xproto.Atom]bool{}
	for ; len(list) >= 4; list = list[4:] {
		there[xproto.Atom(xgb.Get32(list))] = true
	}
	for _, form := range textForms() {
		if there[c.atoms[form]] && !there[c.atoms[xSecret]] {
			return form
		}
	}
	return ""
}

// form returns the form of text that an atom stands for.
func (c *x11Clipboard) form(atom xproto.Atom) string {
	for _, form := range textForms() {
		if c.atoms[form] == atom {
			return form
		}
	}
	return ""
}

// piece throws a piece of a large transfer away, an empty one is the last, and whatever arrives for an
// earlier request: it may come in pieces too.
func (c *x11Clipboard) piece(e xproto.PropertyNotifyEvent) {
	if e.State != xproto.PropertyNewValue || !slices.Contains(c.turns(), e.Atom) {
		return
	}
	if current := e.Atom == c.property(); current && !c.drains {
		return
	} else if current {
		property, err := xproto.GetProperty(c.conn, false, c.window, e.Atom, xproto.GetPropertyTypeAny, 0, 0).Reply()
		c.drains = err == nil && property.BytesAfter > 0
	}
	xproto.DeleteProperty(c.conn, c.window, e.Atom)
}

// serve answers another program that wants what we own.
func (c *x11Clipboard) serve(e xproto.SelectionRequestEvent) {
	c.mu.Lock()
	text := c.own
	c.mu.Unlock()
	property := e.Property
	if property == 0 {
		property = e.Target // obsolete clients (ICCCM 2.2)
	}
	switch e.Target {
	case c.atoms[xTargets]:
		var list []byte
		for _, name := range []string{xTargets, xUTF8, xMime} {
			list = append(list, 0, 0, 0, 0)
			xgb.Put32(list[len(list)-4:], uint32(c.atoms[name]))
		}
		xproto.ChangeProperty(c.conn, xproto.PropModeReplace, e.Requestor, property, xproto.AtomAtom, 32, uint32(len(list)/4), list) // #nosec G115 -- three atoms
	case c.atoms[xUTF8], c.atoms[xMime]:
		xproto.ChangeProperty(c.conn, xproto.PropModeReplace, e.Requestor, property, e.Target, 8, uint32(len(text)), []byte(text)) // #nosec G115 -- a few links
	default:
		property = 0 // refused
	}
	answer := xproto.SelectionNotifyEvent{Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: property}
	xproto.SendEvent(c.conn, false, e.Requestor, 0, string(answer.Bytes()))
}
