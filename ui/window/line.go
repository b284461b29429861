package window

import (
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// line is one line of plain text that never widens what it is in: what does not fit ends in "…".
type line struct {
	widget.BaseWidget
	text  string
	color fyne.ThemeColorName
	size  fyne.ThemeSizeName
	bold  bool
	align fyne.TextAlign
	// natural makes the whole text the minimum width, for texts of our own such as marks.
	natural bool
}

func newLine(words string, c fyne.ThemeColorName, size fyne.ThemeSizeName, bold bool) *line {
	l := &line{text: words, color: c, size: size, bold: bold}
	l.ExtendBaseWidget(l)
	return l
}

// set changes the words if they are others.
func (l *line) set(words string) {
	if l.text != words {
		l.text = words
		l.Refresh()
	}
}

// AccessibilityLabel is the whole text, also where only a part fits.
func (l *line) AccessibilityLabel() string { return l.text }

// AccessibilityRole says that this is text.
func (l *line) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer draws the text.
func (l *line) CreateRenderer() fyne.WidgetRenderer {
	r := &lineRenderer{l: l, text: canvas.NewText("", nil)}
	r.style()
	return r
}

type lineRenderer struct {
	l    *line
	text *canvas.Text
}

func (r *lineRenderer) style() {
	r.text.Color = named(r.l.color)
	r.text.TextSize = theme.Size(r.l.size)
	r.text.TextStyle.Bold = r.l.bold
	r.text.Alignment = r.l.align
}

func (r *lineRenderer) Layout(size fyne.Size) {
	r.text.Text = clip(r.l.text, size.Width, r.text.TextSize, r.text.TextStyle)
	r.text.Resize(fyne.NewSize(size.Width, r.text.MinSize().Height))
	r.text.Move(fyne.NewPos(0, (size.Height-r.text.MinSize().Height)/2))
	r.text.Refresh()
}

func (r *lineRenderer) MinSize() fyne.Size {
	full := fyne.MeasureText(r.l.text, r.text.TextSize, r.text.TextStyle)
	if r.l.text == "" {
		full.Height = fyne.MeasureText("M", r.text.TextSize, r.text.TextStyle).Height
	}
	if r.l.natural {
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
