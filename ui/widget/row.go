package widget

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
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
	Whole      string // shown below, on as many lines as it needs
	// chooses makes the row a choice with a box; chosen is its state, also of a row without a box.
	Chooses, Chosen bool
	Calm            bool // a chosen row keeps its ground
	Tap             func()
	Action          Action
	More            string // what the "more" button is called
	Menu            []MenuEntry
	Remove          func() // what the Delete key does, nil for nothing
}

// face is what of a spec can be seen: a row with another face must be drawn anew.
func (s RowSpec) face() [15]any {
	return [...]any{
		s.Icon, s.IconColor, s.Title, s.Detail, s.Strong, s.Mark, s.DetailTone, s.Chooses, s.Chosen,
		s.Tap != nil, s.Action.Label, s.Action.Main, s.More, len(s.Menu) > 0, s.Whole,
	}
}

// Row is a two-line row: icon, title and detail, at most one button and a menu for the rest. By the
// keyboard, the space bar taps it and Return presses its button, each the other where there is only one;
// the key towards its buttons leads to them, Right or Left, the other one back, Delete removes what it shows, and the other keys
// walk through the list.
type Row struct {
	pressable
	// Spec is what the row shows; its list sets it.
	Spec  RowSpec
	list  *RowList // nil for a row of a list that has the focus as a whole
	at    int      // its place in the list
	first bool     // the first of its list has no line above
	lives int      // how often it has begun to show another thing

	icon, box     *widget.Icon
	title, detail *Line
	mark          *Surface
	marked        *Line
	whole         *Text
	button, dots  *Button
	divider       *canvas.Rectangle

	iconDrawn, boxDrawn madeOf
	buttonDrawn         Action // its words, and whether it is the main one
}

// madeOf is what a picture of ours was made from.
type madeOf struct {
	name  string
	named fyne.ThemeColorName
	color color.Color // of that name, in the theme of the moment
}

// picture returns a picture made from something, which is the one that is there unless it was made from something
// else: the toolkit reads and paints another one, and draws everything again for it.
func picture(there fyne.Resource, from *madeOf, name string, c fyne.ThemeColorName, made func() fyne.Resource) fyne.Resource {
	if now := (madeOf{name, c, named(c)}); there == nil || *from != now {
		*from = now
		return made()
	}
	return there
}

func newRow(list *RowList, escape func()) *Row {
	r := &Row{
		list:    list,
		divider: canvas.NewRectangle(color.Transparent),
		icon:    widget.NewIcon(nil), box: widget.NewIcon(nil),
		title:  NewBoldLine("", theme.ColorNameForeground, theme.SizeNameText),
		detail: NewLine("", ColorMuted, theme.SizeNameCaptionText),
		marked: NewLine("", ColorAccent, theme.SizeNameCaptionText),
		whole:  NewText(""),
	}
	r.prepare(r, nil)
	r.marked.Whole = true
	if list != nil { // the rows of a long list have one height
		r.detail.Most = detailLines
	}
	r.mark = NewSurface(ColorTint, 8, Inset(1, 1, 7, 7, r.marked))
	r.button = NewButton("", nil, func() { r.Spec.Action.Do() })
	r.dots = NewButton("", theme.MoreHorizontalIcon(), r.openMenu)
	r.dots.Importance = widget.LowImportance
	r.OnEscape = escape
	for _, b := range []*Button{r.button, r.dots} {
		b.OnEscape, b.within, b.onKey = escape, r, r.typedBeside
	}
	r.ExtendBaseWidget(r)
	return r
}

// looksLike reports whether the row has the picture of a spec.
func (r *Row) looksLike(s RowSpec) bool {
	return r.Spec.Icon == s.Icon && r.Spec.IconColor == s.IconColor
}

// pointedAt reports whether the pointer has come to the row and not left it, as far as the toolkit has told: it will
// tell the row, and so must find it as it was.
func (r *Row) pointedAt() bool { return r.hovered || r.button.hovered || r.dots.hovered }

// answers reports whether a row does anything, so that it may have the focus.
func (s *RowSpec) answers() bool { return s.Tap != nil || s.Action.Label != "" || len(s.Menu) > 0 }

