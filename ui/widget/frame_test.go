package widget

import (
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// A text that is longer than its field stays within the frame, wherever it is scrolled to, and no scroll bar
// is seen: along its edges the field looks as an empty one does, but for the toolkit's shadow where more is to come.
func TestLongTextStaysInItsField(t *testing.T) {
	for _, appearance := range []string{AppearanceLight, AppearanceDark, AppearanceSharpLight, AppearanceSharpDark} {
		t.Run(appearance, func(t *testing.T) {
			test.NewTempApp(t).Settings().SetTheme(NewTheme(appearance))
			f := NewField("Link", "")
			w := test.NewTempWindow(t, container.NewWithoutLayout(f))
			w.SetPadded(false)
			w.Resize(fyne.NewSize(240, 60))
			f.Resize(fyne.NewSize(240, 40))
			w.Canvas().Focus(f)
			empty := w.Canvas().Capture()
			f.SetText("https://long.example/" + strings.Repeat("WmgjQy/", 60))
			for _, key := range []fyne.KeyName{fyne.KeyHome, fyne.KeyEnd, fyne.KeyLeft} {
				f.TypedKey(&fyne.KeyEvent{Name: key})
				full := w.Canvas().Capture()
				edge, middle := 0, 0
				for y := range 40 {
					for x := range 240 {
						switch other := full.At(x, y) != empty.At(x, y); {
						case !other:
						case x < 2 || x >= 240-2 || y < 1 || y >= 40-1-barHeight:
							edge++
						default:
							middle++
						}
					}
				}
				if edge > 0 || middle < 200 {
					t.Errorf("after %s %d pixels of the edge differ from an empty field's, %d within", key, edge, middle)
				}
			}
		})
	}
}

// The frame of a field is the same above and below: nothing that lies within it covers a part of its line.
func TestFrameIsWhole(t *testing.T) {
	for _, appearance := range []string{AppearanceLight, AppearanceDark, AppearanceSharpLight, AppearanceSharpDark} {
		test.NewTempApp(t).Settings().SetTheme(NewTheme(appearance))
		f := NewField("Link", "")
		w := test.NewTempWindow(t, container.NewWithoutLayout(f))
		w.SetPadded(false)
		w.Resize(fyne.NewSize(240, 60))
		f.Resize(fyne.NewSize(240, 40))
		picture := w.Canvas().Capture()
		at := func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA) }
		// How far the line is from its ground, over all pixels across it.
		line := func(x, from, step int) (sum float64) {
			for i := range 6 {
				sum += contrast(at(x, from+i*step), at(120, 20)) - 1
			}
			return sum
		}
		for _, x := range []int{4, 5, 6, 120, 233, 234, 235} {
			if above, below := line(x, 0, 1), line(x, 39, -1); below < above*0.4 { // the toolkit draws the lower line half as thick
				t.Errorf("%s, at %d: the line weighs %.2f above and %.2f below", appearance, x, above, below)
			}
		}
	}
}
