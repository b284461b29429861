package qr_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	qrcode "github.com/skip2/go-qrcode"

	"github.com/tabferry/tabferry/ui/qr"
)

// picture is one of the set that readers are measured on: a pairing code as people come by it.
type picture struct {
	name string // with the suffix of its form
	file []byte
}

// view is how a camera sees a code: turned by degrees, seen from a distance, blurred, noisy.
type view struct {
	text             string
	yaw, pitch, roll float64
	distance         float64 // in sides of the code with its margin; near ones have strong perspective
	width, height    int
	fill             float64 // how much of the picture's height the code takes
	wide             float64 // how much wider than high a module is
	level            qrcode.RecoveryLevel
	blur             int     // passes of a 3x3 mean
	noise            float64 // standard deviation
	shade            float64 // how much light is lost from left to right
	quality          int     // of the JPEG
	dark, light      float64
	ground           float64
}

// modules gives the code of a text as a function of module coordinates: true is dark, and whatever
// is outside is light.
func modules(t testing.TB, text string, level qrcode.RecoveryLevel) (side int, dark func(x, y int) bool) {
	t.Helper()
	code, err := qrcode.New(text, level)
	if err != nil {
		t.Fatal(err)
	}
	code.DisableBorder = true
	grid := code.Bitmap()
	return len(grid), func(x, y int) bool {
		return x >= 0 && y >= 0 && x < len(grid) && y < len(grid) && grid[y][x]
	}
}

// photograph draws the view: each pixel is the mean of four rays that meet the plane of the code.
func photograph(t testing.TB, v view, rng *rand.Rand) *image.Gray {
	side, dark := modules(t, v.text, v.level)
	whole := float64(side + 8)
	sy, cy := math.Sincos(v.yaw * math.Pi / 180)
	sp, cp := math.Sincos(v.pitch * math.Pi / 180)
	sr, cr := math.Sincos(v.roll * math.Pi / 180)
	right := [3]float64{cy*cr + sy*sp*sr, cp * sr, -sy*cr + cy*sp*sr} // the code's axes in space
	down := [3]float64{-cy*sr + sy*sp*cr, cp * cr, sy*sr + cy*sp*cr}
	normal := [3]float64{sy * cp, -sp, cy * cp}
	focal := v.distance * v.fill * float64(v.height)
	brightness := func(px, py float64) float64 {
		ray := [3]float64{px - float64(v.width)/2, py - float64(v.height)/2, focal}
		along := v.distance * normal[2] / (ray[0]*normal[0] + ray[1]*normal[1] + ray[2]*normal[2])
		hit := [3]float64{ray[0] * along, ray[1] * along, ray[2]*along - v.distance}
		x := (hit[0]*right[0]+hit[1]*right[1]+hit[2]*right[2])*whole/v.wide + whole/2
		y := (hit[0]*down[0]+hit[1]*down[1]+hit[2]*down[2])*whole + whole/2
		switch {
		case x < 0 || y < 0 || x >= whole || y >= whole:
			return v.ground
		case dark(int(x)-4, int(y)-4):
			return v.dark
		}
		return v.light
	}
	level := make([]float64, v.width*v.height)
	for y := range v.height {
		for x := range v.width {
			for i := range 4 {
				level[y*v.width+x] += brightness(float64(x)+float64(i%2)/2+.25, float64(y)+float64(i/2)/2+.25) / 4
			}
		}
	}
	for range v.blur {
		level = mean3(level, v.width)
	}
	img := image.NewGray(image.Rect(0, 0, v.width, v.height))
	for i, l := range level {
		l *= 1 - v.shade*float64(i%v.width)/float64(v.width)
		img.Pix[i] = byte(min(max(l+rng.NormFloat64()*v.noise, 0), 255))
	}
	return img
}

func mean3(level []float64, width int) []float64 {
	out := make([]float64, len(level))
	for i := range level {
		sum, n := 0., 0.
		for _, d := range []int{-width - 1, -width, -width + 1, -1, 0, 1, width - 1, width, width + 1} {
			if i+d >= 0 && i+d < len(level) {
				sum, n = sum+level[i+d], n+1
			}
		}
		out[i] = sum / n
	}
	return out
}

