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
	Says       bool // is read aloud when it appears
	Content    fyne.CanvasObject

	ground *canvas.Rectangle // of what is small: marks, rings, boxes
	plate  *plate            // of what is large: cards, the rail; nil otherwise
}

// NewSurface makes a ground with round corners.
func NewSurface(fill fyne.ThemeColorName, radius float32, content fyne.CanvasObject) *Surface {
	s := &Surface{Fill: fill, Radius: radius, Content: content, ground: canvas.NewRectangle(color.Transparent)}
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

// CreateRenderer places the content on the ground.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer {
	if s.Raised || s.Radius == 0 { // so it is large
		s.plate = newPlate(s.Radius)
		return draw(s, append(s.plate.objects(), s.Content)...)
	}
	return draw(s, s.ground, s.Content)
}

func (s *Surface) held() []fyne.CanvasObject { return []fyne.CanvasObject{s.Content} }

func (s *Surface) style() {
	if s.plate != nil {
		edge := s.Edge
		if edge == "" {
			edge = s.Fill
		}
		s.plate.paint(named(s.Fill), named(edge), theme.Color(theme.ColorNameShadow))
		return
	}
	s.ground.FillColor = named(s.Fill)
	s.ground.CornerRadius = s.Radius
	s.ground.StrokeColor, s.ground.StrokeWidth = nil, 0
	if s.Edge != "" {
		s.ground.StrokeColor, s.ground.StrokeWidth = named(s.Edge), 1
	}
}

func (s *Surface) place(size fyne.Size) {
	s.ground.Resize(size)
	if s.plate != nil {
		s.plate.place(size)
	}
	s.Content.Resize(size)
}

func (s *Surface) least() fyne.Size { return s.Content.MinSize() }

// named returns a colour of the theme; an empty name is no colour.
func named(name fyne.ThemeColorName) color.Color {
	if name == "" {
		return color.Transparent
	}
	return theme.Color(name)
}
