package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// option is a box to tick, or one of several ways of which one is chosen, with words that wrap:
// Fyne's own boxes make what they are in as wide as their words.
type option struct {
	widget.BaseWidget
	words   string
	on      bool
	round   bool // one of several, not a box
	changed func(on bool)
	escape  func()

	hovered, focused bool
}

func (w *Window) newOption(words string, changed func(on bool)) *option {
	o := &option{words: words, changed: changed, escape: w.escape}
	o.ExtendBaseWidget(o)
	return o
}

// newWay makes one of several ways; choosing it calls chosen, leaving it is the other ways' doing.
func (w *Window) newWay(words string, chosen func()) *option {
	o := w.newOption(words, func(on bool) {
		if on {
			chosen()
		}
	})
	o.round = true
	return o
}

// set shows another state without telling anybody.
func (o *option) set(on bool) {
	if o.on != on {
		o.on = on
		o.Refresh()
	}
}

// Tapped ticks or unticks; a way that is chosen stays so.
func (o *option) Tapped(*fyne.PointEvent) {
	if o.round && o.on {
		return
	}
	o.set(!o.on)
	if o.changed != nil {
		o.changed(o.on)
	}
}

// TypedKey does the same by keyboard.
func (o *option) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		o.Tapped(nil)
	case fyne.KeyEscape:
		if o.escape != nil {
			o.escape()
		}
	}
}

// TypedRune ignores letters.
func (o *option) TypedRune(rune) {}

// FocusGained draws the ring.
func (o *option) FocusGained() { o.focused = true; o.Refresh() }

// FocusLost removes the ring.
func (o *option) FocusLost() { o.focused = false; o.Refresh() }

// MouseIn lights the option up.
func (o *option) MouseIn(*desktop.MouseEvent) { o.hovered = true; o.Refresh() }

// MouseMoved is part of being hoverable.
func (o *option) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends that.
func (o *option) MouseOut() { o.hovered = false; o.Refresh() }

// AccessibilityLabel is the words with a mark for what is on.
func (o *option) AccessibilityLabel() string {
	if o.on {
		return "✓ " + o.words
	}
	return o.words
}

// AccessibilityRole is a button's: Fyne has no word for boxes yet.
func (o *option) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer draws box and words.
func (o *option) CreateRenderer() fyne.WidgetRenderer {
	r := &optionRenderer{o: o, ground: canvas.NewRectangle(color.Transparent), box: widget.NewIcon(nil), words: newText(o.words)}
	r.ground.CornerRadius = 8
	r.style()
	return r
}

type optionRenderer struct {
	o      *option
	ground *canvas.Rectangle
	box    *widget.Icon
	words  *text
}

func (r *optionRenderer) style() {
	o := r.o
	glyph, ink := theme.CheckButtonIcon(), colorMuted
	switch {
	case o.round && o.on:
		glyph, ink = theme.RadioButtonCheckedIcon(), colorAccent
	case o.round:
		glyph = theme.RadioButtonIcon()
	case o.on:
		glyph, ink = theme.CheckButtonCheckedIcon(), colorAccent
	}
	r.box.Resource = theme.NewColoredResource(glyph, ink)
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth = color.Transparent, nil, 0
	if o.hovered {
		r.ground.FillColor = named(theme.ColorNameHover)
	}
	if o.focused {
		r.ground.StrokeColor, r.ground.StrokeWidth = named(colorRing), 2
	}
	r.words.set(o.words)
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
	r.words.Resize(fyne.NewSize(size.Width-glyph-gapSmall, size.Height-2*optionPad))
	r.words.Move(fyne.NewPos(glyph+gapSmall, optionPad))
}

func (r *optionRenderer) MinSize() fyne.Size {
	glyph, words := theme.IconInlineSize(), r.words.MinSize()
	return fyne.NewSize(glyph+gapSmall+words.Width, max(glyph, words.Height)+2*optionPad)
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
