package widget

import (
	"sort"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Line is one line of plain text that never widens what it is in: what does not fit ends in "…".
type Line struct {
	widget.BaseWidget
	Text     string
	Color    fyne.ThemeColorName
	SizeName fyne.ThemeSizeName
	Bold     bool
	Align    fyne.TextAlign
	// natural makes the whole text the minimum width, for texts of our own such as marks.
	Whole bool
}

// NewLine makes a line of text.
func NewLine(words string, c fyne.ThemeColorName, size fyne.ThemeSizeName) *Line {
	l := &Line{Text: words, Color: c, SizeName: size}
	l.ExtendBaseWidget(l)
	return l
}

// NewBoldLine makes a bold line of text.
func NewBoldLine(words string, c fyne.ThemeColorName, size fyne.ThemeSizeName) *Line {
	l := NewLine(words, c, size)
	l.Bold = true
	return l
}

// Set changes the words if they are others.
func (l *Line) Set(words string) {
	if l.Text != words {
		l.Text = words
		l.Refresh()
	}
}

// FullWidth returns the width that the whole text needs.
func (l *Line) FullWidth() float32 {
	return fyne.MeasureText(l.Text, theme.Size(l.SizeName), fyne.TextStyle{Bold: l.Bold}).Width
}

// AccessibilityLabel is the whole text, also where only a part fits.
func (l *Line) AccessibilityLabel() string { return l.Text }

// AccessibilityRole says that this is text.
func (l *Line) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer draws the text.
func (l *Line) CreateRenderer() fyne.WidgetRenderer {
	r := &lineRenderer{l: l, text: canvas.NewText("", nil)}
	r.style()
	return r
}

type lineRenderer struct {
	l    *Line
	text *canvas.Text
}

func (r *lineRenderer) style() {
	r.text.Color = named(r.l.Color)
	r.text.TextSize = theme.Size(r.l.SizeName)
	r.text.TextStyle.Bold = r.l.Bold
	r.text.Alignment = r.l.Align
}

func (r *lineRenderer) Layout(size fyne.Size) {
	r.text.Text = clip(r.l.Text, size.Width, r.text.TextSize, r.text.TextStyle)
	r.text.Resize(fyne.NewSize(size.Width, r.text.MinSize().Height))
	r.text.Move(fyne.NewPos(0, (size.Height-r.text.MinSize().Height)/2))
	r.text.Refresh()
}

func (r *lineRenderer) MinSize() fyne.Size {
	full := fyne.MeasureText(r.l.Text, r.text.TextSize, r.text.TextStyle)
	if r.l.Text == "" {
		full.Height = fyne.MeasureText("M", r.text.TextSize, r.text.TextStyle).Height
	}
	if r.l.Whole {
		return full
	}
	return fyne.NewSize(min(full.Width, 24), full.Height)
}

func (r *lineRenderer) Refresh() {
	r.style()
	r.Layout(r.l.Size())
}

func (r *lineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.text} }

func (r *lineRenderer) Destroy() {}

// clip shortens words so that they fit into width.
func clip(words string, width, size float32, style fyne.TextStyle) string {
	if width <= 0 || fyne.MeasureText(words, size, style).Width <= width+0.5 {
		return words
	}
	runes := []rune(words)
	n := sort.Search(len(runes), func(n int) bool {
		return fyne.MeasureText(string(runes[:n+1])+"…", size, style).Width > width
	})
	return string(runes[:n]) + "…"
}

// Dotted joins the parts that are not empty with a middle dot.
func Dotted(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}
