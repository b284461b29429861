package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Option is a box to tick, or one of several ways of which one is chosen, with words that wrap:
// Fyne's own boxes make what they are in as wide as their words.
type Option struct {
	pressable
	// On is the state; Set changes it.
	On bool

	round   bool // one of several, not a box
	changed func(on bool)
	box     *widget.Icon
	words   *Text
}

// NewOption makes a box to tick.
func NewOption(words string, changed func(on bool)) *Option {
	o := &Option{changed: changed, box: widget.NewIcon(nil), words: NewText(words)}
	o.prepare(o, o.turn)
	o.ExtendBaseWidget(o)
	return o
}

// NewWay makes one of several ways; choosing it calls chosen, leaving it is the other ways' doing.
func NewWay(words string, chosen func()) *Option {
	o := NewOption(words, func(bool) { chosen() })
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

// turn ticks or unticks; a way that is chosen stays so.
func (o *Option) turn() {
	if o.round && o.On {
		return
	}
	o.Set(!o.On)
	if o.changed != nil {
		o.changed(o.On)
	}
}

// AccessibilityLabel is the words with a mark for what is on.
func (o *Option) AccessibilityLabel() string {
	if o.On {
		return "✓ " + o.words.Words()
	}
	return o.words.Words()
}

// CreateRenderer draws box and words.
func (o *Option) CreateRenderer() fyne.WidgetRenderer { return draw(o, o.ground, o.box, o.words) }

func (o *Option) style() {
	glyph, ink := theme.CheckButtonIcon(), ColorMuted
	switch {
	case o.round && o.On:
		glyph, ink = theme.RadioButtonCheckedIcon(), ColorAccent
	case o.round:
		glyph = theme.RadioButtonIcon()
	case o.On:
		glyph, ink = theme.CheckButtonCheckedIcon(), ColorAccent
	}
	o.box.Resource = theme.NewColoredResource(glyph, ink)
	o.paint("")
}

// optionPad is how far the ground of an option reaches beyond box and words.
const optionPad = 4

func (o *Option) place(size fyne.Size) {
	glyph := theme.IconInlineSize()
	o.ground.Move(fyne.NewPos(-optionPad, 0))
	o.ground.Resize(size.AddWidthHeight(2*optionPad, 0))
	line := fyne.MeasureText("M", theme.TextSize(), fyne.TextStyle{}).Height
	o.box.Resize(fyne.NewSquareSize(glyph))
	o.box.Move(fyne.NewPos(0, optionPad+(line-glyph)/2))
	o.words.Resize(fyne.NewSize(size.Width-glyph-GapSmall, size.Height-2*optionPad))
	o.words.Move(fyne.NewPos(glyph+GapSmall, optionPad))
}

func (o *Option) least() fyne.Size {
	glyph, words := theme.IconInlineSize(), o.words.MinSize()
	return fyne.NewSize(glyph+GapSmall+words.Width, max(glyph, words.Height)+2*optionPad)
}
