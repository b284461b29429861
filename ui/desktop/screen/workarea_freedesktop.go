//go:build !windows && !darwin

package screen

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"os"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"

	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// workAreaTime is how long the server may take: the window waits for it before it opens.
const workAreaTime = 2 * time.Second

// workArea asks X11: the main monitor (RandR 1.5), without what the panels take (EWMH, _NET_WORKAREA).
func workArea() (image.Rectangle, error) {
	if session.FindDisplay() != session.X11Display {
		return image.Rectangle{}, ErrUnavailable
	}
	ctx, leave := context.WithTimeout(context.Background(), workAreaTime)
	defer leave()
	conn, err := xserver.Dial(ctx, os.Getenv("DISPLAY"))
	if err != nil {
		return image.Rectangle{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	root := xproto.Setup(conn).DefaultScreen(conn)
	area := image.Rect(0, 0, int(root.WidthInPixels), int(root.HeightInPixels))
	if monitor, ok := mainMonitor(conn, root.Root); ok {
		area = monitor
	}
	if left, ok := withoutPanels(conn, root.Root); ok && !area.Intersect(left).Empty() {
		area = area.Intersect(left)
	}
	return area, nil
}

func mainMonitor(conn *xgb.Conn, root xproto.Window) (image.Rectangle, bool) {
	if randr.Init(conn) != nil {
		return image.Rectangle{}, false
	}
	reply, err := randr.GetMonitors(conn, root, true).Reply()
	if err != nil || len(reply.Monitors) == 0 {
		return image.Rectangle{}, false
	}
	chosen := reply.Monitors[0]
	for _, m := range reply.Monitors {
		if m.Primary {
			chosen = m
		}
	}
	at := image.Pt(int(chosen.X), int(chosen.Y))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(int(chosen.Width), int(chosen.Height)))}, true
}

// withoutPanels reads the work area of the first desktop; others have the same panels nearly always.
func withoutPanels(conn *xgb.Conn, root xproto.Window) (image.Rectangle, bool) {
	const name = "_NET_WORKAREA"
	atom, err := xproto.InternAtom(conn, true, uint16(len(name)), name).Reply()
	if err != nil || atom.Atom == xproto.AtomNone {
		return image.Rectangle{}, false
	}
	reply, err := xproto.GetProperty(conn, false, root, atom.Atom, xproto.AtomCardinal, 0, 4).Reply()
	if err != nil || reply.Format != 32 || len(reply.Value) < 16 {
		return image.Rectangle{}, false
	}
	number := func(i int) int { return int(binary.LittleEndian.Uint32(reply.Value[4*i:])) }
	at := image.Pt(number(0), number(1))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(number(2), number(3)))}, true
}
