package widget

import (
	"sort"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Line is one line of plain text, or a few, that never widens what it is in: what does not fit ends in "…".
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
	// Most is on how many lines the text may go on, broken at blanks; 0 is one.
	Most int

	heads bool // is a heading in small letters
	of    string
	shown string // what is drawn of it
	lines []*canvas.Text
	drawn int // how many of them hold something
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
	return fyne.MeasureText(l.words(), theme.Size(l.SizeName), fyne.TextStyle{Bold: l.Bold}).Width
}

// words are those that can be drawn.
func (l *Line) words() string {
	if l.of != l.Text {
		l.of, l.shown = l.Text, legible(l.Text)
	}
	return l.shown
}

// AccessibilityLabel is the whole text, also where only a part fits.
func (l *Line) AccessibilityLabel() string { return l.Text }

// AccessibilityRole says that this is text.
func (l *Line) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer draws the text.
func (l *Line) CreateRenderer() fyne.WidgetRenderer {
	var parts []fyne.CanvasObject
	l.lines = nil // the toolkit forgets what has not been on the screen for a while, and asks again
	for range max(1, l.Most) {
		text := canvas.NewText("", nil)
		l.lines, parts = append(l.lines, text), append(parts, text)
	}
	return draw(l, parts...)
}

func (l *Line) style() {
	for _, text := range l.lines {
		text.Color = named(l.Color)
		text.TextSize = theme.Size(l.SizeName)
		text.TextStyle.Bold = l.Bold
		text.Alignment = aligned(l.Align)
	}
}

func (l *Line) place(size fyne.Size) {
	look := l.lines[0]
	rest := l.words()
	l.drawn = 0
	for i, text := range l.lines {
		words := rest
		if i < len(l.lines)-1 {
			words, rest = broken(rest, size.Width, look.TextSize, look.TextStyle)
		}
		text.Text = ordered(clip(words, size.Width, look.TextSize, look.TextStyle), l.words())
		if i == 0 || words != "" {
			l.drawn++
		}
		SetVisible(text, i < l.drawn)
	}
	height := look.MinSize().Height
	top := (size.Height - height*float32(l.drawn)) / 2
	for _, text := range l.lines {
		text.Resize(fyne.NewSize(size.Width, height))
		text.Move(fyne.NewPos(0, top))
		text.Refresh()
		top += height
	}
}

func (l *Line) least() fyne.Size {
	full := fyne.MeasureText(l.words(), l.lines[0].TextSize, l.lines[0].TextStyle)
	if l.Text == "" {
		full.Height = fyne.MeasureText("M", l.lines[0].TextSize, l.lines[0].TextStyle).Height
	}
	if l.Whole {
		return full
	}
	return fyne.NewSize(min(full.Width, 24), full.Height*float32(max(1, l.drawn)))
}

// broken divides words at the last blank of what fits into width; what fits has no rest.
func broken(words string, width, size float32, style fyne.TextStyle) (first, rest string) {
	fitting := clip(words, width, size, style)
	if fitting == words {
		return words, ""
	}
	cut := strings.LastIndex(words[:len(strings.TrimSuffix(fitting, "…"))+1], " ")
	if cut <= 0 {
		return words, ""
	}
	return strings.TrimSuffix(words[:cut], " ·"), strings.TrimPrefix(words[cut+1:], "· ")
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

// dot stands between what is said of one thing.
const dot = " · "

// Dotted joins the parts that are not empty with a middle dot.
func Dotted(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, dot)
}