// cut draws a code pixel by pixel in two colours, modules w by h, each with gap pixels of the other
// colour below: what "copy image" and a terminal give.
func cut(t testing.TB, level qrcode.RecoveryLevel, w, h, gap, margin int, on, off color.NRGBA) *image.NRGBA {
	side, dark := modules(t, pairing, level)
	img := image.NewNRGBA(image.Rect(0, 0, (side+2*margin)*w, (side+2*margin)*h))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			c := off
			if dark(x/w-margin, y/h-margin) && y%h < h-gap {
				c = on
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// pictures draws the set, the same at every run: 28 clean views, 16 worse ones, 8 on nothing, 8 of
// a terminal.
func pictures(t testing.TB) []picture {
	t.Helper()
	rng := rand.New(rand.NewPCG(12, 19))
	levels := []qrcode.RecoveryLevel{qrcode.Low, qrcode.Medium, qrcode.High}
	var set []picture
	taken := func(kind string, v view) {
		var file bytes.Buffer
		if err := jpeg.Encode(&file, photograph(t, v, rng), &jpeg.Options{Quality: v.quality}); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s-%d-yaw%.0f-pitch%.0f-roll%.0f.jpg", kind, len(set), v.yaw, v.pitch, v.roll)
		set = append(set, picture{name, file.Bytes()})
	}
	for i, turn := range [][3]float64{
		{5, 0, 0},
		{10, 0, 0},
		{15, 0, 0},
		{20, 0, 0},
		{-10, 0, 0},
		{-20, 0, 0},
		{0, 5, 0},
		{0, 10, 0},
		{0, 15, 0},
		{0, 20, 0},
		{0, -10, 0},
		{0, -20, 0},
		{10, 10, 0},
		{15, -15, 0},
		{20, 20, 0},
		{-20, 10, 0},
		{-15, -20, 0},
		{10, 0, 10},
		{15, 0, 20},
		{20, 0, -15},
		{20, 10, 5},
		{10, 15, 10},
		{10, 20, 20},
		{-10, 20, -20},
		{15, 15, 15},
		{20, 20, 20},
		{-20, -20, 10},
		{0, 0, 20},
	} {
		taken("angle", view{
			text: pairing, yaw: turn[0], pitch: turn[1], roll: turn[2], distance: []float64{1.4, 2, 3}[i%3], width: 640, height: 560,
			fill: .6, wide: 1, level: levels[i/3%3], quality: 85, dark: 10, light: 245, ground: 95,
		})
	}
	for i := range 16 {
		turn := func() float64 { return float64((5 + rng.IntN(16)) * (1 - 2*rng.IntN(2))) }
		taken("worse", view{
			text: pairing, yaw: turn(), pitch: turn(), roll: turn(), distance: 1.5 + rng.Float64(), width: 640, height: 480,
			fill: .6 + rng.Float64()/10, wide: 1, level: levels[i%2], blur: i % 4, noise: float64(2 + i), shade: .04 * float64(i),
			quality: 80 - 3*i, dark: 30 + float64(i), light: 220 - 2*float64(i), ground: 60 + 10*float64(i),
		})
	}
	drawn := func(kind string, img image.Image) {
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		set = append(set, picture{fmt.Sprintf("%s-%d.png", kind, len(set)), file.Bytes()})
	}
	white, black, nothing := color.NRGBA{255, 255, 255, 255}, color.NRGBA{0, 0, 0, 255}, color.NRGBA{}
	for i, on := range []color.NRGBA{
		white, white, white, white, {230, 230, 235, 255}, {255, 255, 255, 200}, black, {40, 40, 60, 255},
	} {
		drawn("on-nothing", cut(t, levels[i%3], 3+i, 3+i, 0, 4*(i%2), on, nothing))
	}
	// Blocks half as wide as high: one letter a module. Half blocks: two modules a letter, in
	// letters that are not quite twice as high as wide, and lines that leave a gap.
	for i, size := range [][3]int{{4, 8, 0}, {5, 10, 0}, {8, 16, 0}, {7, 15, 0}, {9, 18, 1}, {8, 9, 0}, {10, 11, 0}, {9, 10, 1}} {
		on, off := white, black
		if i%2 == 0 {
			on, off = color.NRGBA{20, 20, 30, 255}, color.NRGBA{211, 215, 207, 255}
		}
		drawn("terminal", cut(t, levels[i%3], size[0], size[1], size[2], 2+i%3, on, off))
	}
	return set
}

// TestPictures reads the set. One may be missed: rounding differs between processors.
func TestPictures(t *testing.T) {
	missed := 0
	for _, p := range pictures(t) {
		if text, err := qr.Decode(p.file); err != nil || text != pairing {
			missed++
			t.Logf("%s: %q, %v", p.name, text, err)
		}
	}
	if missed > 1 {
		t.Errorf("%d missed", missed)
	}
}
