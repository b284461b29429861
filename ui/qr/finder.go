package qr

import (
	"cmp"
	"math"
	"slices"
)

// finder is one of the three squares in the corners of a code: seven modules wide, seen in
// perspective.
type finder struct {
	centre  point
	corners [4]point // in order around it, with x to the right and y down: clockwise
	dark    bool     // the ring is dark, as printed; false: light on dark
	rows    int      // how many lines met it
}

const (
	// maxFinders bounds how many squares are paired: a page of text has some that look like one.
	maxFinders = 36
	// maxLooks bounds how many likely places are looked at closely.
	maxLooks = 10_000
)

// search is one look for squares over a bitmap.
type search struct {
	*bitmap
	found []finder
	ways  [64]point // around a middle, opposite ones in pairs, in an order that comes around early
	looks int
}

// findFinders looks for the squares along the lines of the picture: whichever way a code is turned
// or tilted, a line through the middle of one crosses stripes of 1:1:3:1:1.
func findFinders(b *bitmap) []finder {
	s := search{bitmap: b}
	for i := 0; i < len(s.ways); i += 2 {
		const turn = 11 // of 32 half ways around
		sin, cos := math.Sincos(2 * math.Pi * float64((i/2+1)*turn%32) / 64)
		s.ways[i], s.ways[i+1] = point{cos, sin}, point{-cos, -sin}
	}
	edges := make([]int, 0, b.w+1)
	step := 1 + b.h/900
	for y := step / 2; y < b.h && s.looks < maxLooks; y += step {
		row := b.dark[y*b.w:][:b.w]
		edges = append(edges[:0], 0)
		for x := 1; x < len(row); x++ {
			if row[x] != row[x-1] {
				edges = append(edges, x)
			}
		}
		edges = append(edges, b.w)
		for i := range len(edges) - 5 {
			if striped(edges[i : i+6]) {
				p := point{float64(edges[i+2]+edges[i+3]) / 2, float64(y) + .5}
				s.look(p, float64(edges[i+5]-edges[i]), row[edges[i]])
			}
		}
	}
	slices.SortStableFunc(s.found, func(f, g finder) int { return cmp.Compare(g.rows, f.rows) })
	return s.found[:min(len(s.found), maxFinders)]
}

// look notes the square around a point where a line crosses what may be one of that size.
func (s *search) look(p point, size float64, dark bool) {
	if f := s.near(p, size); f != nil {
		f.rows++
		return
	}
	p, height, ok := s.middle(p, size, dark)
	if !ok {
		return
	}
	s.looks++
	f, ok := s.closer(p, size, height, dark)
	if ok && s.near(f.centre, size) == nil {
		s.found = append(s.found, f)
	}
}

func (s *search) near(p point, size float64) *finder {
	for i := range s.found {
		if s.found[i].centre.distance(p) < size/5 {
			return &s.found[i]
		}
	}
	return nil
}

// striped reports whether five runs between six edges are like 1:1:3:1:1. Blur and ink make one
// colour wider at the expense of the other.
func striped(edges []int) bool {
	total := edges[5] - edges[0]
	if total < 11 {
		return false
	}
	unit := float64(total) / 7
	slack := unit/2 + .6
	for i, want := range [5]float64{1, 1, 3, 1, 1} {
		off := math.Abs(float64(edges[i+1]-edges[i]) - want*unit)
		if off > slack && (i != 2 || off > 3*unit/2) {
			return false
		}
	}
	return true
}

// middle moves to the middle of what may be a square, along the column and the row, and gives its
// height.
func (s *search) middle(p point, size float64, dark bool) (_ point, height float64, ok bool) {
	for _, way := range []point{{0, 1}, {1, 0}} {
		ahead, back := s.crossings(p, way, dark, 3*size), s.crossings(p, way.times(-1), dark, 3*size)
		if ahead[2] == 0 || back[2] == 0 {
			return p, 0, false
		}
		whole := ahead[2] + back[2]
		if wide := ahead[0] + back[0]; math.Abs(wide-whole*3/7) > whole/5+1 || whole < size/3 {
			return p, 0, false
		}
		p = p.plus(way.times((ahead[0] - back[0]) / 2))
		if way.x == 0 {
			height = whole
		}
	}
	return p, height, true
}

// closer follows rays to the outer edge of the ring and fits four sides to where they end.
func (s *search) closer(p point, width, height float64, dark bool) (f finder, ok bool) {
	ends := make([]point, 0, len(s.ways))
	least, most := .35*min(width, height)-1, 1.5*max(width, height)
	before := 0.
	for i, way := range s.ways {
		c := s.crossings(p, way, dark, most)
		slack := c[2]/5 + 1
		fits := c[2] > least && math.Abs(c[0]-c[2]*3/7) < slack && math.Abs(c[1]-c[2]*5/7) < slack
		if i%2 == 1 && math.Abs(c[2]-before) > slack {
			fits = false // the middle is not in the middle
		}
		before = c[2]
		if fits {
			ends = append(ends, p.plus(way.times(c[2])))
		} else if missed := i + 1 - len(ends); missed > 3+i/5 {
			return f, false
		}
	}
	f = finder{dark: dark, rows: 1}
	f.corners, ok = quadrilateral(ends, p)
	if !ok {
		return f, false
	}
	f.centre, ok = meet(f.corners[0], f.corners[2], f.corners[1], f.corners[3])
	return f, ok && f.centre.distance(p) < min(width, height)/5 && f.looksRight(s.bitmap)
}

