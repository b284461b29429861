package widget

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// framed keeps a text that is longer than its field within the frame: the toolkit scrolls it across its own
// frame, and draws a thin bar along the lower edge.
type framed struct {
	fyne.WidgetRenderer
	strip *canvas.Rectangle // over the bar, below the frame
}

// frameGap is what stays free at both sides within the frame, for its round corners, barHeight at least the height of the bar, in
// units.
const (
	frameGap  = 4
	barHeight = 4
)

func newFramed(inner fyne.WidgetRenderer) *framed {
	f := &framed{inner, canvas.NewRectangle(color.Transparent)}
	f.paint()
	return f
}

func (f *framed) paint() { f.strip.FillColor = named(theme.ColorNameInputBackground) }

// Layout makes what scrolls narrower than the frame.
func (f *framed) Layout(size fyne.Size) {
	f.WidgetRenderer.Layout(size)
	line := theme.Size(theme.SizeNameInputBorder)
	for _, o := range f.WidgetRenderer.Objects() {
		scroll, ok := o.(*container.Scroll)
		if !ok {
			continue
		}
		at, inner := scroll.Position(), scroll.Size()
		scroll.Move(at.AddXY(line+frameGap, 0))
		scroll.Resize(inner.SubtractWidthHeight(2*(line+frameGap), 0))
		f.strip.Move(fyne.NewPos(scroll.Position().X, size.Height-line-barHeight))
		f.strip.Resize(fyne.NewSize(scroll.Size().Width, barHeight))
	}
}

func (f *framed) Refresh() {
	f.WidgetRenderer.Refresh()
	f.paint()
	f.strip.Refresh()
}

func (f *framed) Objects() []fyne.CanvasObject {
	objects := slices.Clone(f.WidgetRenderer.Objects())
	frame := objects[1] // above the ground, where the toolkit draws it
	return append(slices.Delete(objects, 1, 2), f.strip, frame)
}
