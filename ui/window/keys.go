package window

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/tabferry/tabferry/ui/reader"
	"github.com/tabferry/tabferry/ui/widget"
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
		{KeyName: fyne.KeyReturn, Modifier: fyne.KeyModifierShortcutDefault},
		{KeyName: fyne.KeyEnter, Modifier: fyne.KeyModifierShortcutDefault},
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
			there := w.current == panes[i]
			w.show(panes[i])
			if there {
				w.pane(panes[i]).shown() // who asks for what is shown wants to begin there
			}
		}
	case custom.KeyName == fyne.KeyTab && custom.Modifier == fyne.KeyModifierControl, custom.KeyName == fyne.KeyPageDown:
		w.show(panes[(at+1)%len(panes)])
	case custom.KeyName == fyne.KeyTab, custom.KeyName == fyne.KeyPageUp:
		w.show(panes[(at+len(panes)-1)%len(panes)])
	case custom.KeyName == fyne.KeyF:
		w.find()
	case custom.KeyName == fyne.KeyW:
		w.leave()
	case custom.KeyName == fyne.KeyReturn, custom.KeyName == fyne.KeyEnter:
		if w.current == PaneSend {
			w.sendPane().submit()
		}
	}
}

// find leads to a search: the first one of the pane in front, or the inbox's.
func (w *Window) find() {
	var here []*widget.Field
	switch p := w.pane(w.current).(type) {
	case *devicesPane:
		here = append(here, p.search)
	case *sendPane:
		if p.list.object.Visible() && p.list.tools.Visible() {
			here = append(here, p.list.search)
		}
		if p.targetBox.Visible() {
			here = append(here, p.find)
		}
	}
	for _, search := range here {
		if search.Visible() {
			w.focus(search)
			return
		}
	}
	w.show(PaneInbox)
	if p, ok := w.pane(w.current).(*inboxPane); ok {
		w.focus(p.search)
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

// release takes the keyboard focus from what has left the screen with its pane: whoever typed would type
// into it.
func (w *Window) release() {
	c := w.win.Canvas()
	had, ok := c.Focused().(fyne.CanvasObject)
	if ok && c.Overlays().Top() == nil && !widget.Within(c.Content(), had) {
		c.Unfocus()
	}
}

// Look returns what screen readers are told of the window. It may be called on any goroutine: see
// [reader.Screen].
func (w *Window) Look(ctx context.Context) (*reader.Node, error) {
	seen := make(chan *reader.Node, 1)
	w.p.Post(func() { seen <- w.reading.Look(w.win.Canvas(), w.win.Title(), w.active) })
	select {
	case root := <-seen:
		return root, nil
	case <-w.ctx.Done():
		return nil, reader.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Do runs what a screen reader asks for, later and unless the window has closed.
func (w *Window) Do(deed func()) {
	w.post(deed)
}