func (r *Row) answers() bool { return r.press != nil || r.Spec.answers() }

// hasFocus reports whether the row or one of its buttons has the focus.
func (r *Row) hasFocus() bool { return r.focused || r.button.focused || r.dots.focused }

// Tapped presses the row; the keyboard goes on from here.
func (r *Row) Tapped(e *fyne.PointEvent) {
	if r.list != nil && r.answers() {
		r.list.walk.stopAt(r)
	}
	r.pressable.Tapped(e)
}

// TypedKey answers to the keys that the type's comment names.
func (r *Row) TypedKey(e *fyne.KeyEvent) {
	on, _ := ahead()
	switch e.Name {
	case on:
		r.lead(0)
	case fyne.KeyDelete:
		if r.Spec.Remove != nil {
			r.Spec.Remove()
		}
	case fyne.KeySpace:
		r.act(r.press, r.Spec.Action.Do)
	case fyne.KeyReturn, fyne.KeyEnter:
		r.act(r.Spec.Action.Do, r.press)
	default:
		if r.list == nil || !r.list.walk.typed(r, e.Name) {
			typed(e, nil, r.OnEscape)
		}
	}
}

// act does the first of these that there is, or opens the menu.
func (r *Row) act(deeds ...func()) {
	for _, do := range append(deeds, r.openMenu) {
		if do != nil {
			do()
			return
		}
	}
}

// typedBeside answers to the keys on one of the row's buttons, and reports whether it did.
func (r *Row) typedBeside(b *Button, key fyne.KeyName) bool {
	shown := r.buttons()
	i := slices.Index(shown, b)
	on, back := ahead()
	switch {
	case key == back && i == 0:
		focus(r)
	case key == back:
		r.lead(i - 1)
	case key == on:
		r.lead(i + 1)
	default:
		return r.list != nil && r.list.walk.typed(r, key)
	}
	return true
}

func (r *Row) buttons() (shown []*Button) {
	for _, b := range []*Button{r.button, r.dots} {
		if b.Visible() {
			shown = append(shown, b)
		}
	}
	return shown
}

// lead gives one of the row's buttons the focus.
func (r *Row) lead(i int) {
	if shown := r.buttons(); i < len(shown) {
		shown[i].reached = true
		focus(shown[i])
	}
}

func (r *Row) held() []fyne.CanvasObject { return []fyne.CanvasObject{r.button, r.dots} }

// set takes a new spec and draws anew only what can be seen to differ.
func (r *Row) set(spec RowSpec, first bool) {
	same := spec.face() == r.Spec.face() && r.first == first && r.Spec.ID != ""
	r.Spec, r.first, r.press = spec, first, spec.Tap
	if !same {
		r.Refresh()
	}
}

