package qr

import (
	"errors"
	"image"
	"image/color"

	qrcode "github.com/skip2/go-qrcode"
)

// QuietZone is the white margin that a code needs on every side, in modules (ISO/IEC 18004,
// section 5.3.8). Draw leaves it to the face.
const QuietZone = 4

// ErrTooLong is returned for text that fits no code: over 2953 bytes.
var ErrTooLong = errors.New("qr: the text is too long for a code")

// maxText is the capacity of version 40 at error-correction level L in byte mode.
const maxText = 2953

// Draw gives the code of a text, one pixel per module, black on white, without the quiet zone.
// Level L is enough for a screen and makes the largest modules: a pairing address becomes version
// 6, 41 modules.
func Draw(text string) (image.Image, error) {
	if len(text) > maxText {
		return nil, ErrTooLong
	}
	code, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return nil, ErrTooLong // the only reason left; its own text could repeat ours
	}
	code.DisableBorder = true
	grid := code.Bitmap()
	img := image.NewPaletted(image.Rect(0, 0, len(grid), len(grid)), color.Palette{color.White, color.Black})
	for y, row := range grid {
		for x, black := range row {
			if black {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img, nil
}
