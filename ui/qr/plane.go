package qr

import "math"

type point struct{ x, y float64 }

func (p point) minus(q point) point      { return point{p.x - q.x, p.y - q.y} }
func (p point) plus(q point) point       { return point{p.x + q.x, p.y + q.y} }
func (p point) times(f float64) point    { return point{p.x * f, p.y * f} }
func (p point) cross(q point) float64    { return p.x*q.y - p.y*q.x }
func (p point) distance(q point) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }

// meet gives the point where the lines p-q and r-s meet; false if they are parallel.
func meet(p, q, r, s point) (point, bool) {
	a, b := q.minus(p), s.minus(r)
	d := a.cross(b)
	if math.Abs(d) < 1e-9 {
		return point{}, false
	}
	return p.plus(a.times(r.minus(p).cross(b) / d)), true
}

// plane says where on the picture a point of the code lies: a plane seen in perspective, the eight
// coefficients of (ax+by+c, dx+ey+f) / (gx+hy+1).
type plane [8]float64

func (m *plane) at(p point) point {
	w := m[6]*p.x + m[7]*p.y + 1
	return point{(m[0]*p.x + m[1]*p.y + m[2]) / w, (m[3]*p.x + m[4]*p.y + m[5]) / w}
}

// fit gives the plane that comes closest to the pairs, by least squares; false if they lie on a
// line. Coordinates may be of any size: the sums are of values around one.
func fit(code, picture []point) (plane, bool) {
	var rows [8][9]float64
	scale := 0.
	for i := range code {
		scale = max(scale, math.Abs(code[i].x), math.Abs(code[i].y))
	}
	var centre point
	for _, p := range picture {
		centre = centre.plus(p.times(1 / float64(len(picture))))
	}
	spread := 0.
	for _, p := range picture {
		spread = max(spread, p.distance(centre))
	}
	if scale == 0 || spread == 0 {
		return plane{}, false
	}
	for i, p := range code {
		q, p := picture[i].minus(centre).times(1/spread), p.times(1/scale)
		for _, equation := range [2][9]float64{
			{p.x, p.y, 1, 0, 0, 0, -p.x * q.x, -p.y * q.x, q.x},
			{0, 0, 0, p.x, p.y, 1, -p.x * q.y, -p.y * q.y, q.y},
		} {
			for r := range 8 {
				for c := range 9 {
					rows[r][c] += equation[r] * equation[c]
				}
			}
		}
	}
	m, ok := solve(&rows)
	// Back to the coordinates of the picture and of the code.
	for i := range 3 {
		w := 1.
		if i < 2 {
			w = m[6+i]
		}
		m[i], m[3+i] = m[i]*spread+centre.x*w, m[3+i]*spread+centre.y*w
	}
	for _, i := range []int{0, 1, 3, 4, 6, 7} {
		m[i] /= scale
	}
	return m, ok
}

// solve finds the solution of eight linear equations by elimination with the largest pivot.
func solve(rows *[8][9]float64) (x plane, ok bool) {
	for i := range 8 {
		best := i
		for r := i + 1; r < 8; r++ {
			if math.Abs(rows[r][i]) > math.Abs(rows[best][i]) {
				best = r
			}
		}
		rows[i], rows[best] = rows[best], rows[i]
		if math.Abs(rows[i][i]) < 1e-12 {
			return x, false
		}
		for r := range 8 {
			if r != i {
				f := rows[r][i] / rows[i][i]
				for c := i; c < 9; c++ {
					rows[r][c] -= f * rows[i][c]
				}
			}
		}
	}
	for i := range 8 {
		x[i] = rows[i][8] / rows[i][i]
	}
	return x, true
}
