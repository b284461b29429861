//go:build !windows && !darwin

package clipboard

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// x11Reader asks the owner of the CLIPBOARD selection for its contents once (ICCCM, sections 2.4 and
// 2.7.2), on a connection of its own that ends with the answer.
type x11Reader struct {
	wanted   once
	conn     *xgb.Conn
	window   xproto.Window
	property xproto.Atom
	incr     xproto.Atom
	events   chan xgb.Event
	ended    <-chan struct{}
}

// pieceSize is how much of a property is read at once, in bytes. Servers take far more; the limit
// keeps a reply's buffer small.
const pieceSize = 1 << 20

// x11 reads from the X server named by DISPLAY.
func (o once) x11(ctx context.Context) (form string, content []byte, err error) {
	waiting := ctx
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	conn, err := xserver.Dial(ctx, os.Getenv("DISPLAY"))
	if err != nil {
		if waiting.Err() != nil {
			return "", nil, givenUp(waiting)
		}
		return "", nil, fmt.Errorf("%w: no X server: %w", ErrUnavailable, err)
	}
	events := make(chan xgb.Event)
	read := make(chan struct{})
	go func() { // ends when the connection does
		defer close(read)
		for {
			event, err := conn.WaitForEvent()
			if event == nil && err == nil {
				return
			}
			if event == nil {
				continue // the answer to an unchecked request; the question's own answer stays out
			}
			select {
			case events <- event:
			case <-ctx.Done():
			}
		}
	}()
	defer func() { leave(); <-read }()
	r := &x11Reader{wanted: o, conn: conn, events: events, ended: read}
	form, content, err = r.read(ctx)
	if waiting.Err() != nil {
		return "", nil, givenUp(waiting)
	}
	return form, content, err
}

func (r *x11Reader) read(ctx context.Context) (form string, content []byte, err error) {
	const property = "TABFERRY_ONCE"
	names := append([]string{xClipboard, xTargets, xSecret, xIncr, property}, r.wanted.forms...)
	atoms := map[string]xproto.Atom{}
	for _, name := range names {
		atom, err := xproto.InternAtom(r.conn, false, uint16(len(name)), name).Reply() // #nosec G115 -- short names
		if err != nil {
			return "", nil, fmt.Errorf("clipboard: atom: %w", err)
		}
		atoms[name] = atom.Atom
	}
	r.property, r.incr = atoms[property], atoms[xIncr]
	if r.window, err = xproto.NewWindowId(r.conn); err != nil {
		return "", nil, fmt.Errorf("clipboard: window: %w", err)
	}
	root := xproto.Setup(r.conn).DefaultScreen(r.conn).Root
	err = xproto.CreateWindowChecked(r.conn, 0, r.window, root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0,
		xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		return "", nil, fmt.Errorf("clipboard: window: %w", err)
	}
	list, err := r.convert(ctx, atoms[xClipboard], atoms[xTargets])
	if err != nil {
		return "", nil, err
	}
	var offered []xproto.Atom
	for ; len(list) >= 4; list = list[4:] {
		offered = append(offered, xproto.Atom(xgb.Get32(list)))
	}
	if slices.Contains(offered, atoms[xSecret]) {
		return "", nil, errNothing
	}
	for _, form := range r.wanted.forms {
		if slices.Contains(offered, atoms[form]) {
			content, err := r.convert(ctx, atoms[xClipboard], atoms[form])
			return form, content, err
		}
	}
	return "", nil, errNothing
}

// convert asks the owner for one form of the contents and takes it, whole or in pieces.
func (r *x11Reader) convert(ctx context.Context, selection, target xproto.Atom) ([]byte, error) {
	xproto.ConvertSelection(r.conn, r.window, selection, target, r.property, xproto.TimeCurrentTime)
	for {
		event, err := r.next(ctx)
		if err != nil {
			return nil, err
		}
		answer, ok := event.(xproto.SelectionNotifyEvent)
		if !ok || answer.Target != target {
			continue
		}
		if answer.Property == 0 {
			return nil, errNothing // nobody owns it, or the owner has no such form
		}
		content, kind, err := r.take()
		if err != nil || kind != r.incr {
			return content, err
		}
		return r.pieces(ctx)
	}
}

// pieces takes a transfer in pieces: every new value of the property is the next one, an empty value
// the end. Deleting the property asks for more (ICCCM, section 2.7.2).
func (r *x11Reader) pieces(ctx context.Context) ([]byte, error) {
	var all []byte
	for {
		event, err := r.next(ctx)
		if err != nil {
			return nil, err
		}
		change, ok := event.(xproto.PropertyNotifyEvent)
		if !ok || change.Atom != r.property || change.State != xproto.PropertyNewValue {
			continue
		}
		piece, _, err := r.take()
		if err != nil || len(piece) == 0 {
			return all, err
		}
		if len(all)+len(piece) > r.wanted.limit {
			return nil, errNothing
		}
		all = append(all, piece...)
	}
}

// take reads the property and deletes it.
func (r *x11Reader) take() (content []byte, kind xproto.Atom, err error) {
	for {
		at := uint32(len(content) / 4) // #nosec G115 -- bounded below
		part, err := xproto.GetProperty(r.conn, true, r.window, r.property, xproto.GetPropertyTypeAny, at, pieceSize/4).Reply()
		if err != nil {
			return nil, 0, fmt.Errorf("clipboard: %w", err)
		}
		content = append(content, part.Value...)
		if len(content) > r.wanted.limit {
			return nil, 0, errNothing
		}
		if part.BytesAfter == 0 { // only then has the server deleted it
			return content, part.Type, nil
		}
		if len(part.Value) == 0 {
			return nil, 0, errNothing
		}
	}
}

// next returns the next event.
func (r *x11Reader) next(ctx context.Context) (xgb.Event, error) {
	select {
	case event := <-r.events:
		return event, nil
	case <-r.ended:
		return nil, fmt.Errorf("%w: the X server went away", ErrUnavailable)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
