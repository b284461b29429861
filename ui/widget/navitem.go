package widget

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// NavItem is one pane's entry in a rail: icon and name, beside each other in a wide rail, name below
// icon in a narrow one.
type NavItem struct {
	pressable
	icon     string
	count    int // zero shows none
	selected bool
	narrow   bool

	glyph  *widget.Icon
	label  *Line
	number *Line
	badge  *Surface
}

// NewNavItem makes an entry with the icon of a name; tap shows its pane.
func NewNavItem(icon, name string, tap func()) *NavItem {
	n := &NavItem{icon: icon, glyph: widget.NewIcon(nil)}
	n.prepare(n, tap)
	n.label = NewLine(name, theme.ColorNameForeground, theme.SizeNameText)
	n.number = NewBoldLine("", theme.ColorNameForegroundOnPrimary, theme.SizeNameCaptionText)
	n.number.Whole = true
	n.badge = NewSurface(theme.ColorNamePrimary, 9, Inset(1, 1, 6, 6, n.number))
	n.ExtendBaseWidget(n)
	return n
}

// Set shows the entry as selected or not, in its wide or narrow form, with a number of unread
// things; zero shows none.
func (n *NavItem) Set(selected, narrow bool, count int) {
	if n.selected != selected || n.narrow != narrow || n.count != count {
		n.selected, n.narrow, n.count = selected, narrow, count
		n.Refresh()
	}
}

// Call gives the entry another name.
func (n *NavItem) Call(name string) { n.label.Set(name) }

// AccessibilityLabel is the pane's name with the number of unread things.
func (n *NavItem) AccessibilityLabel() string {
	if n.count > 0 {
		return n.label.Text + " (" + strconv.Itoa(n.count) + ")"
	}
	return n.label.Text
}

// CreateRenderer draws the entry.
func (n *NavItem) CreateRenderer() fyne.WidgetRenderer {
	return draw(n, n.ground, n.glyph, n.label, n.badge)
}

func (n *NavItem) style() {
	var fill fyne.ThemeColorName
	glyph := ColorMuted
	n.label.Color = theme.ColorNameForeground
	if n.selected {
		fill, glyph, n.label.Color = ColorTint, ColorAccent, ColorAccent
	}
	n.paint(fill)
	n.glyph.Resource = Icon(n.icon, glyph)
	n.label.Bold = n.selected
	n.label.SizeName, n.label.Align = theme.SizeNameText, fyne.TextAlignLeading
	if n.narrow {
		n.label.SizeName, n.label.Align = theme.SizeNameCaptionText, fyne.TextAlignCenter
	}
	n.number.Text = strconv.Itoa(n.count)
	if n.count > 99 {
		n.number.Text = "99+"
	}
	SetVisible(n.badge, n.count > 0)
}

// narrowEdge is how near the name comes to the edge of the narrow form.
const narrowEdge = 2

func (n *NavItem) place(size fyne.Size) {
	n.ground.Resize(size)
	glyph, label, badge := theme.IconInlineSize(), n.label.MinSize().Height, n.badge.MinSize()
	n.glyph.Resize(fyne.NewSquareSize(glyph))
	n.badge.Resize(badge)
	if n.narrow {
		n.glyph.Move(fyne.NewPos((size.Width-glyph)/2, 7))
		n.label.Move(fyne.NewPos(narrowEdge, 7+glyph+2))
		n.label.Resize(fyne.NewSize(size.Width-2*narrowEdge, label))
		n.badge.Move(fyne.NewPos(size.Width/2+4, 2))
		return
	}
	n.glyph.Move(fyne.NewPos(12, (size.Height-glyph)/2))
	left, right := 12+glyph+12, size.Width-10
	if n.count > 0 {
		right -= badge.Width
		n.badge.Move(fyne.NewPos(right, (size.Height-badge.Height)/2))
		right -= 4
	}
	n.label.Move(fyne.NewPos(left, (size.Height-label)/2))
	n.label.Resize(fyne.NewSize(max(0, right-left), label))
}

// NarrowWidth is what the narrow form needs to show its whole name.
func (n *NavItem) NarrowWidth() float32 {
	return fyne.MeasureText(n.label.Text, theme.CaptionTextSize(), fyne.TextStyle{Bold: true}).Width + 2*narrowEdge + 1
}

func (n *NavItem) least() fyne.Size {
	glyph, label := theme.IconInlineSize(), n.label.MinSize().Height
	if n.narrow {
		return fyne.NewSize(64, 7+glyph+2+label+6)
	}
	return fyne.NewSize(100, max(glyph, label)+18)
}
