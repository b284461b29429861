package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Option is a box to tick, or one of several ways of which one is chosen, with words that wrap:
// Fyne's own boxes make what they are in as wide as their words.
type Option struct {
	widget.BaseWidget
	words    string
	On       bool
	round    bool // one of several, not a box
	changed  func(on bool)
	OnEscape func()

	hovered, focused bool
}

// NewOption makes a box to tick.
func NewOption(words string, changed func(on bool)) *Option {
	o := &Option{words: words, changed: changed}
	o.ExtendBaseWidget(o)
	return o
}

// NewWay makes one of several ways; choosing it calls chosen, leaving it is the other ways' doing.
func NewWay(words string, chosen func()) *Option {
	o := NewOption(words, func(on bool) {
		if on {
			chosen()
		}
	})
	o.round = true
	return o
}

// Set shows another state without telling anybody.
func (o *Option) Set(on bool) {
	if o.On != on {
		o.On = on
		o.Refresh()
	}
}

// Tapped ticks or unticks; a way that is chosen stays so.
func (o *Option) Tapped(*fyne.PointEvent) {
	if o.round && o.On {
		return
	}
	o.Set(!o.On)
	if o.changed != nil {
		o.changed(o.On)
	}
}

// TypedKey does the same by keyboard.
func (o *Option) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		o.Tapped(nil)
	case fyne.KeyEscape:
		if o.OnEscape != nil {
			o.OnEscape()
		}
	}
}

// TypedRune ignores letters.
func (o *Option) TypedRune(rune) {}

// FocusGained draws the ring.
func (o *Option) FocusGained() { o.focused = true; o.Refresh() }

// FocusLost removes the ring.
func (o *Option) FocusLost() { o.focused = false; o.Refresh() }

// MouseIn lights the option up.
func (o *Option) MouseIn(*desktop.MouseEvent) { o.hovered = true; o.Refresh() }

// MouseMoved is part of being hoverable.
func (o *Option) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends that.
func (o *Option) MouseOut() { o.hovered = false; o.Refresh() }

// AccessibilityLabel is the words with a mark for what is on.
func (o *Option) AccessibilityLabel() string {
	if o.On {
		return "✓ " + o.words
	}
	return o.words
}

// AccessibilityRole is a button's: Fyne has no word for boxes yet.
func (o *Option) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer draws box and words.
func (o *Option) CreateRenderer() fyne.WidgetRenderer {
	r := &optionRenderer{o: o, ground: canvas.NewRectangle(color.Transparent), box: widget.NewIcon(nil), words: NewText(o.words)}
	r.ground.CornerRadius = 8
	r.style()
	return r
}

type optionRenderer struct {
	o      *Option
	ground *canvas.Rectangle
	box    *widget.Icon
	words  *Text
}

func (r *optionRenderer) style() {
	o := r.o
	glyph, ink := theme.CheckButtonIcon(), ColorMuted
	switch {
	case o.round && o.On:
		glyph, ink = theme.RadioButtonCheckedIcon(), ColorAccent
	case o.round:
		glyph = theme.RadioButtonIcon()
	case o.On:
		glyph, ink = theme.CheckButtonCheckedIcon(), ColorAccent
	}
	r.box.Resource = theme.NewColoredResource(glyph, ink)
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth = color.Transparent, nil, 0
	if o.hovered {
		r.ground.FillColor = named(theme.ColorNameHover)
	}
	if o.focused {
		r.ground.StrokeColor, r.ground.StrokeWidth = named(ColorRing), 2
	}
	r.words.Set(o.words)
}

// optionPad is how far the ground of an option reaches beyond box and words.
const optionPad = 4

func (r *optionRenderer) Layout(size fyne.Size) {
	glyph := theme.IconInlineSize()
	r.ground.Move(fyne.NewPos(-optionPad, 0))
	r.ground.Resize(size.AddWidthHeight(2*optionPad, 0))
	line := fyne.MeasureText("M", theme.TextSize(), fyne.TextStyle{}).Height
	r.box.Resize(fyne.NewSquareSize(glyph))
	r.box.Move(fyne.NewPos(0, optionPad+(line-glyph)/2))
	r.words.Resize(fyne.NewSize(size.Width-glyph-GapSmall, size.Height-2*optionPad))
	r.words.Move(fyne.NewPos(glyph+GapSmall, optionPad))
}

func (r *optionRenderer) MinSize() fyne.Size {
	glyph, words := theme.IconInlineSize(), r.words.MinSize()
	return fyne.NewSize(glyph+GapSmall+words.Width, max(glyph, words.Height)+2*optionPad)
}

func (r *optionRenderer) Refresh() {
	r.style()
	r.Layout(r.o.Size())
	r.ground.Refresh()
	r.box.Refresh()
	r.words.Refresh()
}

func (r *optionRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.box, r.words}
}

func (r *optionRenderer) Destroy() {}
