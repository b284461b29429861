package qr

import (
	"image"
	"image/color"
)

// toGray gives the brightness of a picture, starting at 0,0. Transparent parts are white, as on
// paper.
func toGray(img image.Image) *image.Gray {
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	switch src := img.(type) {
	case *image.Gray:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:][:b.Dx()], src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.YCbCr:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:][:b.Dx()], src.Y[src.YOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.RGBA:
		for y := range b.Dy() {
			premultiplied(out.Pix[y*out.Stride:][:b.Dx()], src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.NRGBA:
		for y := range b.Dy() {
			straight(out.Pix[y*out.Stride:][:b.Dx()], src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	default:
		for y := range b.Dy() {
			for x := range b.Dx() {
				c, ok := color.RGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA)
				if ok {
					premultiplied(out.Pix[y*out.Stride+x:][:1], []byte{c.R, c.G, c.B, c.A})
				}
			}
		}
	}
	return out
}

// premultiplied turns a row of pixels whose colours contain their opacity into brightness.
func premultiplied(out, rgba []byte) {
	for i := range out {
		p := rgba[4*i : 4*i+4 : 4*i+4]
		out[i] = byte((int(p[0])+2*int(p[1])+int(p[2]))/4 + 255 - int(p[3])) // #nosec G115 -- a mean of bytes over white
	}
}

// straight does the same for colours beside their opacity.
func straight(out, rgba []byte) {
	for i := range out {
		p := rgba[4*i : 4*i+4 : 4*i+4]
		level, alpha := (int(p[0])+2*int(p[1])+int(p[2]))/4, int(p[3])
		out[i] = byte((level*alpha + 255*(255-alpha)) / 255) // #nosec G115 -- a mean of bytes
	}
}

func inverted(g *image.Gray) *image.Gray {
	out := image.NewGray(g.Rect)
	for i, v := range g.Pix {
		out.Pix[i] = 255 - v
	}
	return out
}

// padded puts white around a picture: a code cut out tightly has no quiet zone.
func padded(g *image.Gray) *image.Gray {
	const edge = 8
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, w+2*edge, h+2*edge))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	for y := range h {
		copy(out.Pix[(y+edge)*out.Stride+edge:], g.Pix[y*g.Stride:][:w])
	}
	return out
}

func enlarged(g *image.Gray, factor int) *image.Gray {
	w, h := g.Rect.Dx()*factor, g.Rect.Dy()*factor
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		row, from := out.Pix[y*out.Stride:][:w], g.Pix[y/factor*g.Stride:]
		for x := range row {
			row[x] = from[x/factor]
		}
	}
	return out
}

// halved averages squares of four pixels.
func halved(g *image.Gray) *image.Gray {
	w, h := max(g.Rect.Dx()/2, 1), max(g.Rect.Dy()/2, 1)
	out := image.NewGray(image.Rect(0, 0, w, h))
	if g.Rect.Dx() < 2 || g.Rect.Dy() < 2 {
		return out
	}
	for y := range h {
		upper, lower := g.Pix[2*y*g.Stride:], g.Pix[(2*y+1)*g.Stride:]
		row := out.Pix[y*out.Stride:][:w]
		for x := range row {
			row[x] = byte((int(upper[2*x]) + int(upper[2*x+1]) + int(lower[2*x]) + int(lower[2*x+1])) / 4) // #nosec G115 -- a mean of bytes
		}
	}
	return out
}
