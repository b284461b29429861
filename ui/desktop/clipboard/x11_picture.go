//go:build !windows && !darwin

package clipboard

import (
	"context"
	"fmt"
	"slices"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// x11PictureReader asks the owner of the CLIPBOARD selection for a picture (ICCCM, sections 2.4 and
// 2.7.2), on a connection of its own that ends with the answer.
type x11PictureReader struct {
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

// x11Picture reads the picture from the X server named by DISPLAY.
func x11Picture(ctx context.Context) ([]byte, error) {
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, fmt.Errorf("%w: no X server: %w", ErrPicturesUnsupported, err)
	}
	events := make(chan xgb.Event)
	leave := make(chan struct{})
	read := make(chan struct{})
	go func() { // ends when the connection does, which the next lines see to
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
			case <-leave:
			}
		}
	}()
	defer func() {
		close(leave)
		conn.Close()
		<-read
	}()
	stop := context.AfterFunc(ctx, conn.Close) // a server that does not answer is given up
	defer stop()
	r := &x11PictureReader{conn: conn, events: events, ended: read}
	picture, err := r.read(ctx)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("desktop: waiting for the clipboard: %w", context.Cause(ctx))
	}
	return picture, err
}

func (r *x11PictureReader) read(ctx context.Context) ([]byte, error) {
	names := append([]string{xClipboard, xTargets, xSecret, xIncr, "TABFERRY_PICTURE"}, pictureForms()...)
	atoms := map[string]xproto.Atom{}
	for _, name := range names {
		atom, err := xproto.InternAtom(r.conn, false, uint16(len(name)), name).Reply() // #nosec G115 -- short names
		if err != nil {
			return nil, fmt.Errorf("clipboard: atom: %w", err)
		}
		atoms[name] = atom.Atom
	}
	r.property, r.incr = atoms["TABFERRY_PICTURE"], atoms[xIncr]
	var err error
	if r.window, err = xproto.NewWindowId(r.conn); err != nil {
		return nil, fmt.Errorf("clipboard: window: %w", err)
	}
	root := xproto.Setup(r.conn).DefaultScreen(r.conn).Root
	err = xproto.CreateWindowChecked(r.conn, 0, r.window, root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0,
		xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		return nil, fmt.Errorf("clipboard: window: %w", err)
	}
	list, err := r.convert(ctx, atoms[xClipboard], atoms[xTargets])
	if err != nil {
		return nil, err
	}
	var offered []xproto.Atom
	for ; len(list) >= 4; list = list[4:] {
		offered = append(offered, xproto.Atom(xgb.Get32(list)))
	}
	if slices.Contains(offered, atoms[xSecret]) {
		return nil, ErrNoPicture
	}
	for _, form := range pictureForms() {
		if slices.Contains(offered, atoms[form]) {
			return r.convert(ctx, atoms[xClipboard], atoms[form])
		}
	}
	return nil, ErrNoPicture
}

// convert asks the owner for one form of the contents and takes it, whole or in pieces.
func (r *x11PictureReader) convert(ctx context.Context, selection, target xproto.Atom) ([]byte, error) {
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
			return nil, ErrNoPicture // nobody owns it, or the owner has no such form
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
func (r *x11PictureReader) pieces(ctx context.Context) ([]byte, error) {
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
		if len(all)+len(piece) > maxPicture {
			return nil, ErrNoPicture
		}
		all = append(all, piece...)
	}
}

// take reads the property and deletes it.
func (r *x11PictureReader) take() (content []byte, kind xproto.Atom, err error) {
	for {
		at := uint32(len(content) / 4) // #nosec G115 -- bounded below
		part, err := xproto.GetProperty(r.conn, true, r.window, r.property, xproto.GetPropertyTypeAny, at, pieceSize/4).Reply()
		if err != nil {
			return nil, 0, fmt.Errorf("clipboard: %w", err)
		}
		content = append(content, part.Value...)
		if part.BytesAfter == 0 { // only then has the server deleted it
			return content, part.Type, nil
		}
		if len(content) > maxPicture || len(part.Value) == 0 {
			return nil, 0, ErrNoPicture
		}
	}
}

// next returns the next event.
func (r *x11PictureReader) next(ctx context.Context) (xgb.Event, error) {
	select {
	case event := <-r.events:
		return event, nil
	case <-r.ended:
		return nil, fmt.Errorf("%w: the X server went away", ErrPicturesUnsupported)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
