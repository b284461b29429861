//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"golang.org/x/text/encoding/unicode"

	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// Copy puts onto the clipboard of the box what a program does that offers it in several forms, by their names; it
// is there until ctx ends or somebody else copies something (ICCCM, section 2).
func (b *Box) Copy(ctx context.Context, forms map[string][]byte) error {
	conn, err := xserver.Dial(ctx, b.Display)
	if err != nil {
		return err
	}
	o := owner{conn, map[xproto.Atom][]byte{}, 0}
	var errs []error
	atom := func(name string) xproto.Atom {
		reply, err := xproto.InternAtom(conn, false, uint16(len(name)), name).Reply() // #nosec G115 -- short names
		if err != nil {
			errs = append(errs, err)
			return 0
		}
		return reply.Atom
	}
	for name, content := range forms {
		o.forms[atom(name)] = content
	}
	o.targets = atom("TARGETS")
	clipboard := atom("CLIPBOARD")
	window, err := xproto.NewWindowId(conn)
	root := xproto.Setup(conn).DefaultScreen(conn).Root
	made := xproto.CreateWindowChecked(conn, 0, window, root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0, 0, nil).Check()
	go o.serve() // ends with ctx
	taken := xproto.SetSelectionOwnerChecked(conn, window, clipboard, xproto.TimeCurrentTime).Check()
	if err := errors.Join(append(errs, err, made, taken)...); err != nil {
		return fmt.Errorf("box: copying: %w", err)
	}
	return nil
}

// CopyLink is Copy as Firefox does for a link of a page: its address as text, its address and its title in a form
// of Firefox's own, and the piece of the page.
func (b *Box) CopyLink(ctx context.Context, address, title string) error {
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(address + "\n" + title))
	if err != nil {
		return err
	}
	return b.Copy(ctx, map[string][]byte{
		"UTF8_STRING": []byte(address), "text/plain;charset=utf-8": []byte(address), "text/x-moz-url": wide,
		"text/html": []byte(`<a href="` + address + `">` + title + `</a>`),
	})
}

// owner is a program that owns the clipboard.
type owner struct {
	conn    *xgb.Conn
	forms   map[xproto.Atom][]byte
	targets xproto.Atom
}

// serve answers until the connection ends.
func (o owner) serve() {
	for {
		event, fault := o.conn.WaitForEvent()
		if event == nil && fault == nil {
			return
		}
		asked, ok := event.(xproto.SelectionRequestEvent)
		if !ok {
			continue
		}
		at, content, kind, bits := asked.Property, o.forms[asked.Target], asked.Target, byte(8)
		if asked.Target == o.targets {
			kind, bits = xproto.AtomAtom, 32
			for form := range o.forms {
				content = append(content, 0, 0, 0, 0)
				xgb.Put32(content[len(content)-4:], uint32(form))
			}
		}
		if content == nil {
			at = 0 // refused
		} else {
			xproto.ChangeProperty(o.conn, xproto.PropModeReplace, asked.Requestor, at, kind, bits, uint32(len(content))/uint32(bits/8), content) // #nosec G115 -- a link
		}
		answer := xproto.SelectionNotifyEvent{Time: asked.Time, Requestor: asked.Requestor, Selection: asked.Selection, Target: asked.Target, Property: at}
		xproto.SendEvent(o.conn, false, asked.Requestor, 0, string(answer.Bytes()))
	}
}
