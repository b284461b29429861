package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// factWidth is how wide the names of facts are, in units at normal text size.
const factWidth = 132

// factLayout puts the name at the beginning and the value, which may wrap, beside it: the name level
// with the value's first line, or in the middle of a value that is a control.
type factLayout struct{ level bool }

func factLeft(width float32) float32 {
	return min(Scaled(factWidth), width*0.4)
}

func (f factLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left := factLeft(size.Width)
	fitHeight(objects[0], left-GapSmall)
	top := float32(0)
	if f.level {
		top = (size.Height - objects[0].Size().Height) / 2
	}
	objects[0].Move(fyne.NewPos(0, top))
	objects[1].Resize(fyne.NewSize(size.Width-left, size.Height))
	objects[1].Move(fyne.NewPos(left, 0))
}

func (factLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(a.Width+b.Width+GapSmall, max(a.Height, b.Height))
}

// Step is a numbered instruction.
func Step(number, words string) fyne.CanvasObject {
	n := NewBoldLine(number, ColorAccent, theme.SizeNameText)
	n.Whole, n.Align = true, fyne.TextAlignCenter
	ring := NewSurface(ColorTint, 11, Arranged(layout.NewGridWrapLayout(fyne.NewSquareSize(22)), n))
	return Border(nil, nil, Inset(0, 0, 0, 6, VStack(0, ring)), nil, Middle(NewText(words)))
}

// Fact is a fact whose value changes.
type Fact struct {
	widget.BaseWidget
	content *fyne.Container
	value   *Text
}

// CreateRenderer draws name and value.
func (f *Fact) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.content) }

func (f *Fact) held() []fyne.CanvasObject { return []fyne.CanvasObject{f.content} }

// NewFact makes a line "name: value".
func NewFact(name, value string) *Fact {
	f := &Fact{value: NewText(value)}
	f.content = Arranged(factLayout{}, factName(name), f.value)
	f.ExtendBaseWidget(f)
	return f
}

// Set changes the value; an empty one hides the fact.
func (f *Fact) Set(value string) {
	f.value.Set(value)
	SetVisible(f, value != "")
}

// Labelled puts the name of a control beside it.
func Labelled(name string, control fyne.CanvasObject) *fyne.Container {
	return Arranged(factLayout{level: true}, factName(name), control)
}

func factName(name string) *Line {
	l := NewLine(name, ColorMuted, theme.SizeNameText)
	l.Most = 2
	return l
}
