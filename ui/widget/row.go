package widget

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Action is the one button of a row.
type Action struct {
	Label string
	Main  bool // drawn as the main action
	Do    func()
}

// MenuEntry is one entry behind the row's "more" button.
type MenuEntry struct {
	Label string
	Do    func()
}

// RowSpec is everything a row shows and does.
type RowSpec struct {
	ID         string
	Icon       string              // name of one of our icons
	IconColor  fyne.ThemeColorName // muted when empty
	Title      string
	Detail     string
	Strong     bool   // the title is bold
	Mark       string // a short remark beside the title, such as "This device"
	DetailTone Tone   // colours the detail; its words say the same
	// chooses makes the row a choice with a box; chosen is its state.
	Chooses, Chosen bool
	Calm            bool // a chosen row keeps its ground
	Tap             func()
	Action          Action
	More            string // what the "more" button is called
	Menu            []MenuEntry
}

// face is what of a spec can be seen, to tell whether a row must be drawn anew.
func (s RowSpec) face() string {
	flag := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	parts := []string{
		s.Icon, string(s.IconColor), s.Title, s.Detail, flag(s.Strong), s.Mark, string(rune('0' + s.DetailTone)),
		flag(s.Chooses), flag(s.Chosen), flag(s.Tap != nil), s.Action.Label, flag(s.Action.Main), s.More, flag(len(s.Menu) > 0),
	}
	return strings.Join(parts, "\x00")
}

// Row is a two-line row: icon, title and detail, at most one button and a menu for the rest.
// A row that can be tapped takes the keyboard focus; Return and space tap it.
type Row struct {
	widget.BaseWidget
	Spec    RowSpec
	first   bool // the first of its list has no line above
	escape  func()
	hovered bool
	focused bool

	icon   *widget.Icon
	box    *widget.Icon
	title  *Line
	detail *Line
	mark   *Surface
	marked *Line
	button *Button
	dots   *Button
}

func newRow(escape func()) *Row {
	r := &Row{
		escape: escape,
		icon:   widget.NewIcon(nil), box: widget.NewIcon(nil),
		title:  NewBoldLine("", theme.ColorNameForeground, theme.SizeNameText),
		detail: NewLine("", ColorMuted, theme.SizeNameCaptionText),
		marked: NewLine("", ColorAccent, theme.SizeNameCaptionText),
	}
	r.marked.Whole = true
	r.mark = NewSurface(ColorTint, 8, Inset(1, 1, 7, 7, r.marked))
	r.button = NewButton("", nil, func() { r.Spec.Action.Do() })
	r.button.OnEscape = escape
	r.dots = NewButton("", theme.MoreHorizontalIcon(), r.openMenu)
	r.dots.OnEscape = escape
	r.dots.Importance = widget.LowImportance
	r.ExtendBaseWidget(r)
	return r
}

// set takes a new spec and draws anew only what can be seen to differ.
func (r *Row) set(spec RowSpec, first bool) {
	same := spec.face() == r.Spec.face() && r.first == first && r.Spec.ID != ""
	r.Spec, r.first = spec, first
	if !same {
		r.Refresh()
	}
}

