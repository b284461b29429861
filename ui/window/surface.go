package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// surface is a coloured ground with content on it: card, rail, notice, mark. A rectangle coloured
// once would not follow a change of the theme, so it takes its colours anew at every Refresh.
type surface struct {
	widget.BaseWidget
	fill, edge fyne.ThemeColorName // an empty name draws nothing
	radius     float32
	raised     bool // casts a shadow
	content    fyne.CanvasObject
}

func newSurface(fill fyne.ThemeColorName, radius float32, content fyne.CanvasObject) *surface {
	s := &surface{fill: fill, radius: radius, content: content}
	s.ExtendBaseWidget(s)
	return s
}

// newCard is the ground of a group of things on a page.
func newCard(content fyne.CanvasObject) *surface {
	s := newSurface(colorCard, 12, pad(cardPad, content))
	s.edge, s.raised = colorEdge, true
	return s
}

// newListCard is a card whose rows reach to its edges.
func newListCard(content fyne.CanvasObject) *surface {
	s := newSurface(colorCard, 12, inset(6, 6, 6, 6, content))
	s.edge, s.raised = colorEdge, true
	return s
}

// CreateRenderer makes the ground and places the content on it.
func (s *surface) CreateRenderer() fyne.WidgetRenderer {
	r := &surfaceRenderer{s: s, ground: canvas.NewRectangle(color.Transparent)}
	r.paint()
	return r
}

type surfaceRenderer struct {
	s      *surface
	ground *canvas.Rectangle
}

func (r *surfaceRenderer) paint() {
	r.ground.FillColor = named(r.s.fill)
	r.ground.CornerRadius = r.s.radius
	r.ground.StrokeColor, r.ground.StrokeWidth = nil, 0
	if r.s.edge != "" {
		r.ground.StrokeColor, r.ground.StrokeWidth = named(r.s.edge), 1
	}
	r.ground.Shadow = canvas.Shadow{}
	if r.s.raised {
		r.ground.Shadow = canvas.Shadow{
			Color: theme.Color(theme.ColorNameShadow), BlurRadius: 6, Offset: fyne.NewPos(0, 1), Variant: canvas.DropShadow,
		}
	}
}

func (r *surfaceRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	r.s.content.Resize(size)
}

func (r *surfaceRenderer) MinSize() fyne.Size { return r.s.content.MinSize() }

func (r *surfaceRenderer) Refresh() {
	r.paint()
	r.ground.Refresh()
	r.s.content.Refresh()
}

func (r *surfaceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.s.content}
}

func (r *surfaceRenderer) Destroy() {}

// named gives a colour of the theme; an empty name is no colour.
func named(name fyne.ThemeColorName) color.Color {
	if name == "" {
		return color.Transparent
	}
	return theme.Color(name)
}
