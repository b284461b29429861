package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// windowShortcuts returns the shortcuts that work everywhere in the window.
func windowShortcuts() []*desktop.CustomShortcut {
	list := []*desktop.CustomShortcut{
		{KeyName: fyne.KeyTab, Modifier: fyne.KeyModifierControl},
		{KeyName: fyne.KeyTab, Modifier: fyne.KeyModifierControl | fyne.KeyModifierShift},
		{KeyName: fyne.KeyPageDown, Modifier: fyne.KeyModifierControl},
		{KeyName: fyne.KeyPageUp, Modifier: fyne.KeyModifierControl},
		{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault},
		{KeyName: fyne.KeyW, Modifier: fyne.KeyModifierShortcutDefault},
	}
	for _, k := range paneKeys() {
		list = append(list, &desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierAlt})
	}
	return list
}

// paneKeys are the digits that, with Alt, show the panes of the rail in their order.
func paneKeys() []fyne.KeyName {
	return []fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5, fyne.Key6, fyne.Key7}
}

// fieldShortcut takes a shortcut of the window's that was typed into a field, and reports whether it
// did.
func (w *Window) fieldShortcut(s *desktop.CustomShortcut) bool {
	ours := slices.ContainsFunc(windowShortcuts(), func(known *desktop.CustomShortcut) bool {
		return known.ShortcutName() == s.ShortcutName()
	})
	if ours {
		w.shortcut(s)
	}
	return ours
}

func (w *Window) addShortcuts() {
	c := w.win.Canvas()
	for _, s := range windowShortcuts() {
		c.AddShortcut(s, w.shortcut)
	}
	c.AddShortcut(&fyne.ShortcutPaste{}, func(fyne.Shortcut) { w.pasted(w.p.Clipboard.Content()) })
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch e.Name {
		case fyne.KeyEscape:
			w.escape()
		case fyne.KeyF5:
			w.retryServers()
		}
	})
}

// shortcut does what one of windowShortcuts means.
func (w *Window) shortcut(s fyne.Shortcut) {
	custom, ok := s.(*desktop.CustomShortcut)
	if !ok || w.dialog != nil {
		return
	}
	panes := w.model.panes()
	at := slices.Index(panes, w.current)
	switch {
	case custom.Modifier == fyne.KeyModifierAlt:
		if i := slices.Index(paneKeys(), custom.KeyName); i >= 0 && i < len(panes) {
			w.show(panes[i])
		}
	case custom.KeyName == fyne.KeyTab && custom.Modifier == fyne.KeyModifierControl, custom.KeyName == fyne.KeyPageDown:
		w.show(panes[(at+1)%len(panes)])
	case custom.KeyName == fyne.KeyTab, custom.KeyName == fyne.KeyPageUp:
		w.show(panes[(at+len(panes)-1)%len(panes)])
	case custom.KeyName == fyne.KeyF:
		w.show(PaneInbox)
		if p, ok := w.pane(w.current).(*inboxPane); ok {
			w.focus(p.search)
		}
	case custom.KeyName == fyne.KeyW:
		w.Close()
	}
}

// escape closes what is open on top, or else does what Escape means in the pane.
func (w *Window) escape() {
	if w.dialog != nil {
		w.dialog.dismiss()
		return
	}
	if top := w.win.Canvas().Overlays().Top(); top != nil {
		w.win.Canvas().Overlays().Remove(top)
		return
	}
	w.pane(w.current).escape()
}

// focus moves the keyboard focus to an object if it can be seen.
func (w *Window) focus(o fyne.Focusable) {
	if v, ok := o.(fyne.CanvasObject); ok && v.Visible() {
		w.win.Canvas().Focus(o)
	}
}
