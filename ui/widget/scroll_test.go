package widget

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// TestScrollKeepsTheFocusInSight when something gets longer above it, unless somebody has scrolled away.
func TestScrollKeepsTheFocusInSight(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	above, last := canvas.NewRectangle(color.Black), NewButton("Last", nil, func() {})
	below := canvas.NewRectangle(color.Black)
	below.SetMinSize(fyne.NewSize(50, 2000))
	above.SetMinSize(fyne.NewSize(50, 600))
	s := NewScroll(VStack(0, above, last, below))
	w := test.NewTempWindow(t, s)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(100, 400))
	seen := func() bool {
		top := last.Position().Y - s.Offset.Y
		return top >= 0 && top+last.Size().Height <= s.Size().Height
	}
	grow := func(height float32) {
		above.SetMinSize(fyne.NewSize(50, height))
		test.WidgetRenderer(s).Layout(s.Size()) // as the driver does when the least size is another
	}
	w.Canvas().Focus(last)
	for _, height := range []float32{600, 900, 1900, 100} {
		if grow(height); !seen() {
			t.Errorf("below %v units it is at %v, and the page at %v", height, last.Position(), s.Offset)
		}
	}
	s.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -1000)})
	at := s.Offset
	if grow(1500); s.Offset != at {
		t.Errorf("whoever has scrolled to %v is taken to %v", at, s.Offset)
	}
}

// TestScrollEndsWithItsContent: what gets shorter than the place that was scrolled to is seen from its end, and
// from its beginning where all of it fits.
func TestScrollEndsWithItsContent(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	piece := func(height float32) fyne.CanvasObject {
		r := canvas.NewRectangle(color.Black)
		r.SetMinSize(fyne.NewSize(50, height))
		return r
	}
	last, middle := piece(600), piece(300)
	s := NewScroll(VStack(0, piece(200), middle, last))
	w := test.NewTempWindow(t, s)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(100, 400))
	s.ScrollToOffset(fyne.NewPos(0, 650))
	for _, c := range []struct {
		goes fyne.CanvasObject
		want float32
	}{{last, 100}, {middle, 0}} {
		c.goes.Hide()
		test.WidgetRenderer(s).Layout(s.Size()) // as the driver does when the least size is another
		if s.Offset.Y != c.want || s.Content.Position().Y != -c.want {
			t.Errorf("it is at %v, and what it shows at %v; want %v", s.Offset.Y, s.Content.Position().Y, c.want)
		}
	}
}
