package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// The widths that the content of a page gets at most, in units: longer lines are hard to read.
const (
	pageWidth = 760
	wideWidth = 1240 // of two columns
)

// Page is the frame of a pane: a heading, things beside it, content that scrolls and perhaps a bar
// below.
type Page struct {
	// Object is the whole page, Scroll the part that scrolls.
	Object fyne.CanvasObject
	Scroll *Scroll
}

// NewPage makes a page; beside and bar may be nil.
func NewPage(title string, beside, content, bar fyne.CanvasObject) *Page {
	return newPage(pageWidth, title, beside, content, bar)
}

// NewWidePage makes a page whose content has [Columns].
func NewWidePage(title string, beside, content, bar fyne.CanvasObject) *Page {
	return newPage(wideWidth, title, beside, content, bar)
}

func newPage(width float32, title string, beside, content, bar fyne.CanvasObject) *Page {
	heading := NewBoldLine(title, theme.ColorNameForeground, theme.SizeNameHeadingText)
	head := Border(nil, nil, nil, beside, Middle(heading))
	scroll := NewScroll(Inset(2, GapLarge, GapLarge, GapLarge, Column(width, content)))
	var below fyne.CanvasObject
	if bar != nil {
		below = NewSurface(ColorRail, 0, Inset(10, 10, GapLarge, GapLarge, Column(width, bar)))
	}
	return &Page{Scroll: scroll, Object: Border(
		Inset(GapLarge-4, 10, GapLarge, GapLarge, Column(width, head)), below, nil, nil, scroll)}
}

// State is what a list shows instead of its rows: an icon, a sentence, and the next action.
type State struct {
	widget.BaseWidget
	content *fyne.Container
	glyph   *widget.Icon
	title   *Text
	words   *Text
	do      *Button
}

// NewState makes an empty state; escape is what the Escape key does on its button.
func NewState(escape func()) *State {
	s := &State{glyph: widget.NewIcon(nil), title: NewBold("").Center(), words: NewMuted("").Center()}
	s.do = NewButton("", nil, nil)
	s.do.Importance, s.do.OnEscape = widget.HighImportance, escape
	picture := Centred(Arranged(layout.NewGridWrapLayout(fyne.NewSquareSize(36)), s.glyph))
	s.content = Inset(GapLarge, GapLarge, Gap, Gap, VStack(GapSmall, picture, s.title, s.words,
		Inset(GapSmall, 0, 0, 0, Centred(s.do))))
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer draws the parts.
func (s *State) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.content) }

func (s *State) held() []fyne.CanvasObject { return []fyne.CanvasObject{s.content} }

// Say shows a state; an empty label shows no button.
func (s *State) Say(icon, title, words, label string, act func()) {
	s.do.OnTapped = act
	s.glyph.SetResource(Icon(icon, ColorMuted))
	s.title.Set(title)
	s.words.Set(words)
	SetVisible(s.words, words != "")
	s.do.Relabel(label)
	SetVisible(s.do, label != "")
}

// Section is a heading above a card.
func Section(title string, card fyne.CanvasObject) fyne.CanvasObject {
	return VStack(GapSmall, SectionTitle(title), card)
}

// SectionTitle is the heading of a section alone.
func SectionTitle(title string) fyne.CanvasObject {
	line := NewBoldLine(title, ColorMuted, theme.SizeNameText)
	line.heads = true
	return Inset(0, 0, 2, 0, line)
}

// IconTitle is an icon with a title beside it.
func IconTitle(name, title string) fyne.CanvasObject {
	return Border(nil, nil, Inset(0, 0, 0, 4, Glyph(22, Icon(name, ColorAccent))), nil, NewBold(title))
}
