package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// button is Fyne's with a name for screen readers, and with Return and Escape on the keyboard:
// Fyne's answers to the space bar only, and keeps Escape from the window.
type button struct {
	widget.Button
	name   string
	escape func()
}

func newButton(label string, icon fyne.Resource, tapped func()) *button {
	b := &button{name: label}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// AccessibilityLabel is the given name, also for a button with an icon only.
func (b *button) AccessibilityLabel() string {
	if b.name != "" {
		return b.name
	}
	return b.Text
}

// TypedKey taps on Return and passes Escape on.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if !b.Disabled() {
			b.Tapped(nil)
		}
	case fyne.KeyEscape:
		if b.escape != nil {
			b.escape()
		}
	default:
		b.Button.TypedKey(e)
	}
}

// relabel changes the words if they are others.
func (b *button) relabel(words string) {
	if b.Text != words {
		b.name = words
		b.SetText(words)
	}
}

// allow enables or disables the button if it is not so already.
func (b *button) allow(yes bool) {
	switch {
	case yes && b.Disabled():
		b.Enable()
	case !yes && !b.Disabled():
		b.Disable()
	}
}

// field is Fyne's entry with a name for screen readers. It hands shortcuts that it does not know
// to the window, which otherwise would not see them while a field has the focus.
type field struct {
	widget.Entry
	name     string
	escape   func()
	shortcut func(fyne.Shortcut)
	// paste may take a pasted text over; it tells whether it did.
	paste func(text string) bool
}

func newField(name, placeholder string) *field {
	f := &field{name: name}
	f.PlaceHolder = placeholder
	f.Wrapping = fyne.TextWrap(fyne.TextTruncateClip) // as in NewEntry: one line that scrolls without a bar
	f.ExtendBaseWidget(f)
	return f
}

func newSecretField(name, placeholder string) *field {
	f := &field{name: name}
	f.Password = true
	f.PlaceHolder = placeholder
	f.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	f.ExtendBaseWidget(f)
	return f
}

// AccessibilityLabel names the field.
func (f *field) AccessibilityLabel() string { return f.name }

// AccessibilityRole has no closer word in Fyne than text.
func (f *field) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// TypedShortcut keeps editing shortcuts and passes on the window's.
func (f *field) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *desktop.CustomShortcut:
		if f.shortcut != nil && isWindowShortcut(s) {
			f.shortcut(s)
			return
		}
	case *fyne.ShortcutPaste:
		if f.paste != nil && f.paste(s.Clipboard.Content()) {
			return
		}
	}
	f.Entry.TypedShortcut(s)
}

// TypedKey passes Escape on.
func (f *field) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape && f.escape != nil {
		f.escape()
		return
	}
	f.Entry.TypedKey(e)
}

// put sets the text if it is another one.
func (f *field) put(words string) {
	if f.Text != words {
		f.SetText(words)
	}
}
