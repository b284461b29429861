package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Surface is a coloured ground with content on it: card, rail, notice, mark. A rectangle coloured
// once would not follow a change of the theme, so it takes its colours anew at every Refresh.
type Surface struct {
	widget.BaseWidget
	Fill, Edge fyne.ThemeColorName // an empty name draws nothing
	Radius     float32
	Raised     bool // casts a shadow
	Content    fyne.CanvasObject
}

// NewSurface makes a ground with round corners.
func NewSurface(fill fyne.ThemeColorName, radius float32, content fyne.CanvasObject) *Surface {
	s := &Surface{Fill: fill, Radius: radius, Content: content}
	s.ExtendBaseWidget(s)
	return s
}

// NewCard is the ground of a group of things on a page.
func NewCard(content fyne.CanvasObject) *Surface {
	s := NewSurface(ColorCard, 12, Pad(cardPad, content))
	s.Edge, s.Raised = ColorEdge, true
	return s
}

// NewListCard is a card whose rows reach to its edges.
func NewListCard(content fyne.CanvasObject) *Surface {
	s := NewSurface(ColorCard, 12, Inset(6, 6, 6, 6, content))
	s.Edge, s.Raised = ColorEdge, true
	return s
}

// CreateRenderer makes the ground and places the content on it.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer {
	r := &surfaceRenderer{s: s, ground: canvas.NewRectangle(color.Transparent)}
	r.paint()
	return r
}

type surfaceRenderer struct {
	s      *Surface
	ground *canvas.Rectangle
}

func (r *surfaceRenderer) paint() {
	r.ground.FillColor = named(r.s.Fill)
	r.ground.CornerRadius = r.s.Radius
	r.ground.StrokeColor, r.ground.StrokeWidth = nil, 0
	if r.s.Edge != "" {
		r.ground.StrokeColor, r.ground.StrokeWidth = named(r.s.Edge), 1
	}
	r.ground.Shadow = canvas.Shadow{}
	if r.s.Raised {
		r.ground.Shadow = canvas.Shadow{
			Color: theme.Color(theme.ColorNameShadow), BlurRadius: 6, Offset: fyne.NewPos(0, 1), Variant: canvas.DropShadow,
		}
	}
}

func (r *surfaceRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	r.s.Content.Resize(size)
}

func (r *surfaceRenderer) MinSize() fyne.Size { return r.s.Content.MinSize() }

func (r *surfaceRenderer) Refresh() {
	r.paint()
	r.ground.Refresh()
	r.s.Content.Refresh()
}

func (r *surfaceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.s.Content}
}

func (r *surfaceRenderer) Destroy() {}

// named gives a colour of the theme; an empty name is no colour.
func named(name fyne.ThemeColorName) color.Color {
	if name == "" {
		return color.Transparent
	}
	return theme.Color(name)
}
