package widget

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

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
