package window

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// rowAction is the one button of a row.
type rowAction struct {
	label string
	main  bool // drawn as the main action
	do    func()
}

// menuEntry is one entry behind the row's "more" button.
type menuEntry struct {
	label  string
	danger bool
	do     func()
}

// rowSpec is everything a row shows and does.
type rowSpec struct {
	id        string
	icon      string              // name of one of our icons
	iconColor fyne.ThemeColorName // muted when empty
	title     string
	detail    string
	strong    bool   // the title is bold
	mark      string // a short remark beside the title, such as "This device"
	detailIs  tone   // colours the detail; its words say the same
	// chooses makes the row a choice with a box; chosen is its state.
	chooses, chosen bool
	calm            bool // a chosen row keeps its ground
	tap             func()
	action          rowAction
	more            string // what the "more" button is called
	menu            []menuEntry
}

// face is what of a spec can be seen, to tell whether a row must be drawn anew.
func (s rowSpec) face() string {
	flag := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	parts := []string{
		s.icon, string(s.iconColor), s.title, s.detail, flag(s.strong), s.mark, string(rune('0' + s.detailIs)),
		flag(s.chooses), flag(s.chosen), flag(s.tap != nil), s.action.label, flag(s.action.main), s.more, flag(len(s.menu) > 0),
	}
	return strings.Join(parts, "\x00")
}

// row is a two-line row: icon, title and detail, at most one button and a menu for the rest.
// A row that can be tapped takes the keyboard focus; Return and space tap it.
type row struct {
	widget.BaseWidget
	spec    rowSpec
	first   bool // the first of its list has no line above
	escape  func()
	hovered bool
	focused bool

	icon   *widget.Icon
	box    *widget.Icon
	title  *line
	detail *line
	mark   *surface
	marked *line
	button *button
	dots   *button
}

func newRow(escape func()) *row {
	r := &row{
		escape: escape,
		icon:   widget.NewIcon(nil), box: widget.NewIcon(nil),
		title:  newLine("", theme.ColorNameForeground, theme.SizeNameText, true),
		detail: newLine("", colorMuted, theme.SizeNameCaptionText, false),
		marked: newLine("", colorAccent, theme.SizeNameCaptionText, false),
	}
	r.marked.natural = true
	r.mark = newSurface(colorTint, 8, inset(1, 1, 7, 7, r.marked))
	r.button = newButton("", nil, func() { r.spec.action.do() })
	r.button.escape = escape
	r.dots = newButton("", theme.MoreHorizontalIcon(), r.openMenu)
	r.dots.escape = escape
	r.dots.Importance = widget.LowImportance
	r.ExtendBaseWidget(r)
	return r
}

// set takes a new spec and draws anew only what can be seen to differ.
func (r *row) set(spec rowSpec, first bool) {
	same := spec.face() == r.spec.face() && r.first == first && r.spec.id != ""
	r.spec, r.first = spec, first
	if !same {
		r.Refresh()
	}
}

func (r *row) openMenu() {
	menu := fyne.NewMenu("")
	for _, e := range r.spec.menu {
		menu.Items = append(menu.Items, fyne.NewMenuItem(e.label, e.do))
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(r.dots)
	if c == nil {
		return
	}
	pop := widget.NewPopUpMenu(menu, c)
	at := fyne.NewPos(r.dots.Size().Width-pop.MinSize().Width, r.dots.Size().Height+2)
	pop.ShowAtRelativePosition(at, r.dots)
}

// Tapped does what a click on the row does.
func (r *row) Tapped(*fyne.PointEvent) {
	if r.spec.tap != nil {
		r.spec.tap()
	}
}

// TypedKey taps the row by keyboard.
func (r *row) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		r.Tapped(nil)
	case fyne.KeyEscape:
		if r.escape != nil {
			r.escape()
		}
	}
}

// TypedRune ignores letters.
func (r *row) TypedRune(rune) {}

// Disabled keeps a row that does nothing out of the focus order.
func (r *row) Disabled() bool { return r.spec.tap == nil }

// Enable and Disable complete [fyne.Disableable]; a row follows its spec.
func (r *row) Enable() {}

// Disable does nothing; see Enable.
func (r *row) Disable() {}

// FocusGained draws the ring.
func (r *row) FocusGained() { r.focused = true; r.Refresh() }

// FocusLost removes the ring.
func (r *row) FocusLost() { r.focused = false; r.Refresh() }

// MouseIn marks a row that can be tapped.
func (r *row) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved is part of being hoverable.
func (r *row) MouseMoved(*desktop.MouseEvent) {}

// MouseOut removes the mark.
func (r *row) MouseOut() { r.hovered = false; r.Refresh() }

// AccessibilityLabel reads the row as a whole.
func (r *row) AccessibilityLabel() string {
	return dots(r.spec.title, r.spec.mark, r.spec.detail)
}

// AccessibilityRole is a button if the row can be tapped, else text.
func (r *row) AccessibilityRole() fyne.AccessibleRole {
	if r.spec.tap != nil {
		return fyne.AccessibleRoleButton
	}
	return fyne.AccessibleRoleText
}

// CreateRenderer draws the row.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	v := &rowRenderer{r: r, ground: canvas.NewRectangle(color.Transparent), divider: canvas.NewRectangle(color.Transparent)}
	v.ground.CornerRadius = 8
	v.style()
	return v
}

type rowRenderer struct {
	r               *row
	ground, divider *canvas.Rectangle
}

