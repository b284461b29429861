package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// pageWidth is as wide as the content of a page gets, in units: longer lines are hard to read.
const pageWidth = 760

// page is the frame of a pane: a heading, things beside it, content that scrolls and perhaps a bar
// below.
type page struct {
	object  fyne.CanvasObject
	heading *line
	scroll  *container.Scroll
}

func newPage(title string, beside, content, bar fyne.CanvasObject) *page {
	p := &page{heading: newLine(title, theme.ColorNameForeground, theme.SizeNameHeadingText, true)}
	head := container.NewBorder(nil, nil, nil, beside, container.New(middle{}, p.heading))
	p.scroll = container.NewVScroll(inset(2, gapLarge, gapLarge, gapLarge, container.New(pageColumn{}, content)))
	var below fyne.CanvasObject
	if bar != nil {
		ground := newSurface(colorRail, 0, inset(10, 10, gapLarge, gapLarge, container.New(pageColumn{}, bar)))
		below = ground
	}
	p.object = container.NewBorder(
		inset(gapLarge-4, 10, gapLarge, gapLarge, container.New(pageColumn{}, head)), below, nil, nil, p.scroll)
	return p
}

// pageColumn keeps the content of a page in one column, in the middle of a wide window.
type pageColumn struct{}

func (pageColumn) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(pageWidth, size.Width)
	for _, o := range objects {
		fitHeight(o, width)
		o.Move(fyne.NewPos((size.Width-width)/2, 0))
	}
}

// fitHeight gives an object a width and the height it then needs: a wrapped text knows its height
// only once it knows its width.
func fitHeight(o fyne.CanvasObject, width float32) {
	o.Resize(fyne.NewSize(width, o.MinSize().Height))
	if h := o.MinSize().Height; h != o.Size().Height {
		o.Resize(fyne.NewSize(width, h))
	}
}

func (pageColumn) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

// state is what a list shows instead of its rows: an icon, a sentence, and the next action.
type state struct {
	widget.BaseWidget
	content *fyne.Container
	glyph   *widget.Icon
	title   *text
	words   *text
	do      *button
	act     func()
}

func newState(w *Window) *state {
	s := &state{glyph: widget.NewIcon(nil), title: newBold(""), words: newMuted("")}
	s.title.label.Alignment, s.words.label.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	s.do = w.mainButton("", func() {
		if s.act != nil {
			s.act()
		}
	})
	picture := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(36), s.glyph))
	s.content = inset(gapLarge, gapLarge, gap, gap, vstack(gapSmall, picture, s.title, s.words,
		inset(gapSmall, 0, 0, 0, container.NewCenter(s.do))))
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer draws the parts.
func (s *state) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.content) }

// say shows a state; an empty label shows no button.
func (s *state) say(icon, title, words, label string, act func()) {
	s.act = act
	s.glyph.SetResource(tinted(icon, colorMuted))
	s.title.set(title)
	s.words.set(words)
	setVisible(s.words, words != "")
	s.do.relabel(label)
	setVisible(s.do, label != "")
}

// section is a heading above a card.
func section(title string, card fyne.CanvasObject) fyne.CanvasObject {
	return vstack(gapSmall, newSectionTitle(title), card)
}

func newSectionTitle(title string) fyne.CanvasObject {
	return inset(0, 0, 2, 0, newLine(title, colorMuted, theme.SizeNameText, true))
}
