package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Button is Fyne's with a name for screen readers, a ring when it has the focus, and with Return and
// Escape on the keyboard: Fyne's answers to the space bar only, and keeps Escape from the window.
type Button struct {
	widget.Button
	// Name is what screen readers say, also for a button with an icon only; the words when empty.
	Name string
	// OnEscape is what the Escape key does while the button has the focus; nil for nothing.
	OnEscape func()
	// Ring is the colour of the ring, for a ground on which the usual one cannot be seen.
	Ring fyne.ThemeColorName

	outlined bool
	focused  bool
	hovered  bool
	// Of a button within a row: the Tab key passes by until the row leads here, and keys lead back.
	within  *Row
	reached bool
	onKey   func(b *Button, key fyne.KeyName) bool
}

// NewButton makes a button; a label or an icon may be missing.
func NewButton(label string, icon fyne.Resource, tapped func()) *Button {
	b := &Button{Name: label, Ring: ColorRing}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// Quiet draws the button as words with a line around it instead of a ground, and returns it.
func (b *Button) Quiet() *Button {
	b.Importance, b.outlined = widget.LowImportance, true
	return b
}

// AccessibilityLabel is the name, or else the words.
func (b *Button) AccessibilityLabel() string {
	if b.Name != "" {
		return b.Name
	}
	return b.Text
}

// CreateRenderer draws the button, and the ring around it.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	var above []fyne.CanvasObject
	if b.outlined {
		line := NewSurface("", theme.Size(theme.SizeNameButtonRadius), container.NewWithoutLayout())
		line.Edge = theme.ColorNameInputBorder
		above = append(above, line)
	}
	return around(newTurned(b.Button.CreateRenderer(), b), theme.Size(theme.SizeNameButtonRadius), func() bool { return b.focused }, b.Ring, above...)
}

// FocusGained draws the ring, where it can be seen. Fyne's light on top would make the words of a main
// button hard to read.
func (b *Button) FocusGained() {
	b.focused = true
	b.Refresh()
	reveal(b)
}

// FocusLost removes the ring.
func (b *Button) FocusLost() {
	b.focused, b.reached = false, false
	b.Refresh()
}

// MouseIn lights the button up.
func (b *Button) MouseIn(e *desktop.MouseEvent) {
	b.hovered = true
	b.Button.MouseIn(e)
}

// MouseOut ends what MouseIn began.
func (b *Button) MouseOut() {
	b.hovered = false
	b.Button.MouseOut()
}

// Disabled keeps a button that is out of order, or that its row has not led to, from the Tab key.
func (b *Button) Disabled() bool { return b.Button.Disabled() || b.within != nil && !b.reached }

// TypedKey presses on Return too, and passes Escape on. A press by the keyboard leaves the focus where it
// is: Fyne's Tapped takes it away.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	if b.onKey == nil || !b.onKey(b, e.Name) {
		typed(e, func(*fyne.PointEvent) {
			if !b.Button.Disabled() && b.OnTapped != nil {
				b.OnTapped()
			}
		}, b.OnEscape)
	}
}

// Relabel changes the words if they are others.
func (b *Button) Relabel(words string) {
	if b.Name != words {
		b.Name = words
		b.SetText(words)
	}
}

// Allow enables or disables the button if it is not so already.
func (b *Button) Allow(yes bool) {
	switch {
	case yes && b.Button.Disabled():
		b.Enable()
	case !yes && !b.Button.Disabled():
		b.Disable()
	}
}

// Field is Fyne's entry with a name for screen readers and a ring when it has the focus. What stands in
// it is selected then, so that typing replaces it, and typing scrolls to it. It hands shortcuts that it does not know
// to the window, which otherwise would not see them while a field has the focus.
type Field struct {
	widget.Entry
	// Name is what screen readers say.
	Name string
	// OnEscape is what the Escape key does; nil keeps it in the field.
	OnEscape func()
	// OnShortcut may take a shortcut over, and reports whether it did.
	OnShortcut func(*desktop.CustomShortcut) bool
	// OnPaste may take a pasted text over, and reports whether it did.
	OnPaste func(text string) bool
	// OnDown is what the Down key does in a field of one line; nil for nothing.
	OnDown func()

	hint    string // what is drawn where nothing is typed
	focused bool
}

// NewField makes a field of one line.
func NewField(name, placeholder string) *Field {
	f := &Field{Name: name, hint: placeholder}
	f.PlaceHolder = ordered(legible(placeholder), placeholder)
	f.Wrapping = fyne.TextWrap(fyne.TextTruncateClip) // as in NewEntry: one line that scrolls without a bar
	f.ExtendBaseWidget(f)
	return f
}

// NewSecretField makes a field whose text is not shown.
func NewSecretField(name, placeholder string) *Field {
	f := NewField(name, placeholder)
	f.Password = true
	return f
}

// AccessibilityLabel names the field.
func (f *Field) AccessibilityLabel() string { return f.Name }