func (r *Row) openMenu() {
	menu := fyne.NewMenu("")
	for _, e := range r.Spec.Menu {
		menu.Items = append(menu.Items, fyne.NewMenuItem(e.Label, e.Do))
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
func (r *Row) Tapped(*fyne.PointEvent) {
	if r.Spec.Tap != nil {
		r.Spec.Tap()
	}
}

// TypedKey taps the row by keyboard.
func (r *Row) TypedKey(e *fyne.KeyEvent) {
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
func (r *Row) TypedRune(rune) {}

// Disabled keeps a row that does nothing out of the focus order.
func (r *Row) Disabled() bool { return r.Spec.Tap == nil }

// Enable and Disable complete [fyne.Disableable]; a row follows its spec.
func (r *Row) Enable() {}

// Disable does nothing; see Enable.
func (r *Row) Disable() {}

// FocusGained draws the ring.
func (r *Row) FocusGained() { r.focused = true; r.Refresh() }

// FocusLost removes the ring.
func (r *Row) FocusLost() { r.focused = false; r.Refresh() }

// MouseIn marks a row that can be tapped.
func (r *Row) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved is part of being hoverable.
func (r *Row) MouseMoved(*desktop.MouseEvent) {}

// MouseOut removes the mark.
func (r *Row) MouseOut() { r.hovered = false; r.Refresh() }

// AccessibilityLabel reads the row as a whole.
func (r *Row) AccessibilityLabel() string {
	return Dotted(r.Spec.Title, r.Spec.Mark, r.Spec.Detail)
}

// AccessibilityRole is a button if the row can be tapped, else text.
func (r *Row) AccessibilityRole() fyne.AccessibleRole {
	if r.Spec.Tap != nil {
		return fyne.AccessibleRoleButton
	}
	return fyne.AccessibleRoleText
}

// CreateRenderer draws the row.
func (r *Row) CreateRenderer() fyne.WidgetRenderer {
	v := &rowRenderer{r: r, ground: canvas.NewRectangle(color.Transparent), divider: canvas.NewRectangle(color.Transparent)}
	v.ground.CornerRadius = 8
	v.style()
	return v
}

type rowRenderer struct {
	r               *Row
	ground, divider *canvas.Rectangle
}

// style copies the spec into the parts.
func (v *rowRenderer) style() {
	r, s := v.r, v.r.Spec
	iconColor := s.IconColor
	if iconColor == "" {
		iconColor = ColorMuted
	}
	r.icon.Resource = nil
	if s.Icon != "" {
		r.icon.Resource = Icon(s.Icon, iconColor)
	}
	SetVisible(r.box, s.Chooses)
	r.box.Resource = theme.NewColoredResource(theme.CheckButtonIcon(), ColorMuted)
	if s.Chosen {
		r.box.Resource = theme.NewColoredResource(theme.CheckButtonCheckedIcon(), ColorAccent)
	}
	r.title.Text, r.title.Bold = s.Title, s.Strong
	r.detail.Text, r.detail.Color = s.Detail, s.DetailTone.Color()
	SetVisible(r.detail, s.Detail != "")
	r.marked.Text = s.Mark
	SetVisible(r.mark, s.Mark != "")
	r.button.Text, r.button.Importance = s.Action.Label, widget.MediumImportance
	if s.Action.Main {
		r.button.Importance = widget.HighImportance
	}
	r.button.Name = Dotted(s.Action.Label, s.Title)
	SetVisible(r.button, s.Action.Label != "")
	r.dots.Name = Dotted(s.More, s.Title)
	SetVisible(r.dots, len(s.Menu) > 0)

	v.ground.FillColor, v.ground.StrokeColor, v.ground.StrokeWidth = color.Transparent, nil, 0
	tint := s.Chosen && !s.Calm
	if tint {
		v.ground.FillColor = named(ColorTint)
	}
	if r.hovered && s.Tap != nil && !tint {
		v.ground.FillColor = named(theme.ColorNameHover)
	}
	if r.focused {
		v.ground.StrokeColor, v.ground.StrokeWidth = named(ColorRing), 2
	}
	v.divider.FillColor = color.Transparent
	if !r.first {
		v.divider.FillColor = named(ColorEdge)
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
	for _, b := range []*Button{r.dots, r.button} {
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
		style := fyne.TextStyle{Bold: r.title.Bold}
		natural := fyne.MeasureText(r.title.Text, theme.TextSize(), style).Width
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
	if r.Spec.Detail != "" {
		height += r.detail.MinSize().Height + rowLineGap
	}
	width := float32(2*rowPadX + 60)
	for _, b := range []*Button{r.dots, r.button} {
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
