package qr

import (
	"cmp"
	"image"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

const (
	// maxTriples and maxTries bound the work on one picture: how many threes of squares are taken
	// for a code, and how many grids are decoded.
	maxTriples = 60
	maxTries   = 150
)

// triple is three squares that may belong to one code, and how many modules it has a side.
type triple struct {
	corner, right, below *finder
	side                 float64 // estimated
	doubt                float64 // how far it is from what a code looks like
}

// detect finds the codes of a picture whose squares are seen on the bitmap.
func detect(g *image.Gray, b *bitmap) (texts []string) {
	found := findFinders(b)
	used := map[*finder]bool{}
	tries := maxTries
	for _, t := range triples(found) {
		if used[t.corner] || used[t.right] || used[t.below] {
			continue
		}
		if text := t.read(g, b, &tries); text != "" {
			used[t.corner], used[t.right], used[t.below] = true, true, true
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// triples gives the threes that make a corner with arms of about the same number of modules, the
// likeliest first.
func triples(found []finder) []triple {
	var all []triple
	for i := range found {
		for j := range found {
			for k := range found {
				if i == j || j == k || i == k {
					continue
				}
				if t, ok := paired(&found[i], &found[j], &found[k]); ok {
					all = append(all, t)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(t, u triple) int { return cmp.Compare(t.doubt, u.doubt) })
	return all[:min(len(all), maxTriples)]
}

func paired(corner, right, below *finder) (t triple, ok bool) {
	across, down := right.centre.minus(corner.centre), below.centre.minus(corner.centre)
	if corner.dark != right.dark || corner.dark != below.dark || across.cross(down) <= 0 {
		return t, false // a mirrored code is read with its arms exchanged
	}
	// Along a line seen in perspective, the geometric mean of the scales at its ends is the mean
	// scale of the whole.
	arm := func(f *finder, way point) float64 {
		length := math.Hypot(way.x, way.y)
		way = way.times(1 / length)
		return length / math.Sqrt(corner.span(way)*f.span(way))
	}
	a, d := arm(right, across), arm(below, down)
	if min(a, d) < 10 || max(a, d) > 190 || max(a, d) > 1.3*min(a, d) {
		return t, false
	}
	// The sides of the corner square point along the arms.
	skew := 0.
	for _, way := range []point{across, down} {
		best := math.Inf(1)
		for i := range 4 {
			side := corner.corners[(i+1)%4].minus(corner.corners[i])
			best = min(best, math.Abs(side.cross(way))/math.Hypot(side.x, side.y)/math.Hypot(way.x, way.y))
		}
		skew = max(skew, best)
	}
	t = triple{corner, right, below, math.Sqrt(a*d) + 7, math.Abs(math.Log(a/d)) + skew}
	return t, skew < .35
}

// read tries the sides that are near the estimated one.
func (t *triple) read(g *image.Gray, b *bitmap, tries *int) string {
	nearest := int(math.Round((t.side-17)/4))*4 + 17
	for _, off := range []int{0, 4, -4, 8, -8} {
		side := nearest + off
		if math.Abs(float64(side)-t.side) > .15*t.side+2 {
			continue
		}
		version, err := decoder.Version_GetProvisionalVersionForDimension(side)
		if err != nil {
			continue
		}
		m, ok := t.plane(b, side, version.GetAlignmentPatternCenters())
		if !ok {
			continue
		}
		for _, grid := range [][][]bool{sampleBitmap(b, &m, side, t.corner.dark), sampleGray(g, &m, side, t.corner.dark)} {
			if *tries--; *tries < 0 {
				return ""
			}
			if text := decoded(grid); text != "" {
				return text
			}
		}
	}
	return ""
}

// decoded gives the text of a grid, or nothing. A panic is no code either: see translated.
func decoded(grid [][]bool) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	result, err := decoder.NewDecoder().DecodeBoolMapWithoutHint(grid)
	if err != nil {
		return ""
	}
	return result.GetText()
}

// plane finds where the code lies: from the twelve corners of its squares at first, which leaves
// the fourth corner of the code uncertain, then from each alignment pattern that is seen, those near
// what is known first.
func (t *triple) plane(b *bitmap, side int, centres []int) (plane, bool) {
	code, picture := t.anchors(side)
	m, ok := fit(code, picture)
	if !ok {
		return m, false
	}
	last := len(centres) - 1
	for sum := 1; sum <= 2*last; sum++ {
		for i := max(sum-last, 0); i <= min(sum, last); i++ {
			j := sum - i
			if sum == last && (i == 0 || j == 0) {
				continue // a finder is there
			}
			reach := 1.5
			if sum == 2*last {
				reach = 4
			}
			p := point{float64(centres[i]) + .5, float64(centres[j]) + .5}
			if seen, ok := alignment(b, &m, p, reach, t.corner.dark); ok {
				code, picture = append(code, p, p), append(picture, seen, seen)
			}
		}
		if better, ok := fit(code, picture); ok {
			m = better
		}
	}
	return m, true
}

// anchors pairs the corners of the three squares in a code of that side with those in the picture.
func (t *triple) anchors(side int) (code, picture []point) {
	end := float64(side) - 3.5
	right, down := t.right.centre.minus(t.corner.centre), t.below.centre.minus(t.corner.centre)
	right, down = right.times(1/(end-3.5)), down.times(1/(end-3.5))
	for _, f := range []struct {
		*finder
		at [4]point
	}{{t.corner, square(3.5, 3.5)}, {t.right, square(end, 3.5)}, {t.below, square(3.5, end)}} {
		// The corners go around the square; with which of them they begin is found by trying.
		first, least := 0, math.Inf(1)
		for turn := range f.corners {
			off := 0.
			for i, p := range square(0, 0) {
				off += f.centre.plus(right.times(p.x)).plus(down.times(p.y)).distance(f.corners[(i+turn)%4])
			}
			if off < least {
				first, least = turn, off
			}
		}
		code = append(code, f.at[:]...)
		picture = append(append(picture, f.corners[first:]...), f.corners[:first]...)
	}
	return code, picture
}

// alignment looks for an alignment pattern near a point of the code: a dark module in a light ring
// in a dark one. Of several equally good places that touch, the middle is meant.
func alignment(b *bitmap, m *plane, near point, reach float64, dark bool) (point, bool) {
	const step, wanted = .25, 22
	best, n := wanted, 0.
	var sum point
	for dy := -reach; dy <= reach; dy += step {
		for dx := -reach; dx <= reach; dx += step {
			here := point{dx, dy}
			right := aligned(b, m, near.plus(here), dark)
			switch {
			case right < best:
			case right > best || n == 0:
				best, sum, n = right, here, 1
			case sum.times(1/n).distance(here) < 1:
				sum, n = sum.plus(here), n+1
			case math.Hypot(dx, dy) < math.Hypot(sum.x/n, sum.y/n):
				sum, n = here, 1
			}
		}
	}
	if n == 0 {
		return point{}, false
	}
	return m.at(near.plus(sum.times(1 / n))), true
}

// aligned counts the modules around a point that are as in an alignment pattern, of 25.
func aligned(b *bitmap, m *plane, middle point, dark bool) (right int) {
	for y := -2; y <= 2; y++ {
		for x := -2; x <= 2; x++ {
			ring := max(x, -x, y, -y)
			if b.under(m, middle.plus(point{float64(x), float64(y)})) == dark == (ring != 1) {
				right++
			}
		}
	}
	return right
}