func (r *Row) openMenu() {
	if len(r.Spec.Menu) == 0 {
		return
	}
	menu := fyne.NewMenu("")
	for _, e := range r.Spec.Menu {
		menu.Items = append(menu.Items, newMenuItem(e.Label, e.Do))
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(r.dots)
	if c == nil {
		return
	}
	pop := widget.NewPopUpMenu(menu, c)
	at := fyne.NewPos(fromEnd(r.dots.Size().Width, pop.MinSize().Width), r.dots.Size().Height+2)
	pop.ShowAtRelativePosition(at, r.dots)
	if r.hasFocus() {
		pop.ActivateNext() // by the keyboard
	}
}

// Disabled keeps all rows but one of a list out of the order of the Tab key.
func (r *Row) Disabled() bool { return r.list == nil || !r.list.walk.stops(r) }

// Enable and Disable complete [fyne.Disableable]; a row follows its list.
func (r *Row) Enable() {}

// Disable does nothing; see Enable.
func (r *Row) Disable() {}

// AccessibilityLabel reads the row as a whole.
func (r *Row) AccessibilityLabel() string {
	return Dotted(r.Spec.Title, r.Spec.Mark, r.Spec.Detail)
}

// AccessibilityRole is a button if the row can be tapped, else text.
func (r *Row) AccessibilityRole() fyne.AccessibleRole {
	if r.answers() {
		return r.pressable.AccessibilityRole()
	}
	return fyne.AccessibleRoleText
}

// CreateRenderer draws the row.
func (r *Row) CreateRenderer() fyne.WidgetRenderer {
	return draw(r, r.ground, r.divider, r.box, r.icon, r.title, r.mark, r.detail, r.whole, r.button, r.dots)
}

func (r *Row) style() {
	s := r.Spec
	iconColor := s.IconColor
	if iconColor == "" {
		iconColor = ColorMuted
	}
	if s.Icon == "" {
		r.icon.Resource = nil
	} else {
		r.icon.Resource = picture(r.icon.Resource, &r.iconDrawn, s.Icon, iconColor, func() fyne.Resource { return Icon(s.Icon, iconColor) })
	}
	SetVisible(r.box, s.Chooses)
	box, name, tone := theme.CheckButtonIcon, "box", ColorMuted
	if s.Chosen {
		box, name, tone = theme.CheckButtonCheckedIcon, "chosen", ColorAccent
	}
	r.box.Resource = picture(r.box.Resource, &r.boxDrawn, name, tone, func() fyne.Resource { return theme.NewColoredResource(box(), tone) })
	r.title.Text, r.title.Bold = s.Title, s.Strong
	r.detail.Text, r.detail.Color = s.Detail, s.DetailTone.Color()
	SetVisible(r.detail, s.Detail != "")
	r.whole.Say(s.Whole)
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

	var fill fyne.ThemeColorName
	if s.Chosen && !s.Calm {
		fill = ColorTint
	}
	r.paint(fill)
	r.divider.FillColor = color.Transparent
	if !r.first {
		r.divider.FillColor = named(ColorEdge)
	}
}

// keeps reports whether a part looks as it did: what cannot be seen, and a button with the same words. What they are
// called by screen readers is not drawn.
func (r *Row) keeps(part fyne.CanvasObject) bool {
	switch part {
	case r.button:
		before := r.buttonDrawn
		r.buttonDrawn = Action{Label: r.Spec.Action.Label, Main: r.Spec.Action.Main}
		return before.Label == r.buttonDrawn.Label && before.Main == r.buttonDrawn.Main
	case r.dots:
		return true
	case r.mark, r.whole:
		return !part.Visible()
	}
	return false
}

const rowPadX, rowPadY, rowLineGap = 10, 9, 3

// detailLines is on how many lines a detail goes on where a row is narrow.
const detailLines = 10

func (r *Row) place(size fyne.Size) {
	r.ground.Resize(size.SubtractWidthHeight(0, 1))
	r.ground.Move(fyne.NewPos(0, 1))
	r.divider.Resize(fyne.NewSize(size.Width-2*rowPadX, 1))
	r.divider.Move(fyne.NewPos(rowPadX, 0))

	left, right := float32(rowPadX), size.Width-rowPadX
	glyph := theme.IconInlineSize()
	line := size.Height // of title, detail and buttons
	if r.whole.Visible() {
		fitHeight(r.whole, size.Width-2*rowPadX)
		line -= r.whole.Size().Height + rowPadY
		r.whole.Move(fyne.NewPos(rowPadX, line))
	}
	place := func(o fyne.CanvasObject, s fyne.Size, x float32) {
		o.Resize(s)
		o.Move(fyne.NewPos(x, (line-s.Height)/2))
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
	r.placeLines(left, max(0, right-left-4), line)
}

// placeLines places title, mark and detail in the middle part.
func (r *Row) placeLines(left, width, height float32) {
	titleHeight, detailHeight := r.title.MinSize().Height, float32(0)
	if r.detail.Visible() {
		fitHeight(r.detail, width)
		detailHeight = r.detail.Size().Height + rowLineGap
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
		r.detail.Move(fyne.NewPos(left, top+titleHeight+rowLineGap))
	}
}

func (r *Row) least() fyne.Size {
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
	if r.whole.Visible() {
		height += r.whole.MinSize().Height + rowPadY
	}
	return fyne.NewSize(width, height+2*rowPadY)
}
