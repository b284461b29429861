//go:build !windows && !darwin

package screen

import (
	"context"
	"fmt"
	"image"
	"os"

	"github.com/jezek/xgb/xproto"

	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// grabX11 reads the root window, which spans all monitors.
func grabX11(ctx context.Context) (image.Image, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	conn, err := xserver.Dial(ctx, os.Getenv("DISPLAY"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	setup := xproto.Setup(conn)
	screen := setup.DefaultScreen(conn)
	width, height := int(screen.WidthInPixels), int(screen.HeightInPixels)
	reply, err := xproto.GetImage(conn, xproto.ImageFormatZPixmap, xproto.Drawable(screen.Root),
		0, 0, screen.WidthInPixels, screen.HeightInPixels, ^uint32(0)).Reply()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	var visual xproto.VisualInfo
	for _, depth := range screen.AllowedDepths {
		for _, v := range depth.Visuals {
			if v.VisualId == reply.Visual {
				visual = v
			}
		}
	}
	layout := x11Layout{
		bigEndian: setup.ImageByteOrder == xproto.ImageOrderMSBFirst,
		red:       visual.RedMask, green: visual.GreenMask, blue: visual.BlueMask,
	}
	for _, f := range setup.PixmapFormats {
		if f.Depth == reply.Depth {
			layout.bits, layout.pad = int(f.BitsPerPixel), int(f.ScanlinePad)
		}
	}
	return layout.picture(reply.Data, width, height)
}

// x11Layout says how the server stores a picture.
type x11Layout struct {
	bits, pad        int // per pixel; of a line, in bits
	bigEndian        bool
	red, green, blue uint32
}

// picture understands the layout of every true-colour screen of our time: four bytes a pixel and a
// byte for each colour.
func (l x11Layout) picture(data []byte, width, height int) (*image.RGBA, error) {
	r, okR := l.byteOf(l.red)
	g, okG := l.byteOf(l.green)
	b, okB := l.byteOf(l.blue)
	if l.bits != 32 || l.pad == 0 || !okR || !okG || !okB {
		return nil, fmt.Errorf("%w: unknown pixel layout", ErrUnavailable)
	}
	stride := (width*l.bits + l.pad - 1) / l.pad * l.pad / 8
	if len(data) < stride*height {
		return nil, fmt.Errorf("%w: the picture is cut off", ErrUnavailable)
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		in, out := data[y*stride:], img.Pix[y*img.Stride:]
		for x := range width {
			p, q := in[4*x:4*x+4:4*x+4], out[4*x:4*x+4:4*x+4]
			q[0], q[1], q[2], q[3] = p[r], p[g], p[b], 0xff
		}
	}
	return img, nil
}

// byteOf returns the place of a colour's byte in a pixel.
func (l x11Layout) byteOf(mask uint32) (int, bool) {
	for i := range 4 {
		if mask == 0xff<<(8*i) {
			if l.bigEndian {
				return 3 - i, true
			}
			return i, true
		}
	}
	return 0, false
}
