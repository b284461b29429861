package qr

import (
	"image"
	"math"
)

// bitmap tells dark pixels from light ones.
type bitmap struct {
	w, h int
	dark []bool
}

// under reports whether the pixel under a point of the code is dark; outside is light.
func (b *bitmap) under(m *plane, code point) bool {
	p := m.at(code)
	x, y := int(math.Floor(p.x)), int(math.Floor(p.y))
	return x >= 0 && y >= 0 && x < b.w && y < b.h && b.dark[y*b.w+x]
}

// threshold calls dark what is darker than the mean of its surroundings, a square of 2*radius+1
// pixels. Both kinds are treated alike, so that a code that is light on dark comes out as well.
func threshold(g *image.Gray, radius int) *bitmap {
	b := &bitmap{w: g.Rect.Dx(), h: g.Rect.Dy()}
	b.dark = make([]bool, b.w*b.h)
	columns := make([]int, b.w) // sums of the pixels within radius above and below
	add := func(y, sign int) {
		if y >= 0 && y < b.h {
			for x, v := range g.Pix[y*g.Stride:][:b.w] {
				columns[x] += sign * int(v)
			}
		}
	}
	for y := range min(radius, b.h) {
		add(y, 1)
	}
	for y := range b.h {
		add(y+radius, 1)
		add(y-radius-1, -1)
		rows := min(y+radius, b.h-1) - max(y-radius, 0) + 1
		sum, n := 0, 0
		for x := range min(radius, b.w) {
			sum, n = sum+columns[x], n+rows
		}
		row, out := g.Pix[y*g.Stride:][:b.w], b.dark[y*b.w:][:b.w]
		for x, v := range row {
			if x+radius < b.w {
				sum, n = sum+columns[x+radius], n+rows
			}
			if x > radius {
				sum, n = sum-columns[x-radius-1], n-rows
			}
			out[x] = int(v)*n < sum
		}
	}
	return b
}
