//go:build !windows && !darwin

package tray

import (
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"
)

// busMenu is the menu as com.canonical.dbusmenu tells it. Panels ask from goroutines of their own.
type busMenu struct {
	click func(Action)
	// more is told when the first answer after a rebuild had to leave lines out.
	more func()

	mu       sync.Mutex
	items    []Item
	root     *busLine
	lines    map[int32]*busLine
	last     int32 // the id given last
	revision uint32
	asked    bool // for this layout
}

// busLine is one line with the id that panels know it by; the root has 0.
type busLine struct {
	id    int32
	item  Item
	below []*busLine
}

// busLayout is one line with those below it, as GetLayout answers: (ia{sv}av).
type busLayout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Below      []dbus.Variant
}

// busProperties is what one line is, as GetGroupProperties answers: (ia{sv}).
type busProperties struct {
	ID         int32
	Properties map[string]dbus.Variant
}

func newBusMenu(click func(Action), more func()) *busMenu {
	m := &busMenu{click: click, more: more}
	m.build(nil)
	return m
}

// show takes over a menu. It returns the lines that differ, or that everything is new.
func (m *busMenu) show(items []Item) (changed []int32, rebuilt bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !sameActions(m.items, items) {
		m.build(items)
		return nil, true
	}
	m.items = items
	return m.root.relabel(items, nil), false
}

// build makes all lines anew. An id is never used twice.
func (m *busMenu) build(items []Item) {
	m.items, m.root, m.lines, m.asked = items, &busLine{item: Item{Items: items}}, map[int32]*busLine{}, false
	m.revision++
	m.lines[0] = m.root
	var add func(parent *busLine)
	add = func(parent *busLine) {
		for _, item := range parent.item.Items {
			m.last++
			l := &busLine{id: m.last, item: item}
			m.lines[l.id] = l
			parent.below = append(parent.below, l)
			add(l)
		}
	}
	add(m.root)
}

// relabel gives the lines below l new texts, and adds the ids of those that differ.
func (l *busLine) relabel(items []Item, changed []int32) []int32 {
	for i, item := range items {
		line := l.below[i]
		if old := line.item; old.Label != item.Label || old.Disabled != item.Disabled || old.Checked != item.Checked {
			changed = append(changed, line.id)
		}
		line.item = item
		changed = line.relabel(item.Items, changed)
	}
	return changed
}

func (l *busLine) properties() map[string]dbus.Variant {
	switch {
	case l.id == 0:
		return map[string]dbus.Variant{"children-display": dbus.MakeVariant("submenu")}
	case l.item.Separator():
		return map[string]dbus.Variant{"type": dbus.MakeVariant("separator")}
	}
	all := map[string]dbus.Variant{
		"label":   dbus.MakeVariant(escapeLabel(l.item.Label)),
		"enabled": dbus.MakeVariant(!l.item.Disabled),
	}
	if l.item.Checkable {
		state := int32(0)
		if l.item.Checked {
			state = 1
		}
		all["toggle-type"], all["toggle-state"] = dbus.MakeVariant("checkmark"), dbus.MakeVariant(state)
	}
	if len(l.below) > 0 {
		all["children-display"] = dbus.MakeVariant("submenu")
	}
	return all
}

// layout tells l and depth levels below it, all of them if depth is negative.
func (l *busLine) layout(depth int32) busLayout {
	told := busLayout{l.id, l.properties(), []dbus.Variant{}}
	if depth == 0 {
		return told
	}
	for _, line := range l.below {
		told.Below = append(told.Below, dbus.MakeVariant(line.layout(depth-1)))
	}
	return told
}

// methods are what a panel calls.
func (m *busMenu) methods() map[string]any {
	return map[string]any{
		"GetLayout": m.getLayout, "GetGroupProperties": m.getGroupProperties, "GetProperty": m.getProperty,
		"Event": m.event, "EventGroup": m.eventGroup, "AboutToShow": m.aboutToShow, "AboutToShowGroup": m.aboutToShowGroup,
	}
}

// getLayout answers the first question for a layout that has submenus with one level only. GTK's libdbusmenu
// (Xfce, Cinnamon, MATE) asks then for what the lines are before it has made the menus they belong in, and loses
// those of submenus for good. It comes again for the rest when it is told of a newer layout.
func (m *busMenu) getLayout(parent, depth int32, _ []string) (uint32, busLayout, *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.lines[parent]
	if !ok {
		return 0, busLayout{}, &dbus.ErrMsgInvalidArg
	}
	if !m.asked && depth != 1 && slices.ContainsFunc(l.below, func(line *busLine) bool { return len(line.below) > 0 }) {
		depth = 1
		m.more()
	}
	m.asked = true
	return m.revision, l.layout(depth), nil
}

// renumber makes the same layout a newer one, since a panel does not ask for one that it has.
func (m *busMenu) renumber() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revision++
}

func (m *busMenu) getGroupProperties(ids []int32, _ []string) ([]busProperties, *dbus.Error) {
	return m.properties(ids), nil
}

// properties tells what lines are; no ids mean all lines, as the interface says.
func (m *busMenu) properties(ids []int32) []busProperties {
	m.mu.Lock()
	defer m.mu.Unlock()
	told := []busProperties{}
	if len(ids) == 0 {
		for id, l := range m.lines {
			told = append(told, busProperties{id, l.properties()})
		}
	}
	for _, id := range ids {
		if l, ok := m.lines[id]; ok {
			told = append(told, busProperties{id, l.properties()})
		}
	}
	return told
}

func (m *busMenu) getProperty(id int32, name string) (dbus.Variant, *dbus.Error) {
	for _, l := range m.properties([]int32{id}) {
		if v, ok := l.Properties[name]; ok {
			return v, nil
		}
	}
	return dbus.Variant{}, &dbus.ErrMsgInvalidArg
}

// busEvent is one event of EventGroup: (isvu).
type busEvent struct {
	ID        int32
	Kind      string
	Data      dbus.Variant
	Timestamp uint32
}

func (m *busMenu) event(id int32, kind string, _ dbus.Variant, _ uint32) *dbus.Error {
	if !m.happened(id, kind) {
		return &dbus.ErrMsgInvalidArg
	}
	return nil
}

func (m *busMenu) eventGroup(events []busEvent) ([]int32, *dbus.Error) {
	unknown := []int32{}
	for _, e := range events {
		if !m.happened(e.ID, e.Kind) {
			unknown = append(unknown, e.ID)
		}
	}
	return unknown, nil
}

// happened follows a click, and hears that the menu is looked at where the panel tells; false if there is no
// such line, or none any more.
func (m *busMenu) happened(id int32, kind string) bool {
	m.mu.Lock()
	l, ok := m.lines[id]
	m.mu.Unlock()
	switch {
	case ok && id == 0 && kind == "opened":
		m.click(Action{Do: DoLook})
	case ok && kind == "clicked" && !l.item.Disabled && l.item.Do.Do != DoNothing:
		m.click(l.item.Do)
	}
	return ok
}

func (m *busMenu) aboutToShow(int32) (bool, *dbus.Error) { return false, nil } // it is up to date

func (m *busMenu) aboutToShowGroup(ids []int32) (update, unknown []int32, _ *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	update, unknown = []int32{}, []int32{}
	for _, id := range ids {
		if _, ok := m.lines[id]; !ok {
			unknown = append(unknown, id)
		}
	}
	return update, unknown, nil
}
