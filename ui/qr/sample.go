package qr

import "image"

// sampleBitmap takes each module for what the pixel in its middle is.
func sampleBitmap(b *bitmap, m *plane, side int, dark bool) [][]bool {
	grid := make([][]bool, side)
	for y := range grid {
		grid[y] = make([]bool, side)
		for x := range grid[y] {
			grid[y][x] = b.under(m, point{float64(x) + .5, float64(y) + .5}) == dark
		}
	}
	return grid
}

// sampleGray takes the brightness of each module and compares it with that of the modules around:
// what a blurred picture with small modules needs.
func sampleGray(g *image.Gray, m *plane, side int, dark bool) [][]bool {
	small := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			sum := 0.
			for i := range 9 {
				p := m.at(point{float64(x) + .5 + .15*float64(i%3-1), float64(y) + .5 + .15*float64(i/3-1)})
				sum += bilinear(g, p)
			}
			small.Pix[y*side+x] = byte(sum / 9) // #nosec G115 -- a mean of bytes
		}
	}
	b := threshold(small, 4)
	grid := make([][]bool, side)
	for y := range grid {
		grid[y] = b.dark[y*side:][:side]
		for x := range grid[y] {
			grid[y][x] = grid[y][x] == dark
		}
	}
	return grid
}

// bilinear gives the brightness at a point between the middles of pixels.
func bilinear(g *image.Gray, p point) float64 {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	x, y := min(max(p.x-.5, 0), float64(w-1)), min(max(p.y-.5, 0), float64(h-1))
	ix, iy := min(int(x), w-2), min(int(y), h-2)
	if ix < 0 || iy < 0 {
		return 255
	}
	fx, fy := x-float64(ix), y-float64(iy)
	upper, lower := g.Pix[iy*g.Stride+ix:], g.Pix[(iy+1)*g.Stride+ix:]
	return (float64(upper[0])*(1-fx)+float64(upper[1])*fx)*(1-fy) + (float64(lower[0])*(1-fx)+float64(lower[1])*fx)*fy
}
