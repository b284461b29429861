package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Button is Fyne's with a name for screen readers, and with Return and Escape on the keyboard:
// Fyne's answers to the space bar only, and keeps Escape from the window.
type Button struct {
	widget.Button
	// Name is what screen readers say, also for a button with an icon only; the words when empty.
	Name string
	// OnEscape is what the Escape key does while the button has the focus; nil for nothing.
	OnEscape func()
}

// NewButton makes a button; a label or an icon may be missing.
func NewButton(label string, icon fyne.Resource, tapped func()) *Button {
	b := &Button{Name: label}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// Quiet draws the button as words without a ground, and returns it.
func (b *Button) Quiet() *Button {
	b.Importance = widget.LowImportance
	return b
}

// AccessibilityLabel is the name, or else the words.
func (b *Button) AccessibilityLabel() string {
	if b.Name != "" {
		return b.Name
	}
	return b.Text
}

// TypedKey taps on Return too, and passes Escape on.
func (b *Button) TypedKey(e *fyne.KeyEvent) { typed(e, b.Tapped, b.OnEscape) }

// Relabel changes the words if they are others.
func (b *Button) Relabel(words string) {
	if b.Text != words {
		b.Name = words
		b.SetText(legible(words))
	}
}

// Allow enables or disables the button if it is not so already.
func (b *Button) Allow(yes bool) {
	switch {
	case yes && b.Disabled():
		b.Enable()
	case !yes && !b.Disabled():
		b.Disable()
	}
}

// Field is Fyne's entry with a name for screen readers. It hands shortcuts that it does not know
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
}

// NewField makes a field of one line.
func NewField(name, placeholder string) *Field {
	f := &Field{Name: name}
	f.PlaceHolder = placeholder
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

// TypedKey passes Escape on.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape && f.OnEscape != nil {
		f.OnEscape()
		return
	}
	f.Entry.TypedKey(e)
}

// Put sets the text if it is another one.
func (f *Field) Put(words string) {
	if f.Text != words {
		f.SetText(words)
	}
}
