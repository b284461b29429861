package atspi

import (
	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/reader"
)

// polite is the urgency of an announcement that waits until others have been read (AtspiLive).
const polite = 1

// signal sends an event of an object: which kind, two numbers and a value, "siiva{sv}".
func (t *teller) signal(n *reader.Node, event, kind string, a, b int32, value any) error {
	return t.conn.Emit(path(n.ID), ifaces+"Event."+event, kind, a, b, dbus.MakeVariant(value), map[string]dbus.Variant{})
}

// greet tells of the window when it has been registered.
func (t *teller) greet() error {
	v := t.seen.Load()
	if err := t.conn.Emit(rootPath, ifaces+"Event.Object.ChildrenChanged", "add", int32(0), int32(0),
		dbus.MakeVariant(t.ref(v.root)), map[string]dbus.Variant{}); err != nil {
		return err
	}
	blank := *v.root
	blank.Children, blank.States = nil, v.root.States&^reader.Active
	for _, c := range reader.Changes(&blank, v.root) {
		if c.Kind == reader.Added {
			continue // whoever listens reads the tree first
		}
		if err := t.emit(c); err != nil {
			return err
		}
	}
	return nil
}

// emit tells one change.
func (t *teller) emit(c reader.Change) error {
	n := c.Node
	switch c.Kind {
	case reader.Added:
		return t.signal(c.Parent, "Object.ChildrenChanged", "add", int32(c.Index), 0, t.ref(n)) // #nosec G115 -- a count of what is on a screen
	case reader.Removed:
		return t.signal(c.Parent, "Object.ChildrenChanged", "remove", int32(c.Index), 0, t.ref(n)) // #nosec G115 -- a count of what is on a screen
	case reader.Renamed:
		return t.signal(n, "Object.PropertyChange", "accessible-name", 0, 0, n.Name)
	case reader.Hinted:
		return t.signal(n, "Object.PropertyChange", "accessible-description", 0, 0, n.Hint)
	case reader.Appeared:
		if err := t.signal(n, "Object.StateChanged", "showing", 1, 0, int32(0)); err != nil {
			return err
		}
		return t.signal(n, "Object.Announcement", "", polite, 0, n.Name)
	case reader.Moved:
		return t.signal(n, "Object.TextCaretMoved", "", int32(n.Caret), 0, int32(0)) // #nosec G115 -- fields hold far less
	case reader.Typed:
		return t.typed(n, []rune(c.Before), []rune(n.Text))
	case reader.Switched:
		return t.switched(n, c.States)
	}
	return nil
}

// typed tells what has gone from a text and what has come into it.
func (t *teller) typed(n *reader.Node, before, now []rune) error {
	same := 0
	for same < len(before) && same < len(now) && before[same] == now[same] {
		same++
	}
	tail := 0
	for tail < len(before)-same && tail < len(now)-same && before[len(before)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	for _, change := range []struct {
		kind  string
		words []rune
	}{{"delete", before[same : len(before)-tail]}, {"insert", now[same : len(now)-tail]}} {
		if len(change.words) == 0 {
			continue
		}
		// #nosec G115 -- fields hold far less
		if err := t.signal(n, "Object.TextChanged", change.kind, int32(same), int32(len(change.words)), string(change.words)); err != nil {
			return err
		}
	}
	return nil
}

// switched tells which states have come or gone.
func (t *teller) switched(n *reader.Node, changed reader.State) error {
	say := func(name string, state reader.State) error {
		on := int32(0)
		if n.Is(state) {
			on = 1
		}
		return t.signal(n, "Object.StateChanged", name, on, 0, int32(0))
	}
	if changed&reader.Active != 0 {
		word := "Deactivate"
		if n.Is(reader.Active) {
			word = "Activate"
		}
		if err := t.signal(n, "Window."+word, "", 0, 0, n.Name); err != nil {
			return err
		}
	}
	for _, s := range numbered {
		if changed&s.state != 0 {
			if err := say(s.name, s.state); err != nil {
				return err
			}
		}
	}
	if changed&reader.Checked != 0 {
		_, _, name := checks(n.Role)
		return say(name, reader.Checked)
	}
	return nil
}
