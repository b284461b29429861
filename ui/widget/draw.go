package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// drawn is a widget that draws its parts itself. It keeps them, and [draw] makes the renderer.
type drawn interface {
	fyne.Widget
	// style copies what the widget holds, and the colours of the theme, into its parts.
	style()
	// place lays the parts out, from left to right.
	place(size fyne.Size)
	// least is the minimum size.
	least() fyne.Size
}

// draw makes the renderer of a widget; the parts lie above each other in their order.
func draw(w drawn, parts ...fyne.CanvasObject) fyne.WidgetRenderer {
	w.style()
	return &renderer{w: w, parts: parts}
}

// keeper is drawn, and knows which of its parts need no Refresh: they look as they did. The toolkit has them
// follow the theme by themselves.
type keeper interface {
	keeps(part fyne.CanvasObject) bool
}

type renderer struct {
	w     drawn
	parts []fyne.CanvasObject
}

func (r *renderer) Layout(size fyne.Size) {
	r.w.place(size)
	mirror(r.parts, size.Width)
}

func (r *renderer) MinSize() fyne.Size { return r.w.least() }

func (r *renderer) Refresh() {
	r.w.style()
	r.Layout(r.w.Size())
	keeps := func(fyne.CanvasObject) bool { return false }
	if k, ok := r.w.(keeper); ok {
		keeps = k.keeps
	}
	for _, o := range r.parts {
		if !keeps(o) {
			o.Refresh()
		}
	}
}

func (r *renderer) Objects() []fyne.CanvasObject { return r.parts }

func (r *renderer) Destroy() {}

// repaint has the screen of an object drawn again where none of its parts looks another way: a Refresh would have
// everything in it made anew.
func repaint(o fyne.CanvasObject) {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if screen, ok := c.(interface{ SetDirty() }); ok {
		screen.SetDirty()
		return
	}
	canvas.Refresh(o)
}
