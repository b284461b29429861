package widget

import "fyne.io/fyne/v2"

// drawn is a widget that draws its parts itself. It keeps them, and [draw] makes the renderer.
type drawn interface {
	fyne.Widget
	// style copies what the widget holds, and the colours of the theme, into its parts.
	style()
	// place lays the parts out.
	place(size fyne.Size)
	// least is the minimum size.
	least() fyne.Size
}

// draw makes the renderer of a widget; the parts lie above each other in their order.
func draw(w drawn, parts ...fyne.CanvasObject) fyne.WidgetRenderer {
	w.style()
	return &renderer{w: w, parts: parts}
}

type renderer struct {
	w     drawn
	parts []fyne.CanvasObject
}

func (r *renderer) Layout(size fyne.Size) { r.w.place(size) }

func (r *renderer) MinSize() fyne.Size { return r.w.least() }

func (r *renderer) Refresh() {
	r.w.style()
	r.w.place(r.w.Size())
	for _, o := range r.parts {
		o.Refresh()
	}
}

func (r *renderer) Objects() []fyne.CanvasObject { return r.parts }

func (r *renderer) Destroy() {}
