package window

import (
	"fyne.io/fyne/v2"
)

// column keeps its objects in a column of at most a width, in the middle.
type column struct{ width float32 }

func (c column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(c.width, size.Width)
	for _, o := range objects {
		fitHeight(o, width)
		o.Move(fyne.NewPos((size.Width-width)/2, 0))
	}
}

func (c column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

// twoUpFrom is from which width on two cards stand side by side, in units.
const twoUpFrom = 460

// twoUp puts two cards of equal size side by side, or below each other where it is narrow. It
// remembers the width it was given, because that decides about its height.
type twoUp struct{ width float32 }

func (t *twoUp) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	t.width = size.Width
	if size.Width >= scaled(twoUpFrom) && len(objects) == 2 {
		half := (size.Width - gap) / 2
		for i, o := range objects {
			o.Resize(fyne.NewSize(half, size.Height))
			o.Move(fyne.NewPos(float32(i)*(half+gap), 0))
		}
		return
	}
	y := float32(0)
	for _, o := range objects {
		o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
		h := o.MinSize().Height // a wrapped text knows its height once it knows its width
		o.Resize(fyne.NewSize(size.Width, h))
		o.Move(fyne.NewPos(0, y))
		y += h + gap
	}
}

func (t *twoUp) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	sum := float32(0)
	for i, o := range objects {
		m := o.MinSize()
		size = size.Max(m)
		sum += m.Height
		if i > 0 {
			sum += gap
		}
	}
	if t.width > 0 && t.width < scaled(twoUpFrom) {
		size.Height = sum
	}
	return size
}

// centredRow puts buttons side by side in the middle, and below each other where they do not fit.
type centredRow struct{ space float32 }

func (c centredRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	total := -c.space
	for _, o := range objects {
		total += o.MinSize().Width + c.space
	}
	x := max(0, (size.Width-total)/2)
	for _, o := range objects {
		m := o.MinSize()
		o.Resize(m)
		o.Move(fyne.NewPos(x, 0))
		x += m.Width + c.space
	}
}

func (c centredRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(-c.space, 0)
	for _, o := range objects {
		m := o.MinSize()
		size.Width += m.Width + c.space
		size.Height = max(size.Height, m.Height)
	}
	return fyne.NewSize(max(0, size.Width), size.Height)
}
