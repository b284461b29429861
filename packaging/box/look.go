//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/jezek/xgb/xproto"

	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// Look returns what is on the screen. The X server is asked itself: a program that writes a picture into a file,
// and reading that, take fifty times as long, and some tests look many hundred times.
func (b *Box) Look(ctx context.Context) (*image.RGBA, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	conn, err := xserver.Dial(ctx, b.Display)
	if err != nil {
		return nil, fmt.Errorf("box: looking: %w", err)
	}
	screen := xproto.Setup(conn).DefaultScreen(conn)
	reply, err := xproto.GetImage(conn, xproto.ImageFormatZPixmap, xproto.Drawable(screen.Root),
		0, 0, screen.WidthInPixels, screen.HeightInPixels, ^uint32(0)).Reply()
	if err != nil {
		return nil, fmt.Errorf("box: looking: %w", err)
	}
	picture := image.NewRGBA(image.Rect(0, 0, int(screen.WidthInPixels), int(screen.HeightInPixels)))
	if len(reply.Data) != len(picture.Pix) {
		return nil, errors.New("box: looking: this is no screen of a box") // they have four bytes a pixel: blue, green, red, none
	}
	for i := 0; i < len(picture.Pix); i += 4 {
		from, to := reply.Data[i:i+4:i+4], picture.Pix[i:i+4:i+4]
		to[0], to[1], to[2], to[3] = from[2], from[1], from[0], 0xff
	}
	return picture, nil
}
