package widget

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// NavItem is one pane's entry in the rail: icon and name, beside each other in the wide rail, name
// below icon in the narrow one.
type NavItem struct {
	widget.BaseWidget
	icon, name string
	count      int // unread; zero shows none
	selected   bool
	narrow     bool
	tap        func()
	OnEscape   func()

	hovered, focused bool
}

// NewNavItem makes an entry; tap shows its pane.
func NewNavItem(icon, name string, tap func()) *NavItem {
	n := &NavItem{icon: icon, name: name, tap: tap}
	n.ExtendBaseWidget(n)
	return n
}

func (n *NavItem) Set(selected, narrow bool, count int) {
	if n.selected != selected || n.narrow != narrow || n.count != count {
		n.selected, n.narrow, n.count = selected, narrow, count
		n.Refresh()
	}
}

// Tapped shows the pane.
func (n *NavItem) Tapped(*fyne.PointEvent) { n.tap() }

// TypedKey shows the pane by keyboard.
func (n *NavItem) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		n.tap()
	case fyne.KeyEscape:
		if n.OnEscape != nil {
			n.OnEscape()
		}
	}
}

// TypedRune ignores letters.
func (n *NavItem) TypedRune(rune) {}

// FocusGained draws the ring.
func (n *NavItem) FocusGained() { n.focused = true; n.Refresh() }

// FocusLost removes the ring.
func (n *NavItem) FocusLost() { n.focused = false; n.Refresh() }

// MouseIn lights the entry up.
func (n *NavItem) MouseIn(*desktop.MouseEvent) { n.hovered = true; n.Refresh() }

// MouseMoved is part of being hoverable.
func (n *NavItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends that.
func (n *NavItem) MouseOut() { n.hovered = false; n.Refresh() }

// AccessibilityLabel is the pane's name with the number of unread entries.
func (n *NavItem) AccessibilityLabel() string {
	if n.count > 0 {
		return n.name + " (" + strconv.Itoa(n.count) + ")"
	}
	return n.name
}

// AccessibilityRole is a button's.
func (n *NavItem) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer draws the entry.
func (n *NavItem) CreateRenderer() fyne.WidgetRenderer {
	r := &navRenderer{n: n, ground: canvas.NewRectangle(color.Transparent), glyph: widget.NewIcon(nil)}
	r.ground.CornerRadius = 8
	r.label = NewLine(n.name, theme.ColorNameForeground, theme.SizeNameText)
	r.number = NewBoldLine("", theme.ColorNameForegroundOnPrimary, theme.SizeNameCaptionText)
	r.number.Whole = true
	r.badge = NewSurface(theme.ColorNamePrimary, 9, Inset(1, 1, 6, 6, r.number))
	r.style()
	return r
}

type navRenderer struct {
	n      *NavItem
	ground *canvas.Rectangle
	glyph  *widget.Icon
	label  *Line
	number *Line
	badge  *Surface
}

func (r *navRenderer) style() {
	n := r.n
	ink := ColorMuted
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth = color.Transparent, nil, 0
	switch {
	case n.selected:
		r.ground.FillColor, ink = named(ColorTint), ColorAccent
	case n.hovered:
		r.ground.FillColor = named(theme.ColorNameHover)
	}
	if n.focused {
		r.ground.StrokeColor, r.ground.StrokeWidth = named(ColorRing), 2
	}
	r.glyph.Resource = navGlyph(n.icon, ink)
	r.label.Text, r.label.Bold, r.label.Color = n.name, n.selected, ink
	if !n.selected {
		r.label.Color = theme.ColorNameForeground
	}
	r.label.SizeName, r.label.Align = theme.SizeNameText, fyne.TextAlignLeading
	if n.narrow {
		r.label.SizeName, r.label.Align = theme.SizeNameCaptionText, fyne.TextAlignCenter
	}
	r.number.Text = strconv.Itoa(n.count)
	if n.count > 99 {
		r.number.Text = "99+"
	}
	SetVisible(r.badge, n.count > 0)
}

// navGlyph gives one of our icons, or Fyne's for account and settings.
func navGlyph(name string, ink fyne.ThemeColorName) fyne.Resource {
	switch name {
	case "account":
		return theme.NewColoredResource(theme.AccountIcon(), ink)
	case "settings":
		return theme.NewColoredResource(theme.SettingsIcon(), ink)
	case "login":
		return theme.NewColoredResource(theme.LoginIcon(), ink)
	}
	return Icon(name, ink)
}

func (r *navRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	glyph, label, badge := theme.IconInlineSize(), r.label.MinSize().Height, r.badge.MinSize()
	r.glyph.Resize(fyne.NewSquareSize(glyph))
	r.badge.Resize(badge)
	if r.n.narrow {
		r.glyph.Move(fyne.NewPos((size.Width-glyph)/2, 7))
		r.label.Move(fyne.NewPos(2, 7+glyph+2))
		r.label.Resize(fyne.NewSize(size.Width-4, label))
		r.badge.Move(fyne.NewPos(size.Width/2+4, 2))
		return
	}
	r.glyph.Move(fyne.NewPos(12, (size.Height-glyph)/2))
	left, right := 12+glyph+12, size.Width-10
	if r.n.count > 0 {
		right -= badge.Width
		r.badge.Move(fyne.NewPos(right, (size.Height-badge.Height)/2))
		right -= 4
	}
	r.label.Move(fyne.NewPos(left, (size.Height-label)/2))
	r.label.Resize(fyne.NewSize(max(0, right-left), label))
}

func (r *navRenderer) MinSize() fyne.Size {
	glyph, label := theme.IconInlineSize(), r.label.MinSize().Height
	if r.n.narrow {
		return fyne.NewSize(64, 7+glyph+2+label+6)
	}
	return fyne.NewSize(100, max(glyph, label)+18)
}

func (r *navRenderer) Refresh() {
	r.style()
	r.Layout(r.n.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *navRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.glyph, r.label, r.badge}
}

func (r *navRenderer) Destroy() {}
