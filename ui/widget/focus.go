package widget

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// The ring around what has the keyboard focus, in units: how wide it is, and how far it stands off what
// it is around, so that it is seen against the ground on both of its sides.
const (
	ringWidth = 2
	ringGap   = 1
)

// ringed draws a widget of Fyne's with our ring around it: what Fyne shows of the focus cannot be told
// from the pointer's light.
type ringed struct {
	fyne.WidgetRenderer
	ring    *canvas.Rectangle
	above   []fyne.CanvasObject // of the size of the widget
	radius  float32
	focused func() bool
	color   fyne.ThemeColorName
}

// around draws the ring, and what lies above the widget; radius is that of the widget's corners.
func around(inner fyne.WidgetRenderer, radius float32, focused func() bool, color fyne.ThemeColorName, above ...fyne.CanvasObject) fyne.WidgetRenderer {
	r := &ringed{WidgetRenderer: inner, ring: newRing(), above: above, radius: radius, focused: focused, color: color}
	r.paint()
	return r
}

func newRing() *canvas.Rectangle {
	ring := canvas.NewRectangle(color.Transparent)
	ring.StrokeWidth = ringWidth
	return ring
}

func (r *ringed) Layout(size fyne.Size) {
	const out = ringWidth + ringGap
	r.WidgetRenderer.Layout(size)
	r.ring.CornerRadius = r.radius + out
	r.ring.Move(fyne.NewPos(-out, -out))
	r.ring.Resize(size.AddWidthHeight(2*out, 2*out))
	for _, o := range r.above {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

func (r *ringed) Objects() []fyne.CanvasObject {
	return append(append(slices.Clone(r.WidgetRenderer.Objects()), r.above...), r.ring)
}

func (r *ringed) Refresh() {
	r.WidgetRenderer.Refresh()
	r.paint()
	r.ring.Refresh()
}

func (r *ringed) paint() {
	r.ring.StrokeColor = color.Transparent
	if r.focused() {
		r.ring.StrokeColor = named(r.color)
	}
}

// holder is a widget of ours with others in it that may take the focus.
type holder interface{ held() []fyne.CanvasObject }

// inside returns what can be seen directly within an object.
func inside(o fyne.CanvasObject) []fyne.CanvasObject {
	var all []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		all = o.Objects
	case *widget.PopUp:
		all = []fyne.CanvasObject{o.Content}
	case holder:
		all = o.held()
	}
	var seen []fyne.CanvasObject
	for _, one := range all {
		if one.Visible() {
			seen = append(seen, one)
		}
	}
	return seen
}

// within returns how far below the top of an object another one in it begins, and whether it is in it.
func within(from, to fyne.CanvasObject) (top float32, found bool) {
	if from == to {
		return 0, true
	}
	for _, o := range inside(from) {
		if top, found = within(o, to); found {
			return top + o.Position().Y, true
		}
	}
	return 0, false
}

// scrollsTo returns what scrolls on the way from an object down to another, the inmost first, and
// whether there is a way.
func scrollsTo(from, to fyne.CanvasObject) (scrolls []*Scroll, found bool) {
	if from == to {
		return nil, true
	}
	for _, o := range inside(from) {
		if scrolls, found = scrollsTo(o, to); found {
			if s, ok := from.(*Scroll); ok {
				scrolls = append(scrolls, s)
			}
			return scrolls, true
		}
	}
	return nil, false
}

// Within reports whether an object can be seen somewhere below another, scrolled away or not.
func Within(root, o fyne.CanvasObject) bool {
	_, found := scrollsTo(root, o)
	return found
}

// scrollsAround returns what scrolls around an object on its screen, the inmost first.
func scrollsAround(o fyne.CanvasObject) []*Scroll {
	c := fyne.CurrentApp().Driver().CanvasForObject(onScreen(o))
	if c == nil {
		return nil
	}
	root := c.Content()
	if top := c.Overlays().Top(); top != nil {
		root = top
	}
	scrolls, _ := scrollsTo(root, o)
	return scrolls
}

// onScreen returns what the toolkit knows of an object: a row or a list that has just been made is not drawn yet,
// what it is in is.
func onScreen(o fyne.CanvasObject) fyne.CanvasObject {
	driver := fyne.CurrentApp().Driver()
	if r, ok := o.(*Row); ok && r.list != nil && driver.CanvasForObject(r) == nil {
		o = r.list
	}
	if l, ok := o.(*RowList); ok && l.pile != nil && driver.CanvasForObject(l) == nil {
		o = l.pile
	}
	return o
}

// revealMargin is how much is shown beyond what was scrolled into sight, in units.
const revealMargin = 12

// reveal scrolls an object into sight: one that has the focus must be seen.
func reveal(o fyne.CanvasObject) {
	for _, s := range scrollsAround(o) {
		at, _ := within(s.Content, o)
		if y := inSight(s.Offset.Y, s.Size().Height, at, o.Size().Height); y != s.Offset.Y {
			s.ScrollToOffset(fyne.NewPos(s.Offset.X, y))
		}
		s.shown, s.at = o, s.Offset.Y
	}
}

// inSight returns the least change of an offset that shows what lies at a place, its beginning where
// it is longer than the frame.
func inSight(offset, frame, at, length float32) float32 {
	if end := at + length + revealMargin; end > offset+frame {
		offset = end - frame
	}
	if begin := at - revealMargin; begin < offset {
		offset = max(0, begin)
	}
	return offset
}

// focus gives an object the keyboard focus, and reports whether it is on a screen.
func focus(o interface {
	fyne.CanvasObject
	fyne.Focusable
},
) bool {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if c == nil {
		return false
	}
	c.Focus(o)
	return true
}

// handBack gives the keyboard focus to what stands before, if it is at an object that is about to leave the screen, or
// within it: what nobody sees would take what is typed, and the Tab key would begin at the top again. What stands behind
// is often what it would be a pity to press by a key that is still held: open all, send.
func handBack(o fyne.CanvasObject) {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if c == nil || !holdsFocus(c, o) {
		return
	}
	first := c.Focused()
	for holdsFocus(c, o) {
		if c.FocusPrevious(); c.Focused() == first { // once around: there is nothing else
			c.Unfocus()
			return
		}
	}
}

// holdsFocus reports whether an object has the keyboard focus, or what can be seen within it.
func holdsFocus(c fyne.Canvas, o fyne.CanvasObject) bool {
	had, ok := c.Focused().(fyne.CanvasObject)
	return ok && Within(o, had)
}
