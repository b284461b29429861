package widget

import "fyne.io/fyne/v2"

// widest is the least size of objects that lie at the same place.
type widest struct{}

func (widest) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

// fitHeight resizes an object to a width and the height it then needs: a wrapped text knows its height
// only once it knows its width.
func fitHeight(o fyne.CanvasObject, width float32) {
	o.Resize(fyne.NewSize(width, o.MinSize().Height))
	if h := o.MinSize().Height; h != o.Size().Height {
		o.Resize(fyne.NewSize(width, h))
	}
}

// Middle lets an object have the whole width and centres it from top to bottom.
func Middle(o fyne.CanvasObject) *fyne.Container { return Arranged(middle{}, o) }

type middle struct{ widest }

func (middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		h := o.MinSize().Height
		o.Resize(fyne.NewSize(size.Width, h))
		o.Move(fyne.NewPos(0, (size.Height-h)/2))
	}
}

// Capped lets an object have at most a width, in units, and keeps it where lines begin.
func Capped(width float32, o fyne.CanvasObject) *fyne.Container {
	return Arranged(capped{width: width}, o)
}

type capped struct {
	widest
	width float32
}

func (c capped) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(fyne.NewSize(min(c.width, size.Width), size.Height))
	}
}

// Column keeps an object in a column of at most a width, in units, in the middle.
func Column(width float32, o fyne.CanvasObject) *fyne.Container {
	return Arranged(column{width: width}, o)
}

type column struct {
	widest
	width float32
}

func (c column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(c.width, size.Width)
	for _, o := range objects {
		fitHeight(o, width)
		o.Move(fyne.NewPos((size.Width-width)/2, 0))
	}
}

// twoUpFrom is from which width on two cards stand side by side, in units.
const twoUpFrom = 460

// TwoUp puts two cards of equal size side by side, or below each other where it is narrow.
func TwoUp(a, b fyne.CanvasObject) *fyne.Container { return Arranged(&twoUp{}, a, b) }

// twoUp remembers the width it was given, because that decides about its height.
type twoUp struct{ width float32 }

func (t *twoUp) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	t.width = size.Width
	if size.Width >= Scaled(twoUpFrom) {
		half := (size.Width - Gap) / 2
		for i, o := range objects {
			o.Resize(fyne.NewSize(half, size.Height))
			o.Move(fyne.NewPos(float32(i)*(half+Gap), 0))
		}
		return
	}
	y := float32(0)
	for _, o := range objects {
		fitHeight(o, size.Width)
		o.Move(fyne.NewPos(0, y))
		y += o.Size().Height + Gap
	}
}

func (t *twoUp) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := widest{}.MinSize(objects)
	if t.width > 0 && t.width < Scaled(twoUpFrom) {
		size.Height = Gap
		for _, o := range objects {
			size.Height += o.MinSize().Height
		}
	}
	return size
}

// columnsFrom is from which width on a page has two columns, in units.
const columnsFrom = 980

// Columns puts what belongs together below each other in two columns, or in one where it is narrow. Unlike
// the cards of [TwoUp] each column is as high as it needs to be.
func Columns(left, right fyne.CanvasObject) *fyne.Container {
	return Arranged(&columns{}, left, right)
}

// columns remembers the width it was given, because that decides about its height.
type columns struct{ width float32 }

func (c *columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	c.width = size.Width
	at := fyne.NewPos(0, 0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		fitHeight(o, c.each(objects))
		o.Move(at)
		if c.beside(objects) {
			at.X += o.Size().Width + GapLarge
		} else {
			at.Y += o.Size().Height + GapLarge - 4
		}
	}
}

// beside reports whether there is more than one column.
func (c *columns) beside(objects []fyne.CanvasObject) bool {
	for _, o := range objects {
		if !o.Visible() {
			return false
		}
	}
	return c.width >= Scaled(columnsFrom)
}

// each is the width of one column.
func (c *columns) each(objects []fyne.CanvasObject) float32 {
	if c.beside(objects) {
		return (c.width - GapLarge) / 2
	}
	return min(c.width, pageWidth)
}

func (c *columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		least := o.MinSize()
		size.Width = max(size.Width, least.Width)
		if c.beside(objects) {
			size.Height = max(size.Height, least.Height)
		} else {
			if size.Height > 0 {
				size.Height += GapLarge - 4
			}
			size.Height += least.Height
		}
	}
	return size
}

// CentredRow puts buttons side by side in the middle.
func CentredRow(buttons ...fyne.CanvasObject) *fyne.Container {
	return Arranged(centredRow{}, buttons...)
}

type centredRow struct{}

func (centredRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	total := float32(-GapSmall)
	for _, o := range objects {
		total += o.MinSize().Width + GapSmall
	}
	x := max(0, (size.Width-total)/2)
	for _, o := range objects {
		m := o.MinSize()
		o.Resize(m)
		o.Move(fyne.NewPos(x, 0))
		x += m.Width + GapSmall
	}
}

func (centredRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(-GapSmall, 0)
	for _, o := range objects {
		m := o.MinSize()
		size.Width += m.Width + GapSmall
		size.Height = max(size.Height, m.Height)
	}
	return fyne.NewSize(max(0, size.Width), size.Height)
}
