package widget

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// The distances of the window, in units.
const (
	GapTiny  = 4
	GapSmall = 8
	Gap      = 12
	GapLarge = 20
	cardPad  = 16
)

// VStack puts objects below each other.
func VStack(space float32, objects ...fyne.CanvasObject) *fyne.Container {
	return Arranged(layout.NewCustomPaddedVBoxLayout(space), objects...)
}

// HStack puts objects beside each other.
func HStack(space float32, objects ...fyne.CanvasObject) *fyne.Container {
	return Arranged(layout.NewCustomPaddedHBoxLayout(space), objects...)
}

// Wrap puts objects side by side and goes on below where the width ends.
func Wrap(objects ...fyne.CanvasObject) *fyne.Container {
	return Arranged(layout.NewRowWrapLayoutWithCustomPadding(GapSmall, GapSmall), objects...)
}

// Border puts objects at the edges of another, which has the room that is left. Unlike Fyne's it keeps
// the order in which one reads, which is that of the Tab key. Edges may be nil.
func Border(top, bottom, left, right, middle fyne.CanvasObject) *fyne.Container {
	var objects []fyne.CanvasObject
	for _, o := range []fyne.CanvasObject{top, left, middle, right, bottom} {
		if o != nil {
			objects = append(objects, o)
		}
	}
	return Arranged(layout.NewBorderLayout(top, bottom, left, right), objects...)
}

// Beside puts a button behind a field, far enough away that the ring around the one does not touch the other.
func Beside(field, button fyne.CanvasObject) *fyne.Container {
	return Border(nil, nil, nil, Inset(0, 0, GapTiny, 0, button), field)
}

// Inset puts space around an object.
func Inset(top, bottom, left, right float32, object fyne.CanvasObject) *fyne.Container {
	return Arranged(layout.NewCustomPaddedLayout(top, bottom, left, right), object)
}

// Pad puts the same space on all sides of an object.
func Pad(space float32, object fyne.CanvasObject) *fyne.Container {
	return Inset(space, space, space, space, object)
}

// SetVisible shows or hides an object if it is not so already. What is hidden hands the keyboard focus back.
func SetVisible(o fyne.CanvasObject, visible bool) {
	switch {
	case visible && !o.Visible():
		o.Show()
	case !visible && o.Visible():
		handBack(o)
		o.Hide()
	}
}

// Scaled enlarges a width that was chosen for the normal text size as the texts are.
func Scaled(width float32) float32 { return width * theme.TextSize() / 14 }

// BoldWidth returns how wide bold words are, as those on a button.
func BoldWidth(words string) float32 {
	return fyne.MeasureText(words, theme.TextSize(), fyne.TextStyle{Bold: true}).Width
}

// Spacer is an empty object of a size.
func Spacer(width, height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(width, height))
	return r
}

// Wide gives an object a width, in units.
func Wide(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	return Arranged(layout.NewGridWrapLayout(fyne.NewSize(width, o.MinSize().Height)), o)
}

// Glyph is a picture in a square of the given side.
func Glyph(side float32, picture fyne.Resource) fyne.CanvasObject {
	return Arranged(layout.NewGridWrapLayout(fyne.NewSquareSize(side)), widget.NewIcon(picture))
}

// SetObjects changes the objects of a container if they are others. What is taken out hands the keyboard focus back.
func SetObjects(c *fyne.Container, objects []fyne.CanvasObject) {
	same := len(c.Objects) == len(objects)
	for i := 0; same && i < len(objects); i++ {
		same = c.Objects[i] == objects[i]
	}
	if !same {
		for _, o := range c.Objects {
			if !slices.Contains(objects, o) {
				handBack(o)
			}
		}
		c.Objects = objects
		c.Refresh()
	}
}
