package widget

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Scroll shows a part of what is higher than its frame. One notch of a wheel goes as far as in other
// programs of the desktop: three lines, where Fyne's goes one.
type Scroll struct {
	container.Scroll
	// OnSeen is called when another part can be seen, or may be; nil for nothing.
	OnSeen func()

	shown fyne.CanvasObject // what was scrolled into sight last
	at    float32           // and where the scroll stood then
}

// NewScroll makes a frame that scrolls up and down.
func NewScroll(content fyne.CanvasObject) *Scroll {
	s := &Scroll{}
	s.Direction, s.Content = container.ScrollVerticalOnly, Arranged(watched{scroll: s}, content)
	s.OnScrolled = func(fyne.Position) { s.tell() }
	s.ExtendBaseWidget(s)
	return s
}

// watched lays the content of a scroll out, and has its lists told where they lie now.
type watched struct {
	widest
	scroll *Scroll
}

func (w watched) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
	inSight := w.scroll.showsFocused()
	// The toolkit looks after that only when somebody scrolls: of a search's one hit half a row was seen.
	if end := max(0, size.Height-w.scroll.Size().Height); w.scroll.Offset.Y > end {
		w.scroll.Scroll.ScrollToOffset(fyne.NewPos(0, end))
	}
	w.scroll.tell()
	if inSight {
		reveal(w.scroll.shown)
	}
}

// showsFocused reports whether what has the focus was scrolled into sight, and nobody has scrolled since: then it
// stays in sight, whatever comes above it.
func (s *Scroll) showsFocused() bool {
	focusable, ok := s.shown.(fyne.Focusable)
	if !ok || s.Offset.Y != s.at {
		return false
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(onScreen(s.shown))
	return c != nil && c.Focused() == focusable
}

// Resize tells the lists how much of them can be seen.
func (s *Scroll) Resize(size fyne.Size) {
	s.Scroll.Resize(size)
	s.tell()
}

// CreateRenderer puts the bar at the end of the lines.
func (s *Scroll) CreateRenderer() fyne.WidgetRenderer { return newTurned(s.Scroll.CreateRenderer(), s) }

// ScrollToOffset shows another part.
func (s *Scroll) ScrollToOffset(at fyne.Position) {
	s.Scroll.ScrollToOffset(at)
	s.tell()
}

// ScrollToTop shows the beginning.
func (s *Scroll) ScrollToTop() {
	s.Scroll.ScrollToTop()
	s.tell()
}

// tell tells the lists within which part of them can be seen.
func (s *Scroll) tell() {
	if s.OnSeen != nil {
		s.OnSeen()
	}
	s.tellBelow(s.Content, 0)
}

func (s *Scroll) tellBelow(o fyne.CanvasObject, top float32) {
	switch o := o.(type) {
	case *RowList:
		o.see(s.Offset.Y-top, s.Offset.Y-top+s.Size().Height)
		return
	case *Pile:
		o.see(s.Offset.Y-top, s.Offset.Y-top+s.Size().Height)
	}
	for _, b := range inside(o) {
		s.tellBelow(b, top+b.Position().Y)
	}
}

// Left is how much lies below what can be seen, in units.
func (s *Scroll) Left() float32 { return s.Content.Size().Height - s.Offset.Y - s.Size().Height }

func (s *Scroll) held() []fyne.CanvasObject { return []fyne.CanvasObject{s.Content} }

// notch is what Fyne makes of one notch of a wheel, in units; notchLines how many of them we go.
const (
	notch      = 25
	notchLines = 3
)

// Scrolled goes three lines for each notch of a wheel, and as far as it is told for a touchpad, which
// tells parts of a notch.
func (s *Scroll) Scrolled(e *fyne.ScrollEvent) {
	turned := *e
	if notches := float64(e.Scrolled.DY / notch); notches == math.Trunc(notches) {
		turned.Scrolled.DY *= notchLines
	}
	s.Scroll.Scrolled(&turned)
}

// glass lies over a field, where it lets everything through but the wheel: that turns the page.
// Otherwise a page would stop wherever a field slides under the pointer.
type glass struct {
	widget.BaseWidget
	over fyne.CanvasObject
}

func newGlass(over fyne.CanvasObject) *glass {
	g := &glass{over: over}
	g.ExtendBaseWidget(g)
	return g
}

// MouseIn, MouseMoved and MouseOut keep the pointer from the toolkit's scroll bar, which would grow below it.
func (g *glass) MouseIn(*desktop.MouseEvent) {}

// MouseMoved is for MouseIn.
func (g *glass) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is for MouseIn.
func (g *glass) MouseOut() {}

// CreateRenderer draws nothing.
func (g *glass) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// Scrolled turns the page that the field is on.
func (g *glass) Scrolled(e *fyne.ScrollEvent) {
	if scrolls := scrollsAround(g.over); len(scrolls) > 0 {
		scrolls[0].Scrolled(e)
	}
}