// style copies the spec into the parts.
func (v *rowRenderer) style() {
	r, s := v.r, v.r.spec
	iconColor := s.iconColor
	if iconColor == "" {
		iconColor = colorMuted
	}
	r.icon.Resource = nil
	if s.icon != "" {
		r.icon.Resource = tinted(s.icon, iconColor)
	}
	setVisible(r.box, s.chooses)
	r.box.Resource = theme.NewColoredResource(theme.CheckButtonIcon(), colorMuted)
	if s.chosen {
		r.box.Resource = theme.NewColoredResource(theme.CheckButtonCheckedIcon(), colorAccent)
	}
	r.title.text, r.title.bold = s.title, s.strong
	r.detail.text, r.detail.color = s.detail, toneColor(s.detailIs)
	setVisible(r.detail, s.detail != "")
	r.marked.text = s.mark
	setVisible(r.mark, s.mark != "")
	r.button.Text, r.button.Importance = s.action.label, widget.MediumImportance
	if s.action.main {
		r.button.Importance = widget.HighImportance
	}
	r.button.name = dots(s.action.label, s.title)
	setVisible(r.button, s.action.label != "")
	r.dots.name = dots(s.more, s.title)
	setVisible(r.dots, len(s.menu) > 0)

	v.ground.FillColor, v.ground.StrokeColor, v.ground.StrokeWidth = color.Transparent, nil, 0
	tint := s.chosen && !s.calm
	if tint {
		v.ground.FillColor = named(colorTint)
	}
	if r.hovered && s.tap != nil && !tint {
		v.ground.FillColor = named(theme.ColorNameHover)
	}
	if r.focused {
		v.ground.StrokeColor, v.ground.StrokeWidth = named(colorRing), 2
	}
	v.divider.FillColor = color.Transparent
	if !r.first {
		v.divider.FillColor = named(colorEdge)
	}
}

const rowPadX, rowPadY, rowLineGap = 10, 9, 3

func (v *rowRenderer) Layout(size fyne.Size) {
	r := v.r
	v.ground.Resize(size.SubtractWidthHeight(0, 1))
	v.ground.Move(fyne.NewPos(0, 1))
	v.divider.Resize(fyne.NewSize(size.Width-2*rowPadX, 1))
	v.divider.Move(fyne.NewPos(rowPadX, 0))

	left, right := float32(rowPadX), size.Width-rowPadX
	glyph := theme.IconInlineSize()
	place := func(o fyne.CanvasObject, s fyne.Size, x float32) {
		o.Resize(s)
		o.Move(fyne.NewPos(x, (size.Height-s.Height)/2))
	}
	if r.box.Visible() {
		place(r.box, fyne.NewSquareSize(glyph), left)
		left += glyph + 10
	}
	if r.icon.Resource != nil {
		place(r.icon, fyne.NewSquareSize(glyph), left)
		left += glyph + 12
	}
	for _, b := range []*button{r.dots, r.button} {
		if b.Visible() {
			s := b.MinSize()
			right -= s.Width
			place(b, s, right)
			right -= 6
		}
	}
	width := max(0, right-left-4)
	v.layoutLines(left, width, size.Height)
}

// layoutLines places title, mark and detail in the middle part.
func (v *rowRenderer) layoutLines(left, width, height float32) {
	r := v.r
	titleHeight, detailHeight := r.title.MinSize().Height, float32(0)
	if r.detail.Visible() {
		detailHeight = r.detail.MinSize().Height + rowLineGap
	}
	top := (height - titleHeight - detailHeight) / 2
	titleWidth := width
	if r.mark.Visible() {
		s := r.mark.MinSize()
		style := fyne.TextStyle{Bold: r.title.bold}
		natural := fyne.MeasureText(r.title.text, theme.TextSize(), style).Width
		titleWidth = max(0, min(natural+1, width-s.Width-8))
		r.mark.Resize(s)
		r.mark.Move(fyne.NewPos(left+titleWidth+8, top+(titleHeight-s.Height)/2))
	}
	r.title.Resize(fyne.NewSize(titleWidth, titleHeight))
	r.title.Move(fyne.NewPos(left, top))
	if r.detail.Visible() {
		r.detail.Resize(fyne.NewSize(width, r.detail.MinSize().Height))
		r.detail.Move(fyne.NewPos(left, top+titleHeight+rowLineGap))
	}
}

func (v *rowRenderer) MinSize() fyne.Size {
	r := v.r
	height := r.title.MinSize().Height
	if r.spec.detail != "" {
		height += r.detail.MinSize().Height + rowLineGap
	}
	width := float32(2*rowPadX + 60)
	for _, b := range []*button{r.dots, r.button} {
		if b.Visible() {
			height = max(height, b.MinSize().Height-6)
			width += b.MinSize().Width + 6
		}
	}
	return fyne.NewSize(width, height+2*rowPadY)
}

func (v *rowRenderer) Refresh() {
	v.style()
	v.Layout(v.r.Size())
	for _, o := range v.Objects() {
		o.Refresh()
	}
}

func (v *rowRenderer) Objects() []fyne.CanvasObject {
	r := v.r
	return []fyne.CanvasObject{v.ground, v.divider, r.box, r.icon, r.title, r.mark, r.detail, r.button, r.dots}
}

func (v *rowRenderer) Destroy() {}

// toneColor gives the colour of words of a tone.
func toneColor(t tone) fyne.ThemeColorName {
	switch t {
	case toneFine:
		return colorFine
	case toneWarn:
		return colorWarn
	case toneBad:
		return colorBad
	}
	return colorMuted
}
