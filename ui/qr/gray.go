package qr

import (
	"image"
	"image/color"
)

// toGray gives the brightness of a picture, starting at 0,0, as it looks on a ground: 255 is paper, 0
// a dark page.
func toGray(img image.Image, ground int) *image.Gray {
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
			premultiplied(out.Pix[y*out.Stride:][:b.Dx()], ground, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.NRGBA:
		for y := range b.Dy() {
			straight(out.Pix[y*out.Stride:][:b.Dx()], ground, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	default:
		for y := range b.Dy() {
			for x := range b.Dx() {
				c, ok := color.RGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA)
				if ok {
					premultiplied(out.Pix[y*out.Stride+x:][:1], ground, []byte{c.R, c.G, c.B, c.A})
				}
			}
		}
	}
	return out
}

// premultiplied turns a row of pixels whose colours contain their opacity into brightness.
func premultiplied(out []byte, ground int, rgba []byte) {
	for i := range out {
		p := rgba[4*i : 4*i+4 : 4*i+4]
		out[i] = byte((int(p[0])+2*int(p[1])+int(p[2]))/4 + ground*(255-int(p[3]))/255) // #nosec G115 -- a mean of bytes over a byte
	}
}

// straight does the same for colours beside their opacity.
func straight(out []byte, ground int, rgba []byte) {
	for i := range out {
		p := rgba[4*i : 4*i+4 : 4*i+4]
		level, alpha := (int(p[0])+2*int(p[1])+int(p[2]))/4, int(p[3])
		out[i] = byte((level*alpha + ground*(255-alpha)) / 255) // #nosec G115 -- a mean of bytes
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

// smoothed averages squares of nine pixels, which closes the gaps between the lines of a terminal.
func smoothed(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(g.Rect)
	copy(out.Pix, g.Pix)
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			sum := 0
			for dy := -1; dy <= 1; dy++ {
				three := g.Pix[(y+dy)*g.Stride+x-1:][:3]
				sum += int(three[0]) + int(three[1]) + int(three[2])
			}
			out.Pix[y*out.Stride+x] = byte(sum / 9) // #nosec G115 -- a mean of bytes
		}
	}
	return out
}
