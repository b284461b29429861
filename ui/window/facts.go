package window

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

const sizeCaption = theme.SizeNameCaptionText

// factWidth is how wide the names of facts are, in units at normal text size.
const factWidth = 120

// fact is a line "name: value".
func fact(name, value string) *fyne.Container {
	return container.New(factLayout{}, newLine(name, colorMuted, theme.SizeNameText, false), newText(value))
}

// factLayout puts the name at the left and the value, which may wrap, beside it: the name level
// with the value's first line, or in the middle of a value that is a control.
type factLayout struct{ level bool }

func factLeft(width float32) float32 {
	return min(scaled(factWidth), width*0.4)
}

func (f factLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left := factLeft(size.Width)
	objects[0].Resize(fyne.NewSize(left-gapSmall, objects[0].MinSize().Height))
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
	return fyne.NewSize(a.Width+b.Width+gapSmall, max(a.Height, b.Height))
}

// step is a numbered instruction.
func step(number, words string) fyne.CanvasObject {
	n := newLine(number, colorAccent, theme.SizeNameText, true)
	n.natural, n.align = true, fyne.TextAlignCenter
	ring := newSurface(colorTint, 11, container.NewGridWrap(fyne.NewSquareSize(22), n))
	return container.NewBorder(nil, nil, inset(0, 0, 0, 6, vstack(0, ring)), nil, container.New(middle{}, newText(words)))
}

func trimmed(words string) string { return strings.TrimSpace(words) }