// AccessibilityRole has no closer word in Fyne than text.
func (f *Field) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// TypedShortcut keeps editing shortcuts and passes on the window's.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *desktop.CustomShortcut:
		if f.OnShortcut != nil && f.OnShortcut(s) {
			return
		}
	case *fyne.ShortcutPaste:
		if f.OnPaste != nil && f.OnPaste(s.Clipboard.Content()) {
			return
		}
	}
	f.Entry.TypedShortcut(s)
}

// CreateRenderer draws the field, and the ring around it.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	return around(newFramed(f.Entry.CreateRenderer()), theme.Size(theme.SizeNameInputRadius), func() bool { return f.focused }, ColorRing, newGlass(f))
}

// FocusGained draws the ring, where it can be seen, and selects what stands in the field.
func (f *Field) FocusGained() {
	f.focused = true
	f.Entry.FocusGained()
	f.Entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	reveal(f)
}

// FocusLost removes the ring.
func (f *Field) FocusLost() {
	f.focused = false
	f.Entry.FocusLost()
}

// TypedRune types where it can be seen.
func (f *Field) TypedRune(r rune) {
	f.Entry.TypedRune(r)
	reveal(f)
}

// TypedKey passes Escape on, and types where it can be seen.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyEscape && f.OnEscape != nil:
		f.OnEscape()
	case e.Name == fyne.KeyDown && f.OnDown != nil:
		f.OnDown()
	default:
		f.Entry.TypedKey(e)
		reveal(f)
	}
}

// SetText replaces what stands in the field, and a selection by one of all that stands there now. The toolkit keeps
// the old one: in an emptied field it takes the first letter that is typed for a part of it, and replaces it by the
// second.
func (f *Field) SetText(words string) {
	selected := f.SelectedText() != ""
	if selected {
		f.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	}
	f.Entry.SetText(words)
	if selected && words != "" {
		f.Entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	}
}

// Put sets the text if it is another one.
func (f *Field) Put(words string) {
	if f.Text != words {
		f.SetText(words)
	}
}

// Choice is Fyne's select with a name for screen readers and a ring when it has the focus.
type Choice struct {
	widget.Select
	// Name is what screen readers say, followed by what is chosen.
	Name string
	// OnEscape is what the Escape key does; nil for nothing.
	OnEscape func()

	focused bool
}

// NewChoice makes a choice of one of several words.
func NewChoice(name string, options []string, changed func(string)) *Choice {
	c := &Choice{Name: name}
	c.Options, c.OnChanged = options, changed
	c.ExtendBaseWidget(c)
	return c
}

// AccessibilityLabel is the name with what is chosen.
func (c *Choice) AccessibilityLabel() string { return Dotted(c.Name, c.Selected) }

// AccessibilityRole has no closer word in Fyne than button.
func (c *Choice) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer draws the choice, and the ring around it.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer {
	line := NewSurface("", theme.Size(theme.SizeNameInputRadius), container.NewWithoutLayout())
	c.Alignment = aligned(fyne.TextAlignLeading)
	line.Edge = theme.ColorNameInputBorder // as a field has it; the toolkit's has the ground alone
	return around(newTurned(c.Select.CreateRenderer(), c), theme.Size(theme.SizeNameInputRadius), func() bool { return c.focused }, ColorRing, line)
}

// FocusGained draws the ring, where it can be seen.
func (c *Choice) FocusGained() {
	c.focused = true
	c.Select.FocusGained()
	reveal(c)
}

// FocusLost removes the ring.
func (c *Choice) FocusLost() {
	c.focused = false
	c.Select.FocusLost()
}

// Tapped opens the list of what can be chosen.
func (c *Choice) Tapped(e *fyne.PointEvent) { c.open(e == nil) }

// TypedKey opens the list on Return and the space bar, walks through what can be chosen by the arrows,
// and passes Escape on.
func (c *Choice) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyUp, fyne.KeyDown:
		c.Select.TypedKey(e)
	default:
		typed(e, c.Tapped, c.OnEscape)
	}
}

// open shows the list, by the keyboard with the present choice lit up.
func (c *Choice) open(lit bool) {
	on := fyne.CurrentApp().Driver().CanvasForObject(c)
	if on == nil || c.Select.Disabled() {
		return
	}
	menu := fyne.NewMenu("")
	for _, words := range c.Options {
		item := newMenuItem(words, func() { c.SetSelected(words) })
		item.Checked = words == c.Selected
		menu.Items = append(menu.Items, item)
	}
	pop := widget.NewPopUpMenu(menu, on)
	width := max(c.Size().Width, pop.MinSize().Width)
	pop.ShowAtRelativePosition(fyne.NewPos(fromBegin(c.Size().Width, width), c.Size().Height+2), c)
	pop.Resize(fyne.NewSize(width, pop.MinSize().Height))
	for i := 0; lit && i <= max(0, c.SelectedIndex()); i++ {
		pop.ActivateNext()
	}
}
