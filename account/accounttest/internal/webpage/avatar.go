package webpage

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// AvatarSize is the side of the default picture in pixels.
const AvatarSize = 128

// Avatar draws a head and shoulders on a colour of the letter's own.
func Avatar(letter byte) []byte {
	ground := color.RGBA{40 + letter*37%120, 60 + letter*91%110, 110 + letter*53%110, 255}
	skin := color.RGBA{245, 245, 250, 255}
	img := image.NewRGBA(image.Rect(0, 0, AvatarSize, AvatarSize))
	inside := func(x, y, cx, cy, rx, ry int) bool {
		dx, dy := (x-cx)*ry, (y-cy)*rx
		return dx*dx+dy*dy <= rx*rx*ry*ry
	}
	for y := range AvatarSize {
		for x := range AvatarSize {
			if inside(x, y, 64, 50, 22, 24) || inside(x, y, 64, 128, 44, 44) {
				img.SetRGBA(x, y, skin)
			} else {
				img.SetRGBA(x, y, ground)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil
	}
	return out.Bytes()
}