// crossings follows a ray from the middle of a square and gives where the inner square ends, where
// the ring begins and where it ends; zeros from where it does not.
func (b *bitmap) crossings(from, way point, dark bool, limit float64) (at [3]float64) {
	// Half pixels, counted in whole numbers: most of the time is spent here.
	const bits, half = 16, 1 << 15
	x, y := int(from.x*(1<<bits)), int(from.y*(1<<bits))
	dx, dy := int(way.x*half), int(way.y*half)
	next, colour, ends := 0, dark, int(2*limit)
	for d := range ends {
		px, py := x>>bits, y>>bits
		inside := px >= 0 && py >= 0 && px < b.w && py < b.h
		if !inside || b.dark[py*b.w+px] != colour {
			if next < 2 && !inside || d == 0 {
				return at
			}
			at[next] = float64(d)/2 - .25
			if next++; next == 3 {
				return at
			}
			colour = !colour
		}
		x, y = x+dx, y+dy
	}
	return at
}

// quadrilateral fits four sides to points around a middle: the farthest are near the corners, the
// others make lines, and the corners are where those meet.
func quadrilateral(ends []point, middle point) (corners [4]point, ok bool) {
	farthest := func(value func(point) float64) point {
		return slices.MaxFunc(ends, func(p, q point) int { return cmp.Compare(value(p), value(q)) })
	}
	corners[0] = farthest(middle.distance)
	corners[2] = farthest(corners[0].distance)
	axis := corners[2].minus(corners[0])
	corners[1] = farthest(func(p point) float64 { return -axis.cross(p.minus(corners[0])) })
	corners[3] = farthest(func(p point) float64 { return axis.cross(p.minus(corners[0])) })
	var sides [4][2]point
	for i := range sides {
		from, to := corners[i], corners[(i+1)%4]
		along := to.minus(from)
		length := from.distance(to)
		if length < 3 {
			return corners, false
		}
		var on []point
		for _, p := range ends {
			q := p.minus(from)
			if t := (q.x*along.x + q.y*along.y) / length / length; t > .1 && t < .9 && math.Abs(along.cross(q)) < length*length/8 {
				on = append(on, p)
			}
		}
		if sides[i], ok = line(on); !ok {
			return corners, false
		}
	}
	for i := range corners {
		s, r := sides[(i+3)%4], sides[i]
		p, ok := meet(s[0], s[1], r[0], r[1])
		if !ok || p.distance(corners[i]) > middle.distance(corners[i])/2 {
			return corners, false
		}
		corners[i] = p
	}
	return corners, true
}

// line fits a line to points: two points on it.
func line(on []point) ([2]point, bool) {
	if len(on) < 3 {
		return [2]point{}, false
	}
	var mean point
	for _, p := range on {
		mean = mean.plus(p.times(1 / float64(len(on))))
	}
	var xx, xy, yy float64
	for _, p := range on {
		d := p.minus(mean)
		xx, xy, yy = xx+d.x*d.x, xy+d.x*d.y, yy+d.y*d.y
	}
	sin, cos := math.Sincos(math.Atan2(2*xy, xx-yy) / 2)
	return [2]point{mean, mean.plus(point{cos, sin})}, true
}

// square gives the corners of a square of seven modules around a point of the code, clockwise.
func square(x, y float64) [4]point {
	return [4]point{{x - 3.5, y - 3.5}, {x + 3.5, y - 3.5}, {x + 3.5, y + 3.5}, {x - 3.5, y + 3.5}}
}

// looksRight compares the modules inside the corners with those of a finder.
func (f *finder) looksRight(b *bitmap) bool {
	code := square(3.5, 3.5)
	m, ok := fit(code[:], f.corners[:])
	if !ok {
		return false
	}
	wrong := 0
	for y := range 7 {
		for x := range 7 {
			ring := max(x-3, 3-x, y-3, 3-y)
			if b.under(&m, point{float64(x) + .5, float64(y) + .5}) == f.dark != (ring != 2) {
				wrong++
			}
		}
	}
	return wrong <= 6
}

// span gives how long a module of the square is in a direction: along its pair of sides that runs
// most nearly that way.
func (f *finder) span(way point) float64 {
	var best, length float64
	for i := range 2 {
		side := f.corners[i+1].minus(f.corners[i]).minus(f.corners[(i+3)%4].minus(f.corners[i+2])).times(.5)
		l := math.Hypot(side.x, side.y)
		if along := math.Abs(side.x*way.x+side.y*way.y) / l; along > best {
			best, length = along, l
		}
	}
	return length / 7
}
