package window

import (
	"fmt"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/widget"
)

// part is a rectangle of the window, in units.
type part struct{ left, top, right, bottom float32 }

func partOf(o fyne.CanvasObject) part {
	at, size := fyne.CurrentApp().Driver().AbsolutePositionForObject(o), o.Size()
	return part{at.X, at.Y, at.X + size.Width, at.Y + size.Height}
}

func (p part) and(q part) part {
	return part{max(p.left, q.left), max(p.top, q.top), min(p.right, q.right), min(p.bottom, q.bottom)}
}

func (p part) area() float32 { return max(0, p.right-p.left) * max(0, p.bottom-p.top) }

// How many times as much a pixel of a rectangle costs as one of a picture, where the processor draws: the toolkit's
// program for rectangles computes a shadow for each, that for round corners the distance from the outline, thrice.
const (
	plainCost = 4
	roundCost = 8
)

// painted is what the grounds below an object cost of one frame, in square units of a picture.
func painted(o fyne.CanvasObject, within part) (cost float32) {
	if !o.Visible() {
		return 0
	}
	var below []fyne.CanvasObject
	switch o := o.(type) {
	case *canvas.Rectangle:
		if o.FillColor == nil || o.FillColor == color.Transparent {
			return 0
		}
		if o.CornerRadius > 0 {
			return roundCost * partOf(o).and(within).area()
		}
		return plainCost * partOf(o).and(within).area()
	case *canvas.Raster:
		return partOf(o).and(within).area()
	case *fyne.Container:
		below = o.Objects
	case *widget.Scroll:
		within = within.and(partOf(o))
		below = test.WidgetRenderer(o).Objects()
	case fyne.Widget:
		below = test.WidgetRenderer(o).Objects()
	}
	for _, b := range below {
		cost += painted(b, within)
	}
	return cost
}

// TestLittleIsPaintedTwice: without a graphics card the processor paints each pixel of each rectangle anew for every
// notch of a wheel, and that is most of what a notch costs.
func TestLittleIsPaintedTwice(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		s := signedIn()
		for i := range 500 {
			s.Devices.Items = append(s.Devices.Items, localapi.Device{ID: fmt.Sprint("many", i), Name: fmt.Sprint("Phone ", i), Type: "mobile", CanReceiveTabs: true})
		}
		h.send(s)
		h.w.show(PaneDevices)
		relayout(h)
		content := h.w.win.Canvas().Content()
		whole := partOf(content)
		times := painted(content, whole) / whole.area()
		t.Logf("what is painted costs as much as %.2f pictures of the window", times)
		if times > 1.7 {
			t.Errorf("what is painted costs as much as %.2f pictures of the window", times)
		}
	})
}
