package widget

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// tight takes away the padding that a label has around its text, so that texts, cards and rows
// line up on our own distances.
type tight struct{ widest }

func (tight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	p := theme.InnerPadding()
	for _, o := range objects {
		o.Move(fyne.NewPos(-p, -p))
		o.Resize(size.AddWidthHeight(2*p, 2*p))
	}
}

func (t tight) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size, p := t.widest.MinSize(objects), 2*theme.InnerPadding()
	return fyne.NewSize(max(0, size.Width-p), max(0, size.Height-p))
}

// flowing lays a text out in the width that it gets.
type flowing struct {
	tight
	of *Text
}

func (f flowing) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.of.flow(size.Width)
	f.tight.Layout(objects, size)
}

// flow has the words drawn in a width. The label breaks them into lines, unless each line must be put in order: then
// they are broken here.
func (t *Text) flow(width float32) {
	words, align := legible(t.words), aligned(t.align)
	if width > 0 && disordered(words) {
		size := theme.TextSize()
		if t.label.SizeName != "" {
			size = theme.Size(t.label.SizeName)
		}
		lines := wrapped(words, width-1, size, t.label.TextStyle)
		for i, line := range lines {
			lines[i] = ordered(line, words)
		}
		words = strings.Join(lines, "\n")
	}
	if t.label.Text != words || t.label.Alignment != align {
		t.label.Text, t.label.Alignment = words, align
		t.label.Refresh()
	}
}

// wrapped breaks words into lines of at most a width, at blanks; a word that is longer is a line.
func wrapped(words string, width, size float32, style fyne.TextStyle) (lines []string) {
	for paragraph := range strings.Lines(words) {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			longer := strings.TrimPrefix(line+" "+word, " ")
			if line != "" && fyne.MeasureText(longer, size, style).Width > width {
				lines = append(lines, line)
				longer = word
			}
			line = longer
		}
		lines = append(lines, line)
	}
	return lines
}

// Text is a label without padding around it, that wraps.
type Text struct {
	widget.BaseWidget
	label   *widget.Label
	words   string
	align   fyne.TextAlign
	plain   widget.Importance
	content *fyne.Container
}

// CreateRenderer draws the label.
func (t *Text) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.content) }

// NewText makes a text.
func NewText(words string) *Text {
	l := widget.NewLabel(legible(words))
	l.Wrapping = fyne.TextWrapWord
	t := &Text{words: words, label: l}
	t.content = Arranged(flowing{of: t}, l)
	t.ExtendBaseWidget(t)
	return t
}

// NewMuted is a text in the muted colour: labels of low importance use the disabled colour, which
// our theme keeps readable.
func NewMuted(words string) *Text {
	t := NewText(words)
	t.plain, t.label.Importance = widget.LowImportance, widget.LowImportance
	return t
}

// NewProblem makes a text that is hidden until it has something to say.
func NewProblem() *Text {
	t := NewText("")
	t.Hide()
	return t
}

// NewBold makes a bold text.
func NewBold(words string) *Text {
	t := NewText(words)
	t.label.TextStyle.Bold = true
	return t
}

// NewSubheading makes the heading of a card.
func NewSubheading(words string) *Text {
	t := NewBold(words)
	t.label.SizeName = theme.SizeNameSubHeadingText
	return t
}

// NewHeading makes the heading of a page.
func NewHeading(words string) *Text {
	t := NewBold(words)
	t.label.SizeName = theme.SizeNameHeadingText
	return t
}

// Center centres the text and returns it.
func (t *Text) Center() *Text {
	t.align, t.label.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	return t
}

// Words returns what the text says.
func (t *Text) Words() string { return t.words }

// Set changes the words if they are others.
func (t *Text) Set(words string) {
	if t.words != words {
		t.words = words
		t.flow(t.Size().Width)
	}
}

// Say changes the words, and hides the text when there are none.
func (t *Text) Say(words string) { t.say(words, t.plain) }

// Stress is Say in the colour of ordinary text.
func (t *Text) Stress(words string) { t.say(words, widget.MediumImportance) }

// Fail is Say in the colour of a failure.
func (t *Text) Fail(words string) { t.say(words, widget.DangerImportance) }

func (t *Text) say(words string, importance widget.Importance) {
	if t.label.Importance != importance {
		t.label.Importance = importance
		t.label.Refresh()
	}
	t.Set(words)
	SetVisible(t, words != "")
}
