package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// The distances of the window, in units.
const (
	gapTiny  = 4
	gapSmall = 8
	gap      = 12
	gapLarge = 20
	cardPad  = 16
)

func vstack(space float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(space), objects...)
}

func hstack(space float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(space), objects...)
}

// wrap puts objects side by side and goes on below where the width ends.
func wrap(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewRowWrapLayoutWithCustomPadding(gapSmall, gapSmall), objects...)
}

func inset(top, bottom, left, right float32, object fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), object)
}

func pad(space float32, object fyne.CanvasObject) *fyne.Container {
	return inset(space, space, space, space, object)
}

// tight takes away the padding that a label has around its text, so that texts, cards and rows
// line up on our own distances.
type tight struct{}

func (tight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	p := theme.InnerPadding()
	for _, o := range objects {
		o.Move(fyne.NewPos(-p, -p))
		o.Resize(size.AddWidthHeight(2*p, 2*p))
	}
}

func (tight) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	p := 2 * theme.InnerPadding()
	return fyne.NewSize(max(0, size.Width-p), max(0, size.Height-p))
}

// text is a label without padding around it, that wraps.
type text struct {
	widget.BaseWidget
	label   *widget.Label
	content *fyne.Container
}

// CreateRenderer draws the label.
func (t *text) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.content) }

func newText(words string) *text {
	l := widget.NewLabel(words)
	l.Wrapping = fyne.TextWrapWord
	t := &text{label: l, content: container.New(tight{}, l)}
	t.ExtendBaseWidget(t)
	return t
}

// newMuted is a text in the muted colour: labels of low importance use the disabled colour, which
// our theme keeps readable.
func newMuted(words string) *text {
	t := newText(words)
	t.label.Importance = widget.LowImportance
	return t
}

func newBold(words string) *text {
	t := newText(words)
	t.label.TextStyle.Bold = true
	return t
}

func newSubheading(words string) *text {
	t := newBold(words)
	t.label.SizeName = theme.SizeNameSubHeadingText
	return t
}

// set changes the words if they are others.
func (t *text) set(words string) {
	if t.label.Text != words {
		t.label.SetText(words)
	}
}

// say changes words and importance, and hides the text when there are no words.
func (t *text) say(words string, importance widget.Importance) {
	if t.label.Importance != importance {
		t.label.Importance = importance
		t.label.Refresh()
	}
	t.set(words)
	setVisible(t, words != "")
}

// setVisible shows or hides an object if it is not so already.
func setVisible(o fyne.CanvasObject, visible bool) {
	switch {
	case visible && !o.Visible():
		o.Show()
	case !visible && o.Visible():
		o.Hide()
	}
}

// scaled enlarges a width that was chosen for the normal text size as the texts are.
func scaled(width float32) float32 { return width * theme.TextSize() / 14 }

// spacer is an empty object of a size.
func spacer(width, height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(width, height))
	return r
}

// capped gives its one object at most a width and keeps it at the left.
type capped struct{ width float32 }

func (c capped) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(fyne.NewSize(min(c.width, size.Width), size.Height))
	}
}

func (c capped) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}
