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
// After a change of its fields it wants a Refresh.
type Line struct {
	widget.BaseWidget
	Text     string
	Color    fyne.ThemeColorName
	SizeName fyne.ThemeSizeName
	Bold     bool
	Align    fyne.TextAlign
	// Whole makes the whole text the minimum width, for short texts such as marks.
	Whole bool

	text *canvas.Text
}

// NewLine makes a line of text.
func NewLine(words string, c fyne.ThemeColorName, size fyne.ThemeSizeName) *Line {
	l := &Line{Text: words, Color: c, SizeName: size, text: canvas.NewText("", nil)}
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
func (l *Line) CreateRenderer() fyne.WidgetRenderer { return draw(l, l.text) }

func (l *Line) style() {
	l.text.Color = named(l.Color)
	l.text.TextSize = theme.Size(l.SizeName)
	l.text.TextStyle.Bold = l.Bold
	l.text.Alignment = l.Align
}

func (l *Line) place(size fyne.Size) {
	l.text.Text = clip(l.Text, size.Width, l.text.TextSize, l.text.TextStyle)
	height := l.text.MinSize().Height
	l.text.Resize(fyne.NewSize(size.Width, height))
	l.text.Move(fyne.NewPos(0, (size.Height-height)/2))
	l.text.Refresh()
}

func (l *Line) least() fyne.Size {
	full := fyne.MeasureText(l.Text, l.text.TextSize, l.text.TextStyle)
	if l.Text == "" {
		full.Height = fyne.MeasureText("M", l.text.TextSize, l.text.TextStyle).Height
	}
	if l.Whole {
		return full
	}
	return fyne.NewSize(min(full.Width, 24), full.Height)
}

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
