//go:build !windows && !darwin

package tray

import (
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/assets"
)

// told is a busMenu with what came of it.
type told struct {
	*busMenu
	clicked []Action
	partly  int
}

func newTold() *told {
	m := new(told)
	m.busMenu = newBusMenu(func(a Action) { m.clicked = append(m.clicked, a) }, func() { m.partly++ })
	return m
}

// all asks for the whole menu, as a panel that comes again.
func (m *told) all(t *testing.T) (layout busLayout) {
	t.Helper()
	for range 2 {
		var err *dbus.Error
		if _, layout, err = m.getLayout(0, -1, nil); err != nil {
			t.Fatal(err)
		}
	}
	return layout
}

func lines(layout busLayout) (ids []int32, names []any) {
	for _, v := range layout.Below {
		l := v.Value().(busLayout)
		ids, names = append(ids, l.ID), append(names, l.Properties["label"].Value())
	}
	return ids, names
}

var someLines = []Item{
	{Label: "a_b", Do: Action{Do: DoShow}},
	{},
	{Label: "Off", Disabled: true, Do: Action{Do: DoQuit}},
	{Label: "Quiet", Checkable: true, Checked: true, Do: Action{Do: DoQuiet}},
	{Label: "More", Items: []Item{{Label: "inner", Do: Action{Do: DoSend, Device: "d"}}}},
}

func TestABusMenuTellsItsLines(t *testing.T) {
	m := newTold()
	if changed, rebuilt := m.show(someLines); !rebuilt || changed != nil {
		t.Error(changed, rebuilt)
	}
	if _, first, _ := m.getLayout(0, -1, nil); len(first.Below) != 5 || len(first.Below[4].Value().(busLayout).Below) != 0 || m.partly != 1 {
		t.Errorf("the first answer is %v", first)
	}
	layout := m.all(t)
	ids, names := lines(layout)
	if !slices.Equal(names, []any{"a__b", nil, "Off", "Quiet", "More"}) || m.partly != 1 {
		t.Errorf("lines %v, %d times in part", names, m.partly)
	}
	inner := layout.Below[4].Value().(busLayout).Below[0].Value().(busLayout)
	for _, c := range []struct {
		id   int32
		name string
		want any
	}{
		{0, "children-display", "submenu"},
		{ids[1], "type", "separator"},
		{ids[2], "enabled", false},
		{ids[0], "enabled", true},
		{ids[3], "toggle-type", "checkmark"},
		{ids[3], "toggle-state", int32(1)},
		{ids[4], "children-display", "submenu"},
		{inner.ID, "label", "inner"},
	} {
		if got, err := m.getProperty(c.id, c.name); err != nil || got.Value() != c.want {
			t.Errorf("%d %s: %v, %v", c.id, c.name, got, err)
		}
	}
	if got, _ := m.getGroupProperties(nil, nil); len(got) != 7 {
		t.Errorf("%d lines in all", len(got))
	}
	unknown, _ := m.eventGroup([]busEvent{{ID: inner.ID, Kind: "clicked"}, {ID: ids[2], Kind: "clicked"}, {ID: 99, Kind: "clicked"}, {ID: ids[0], Kind: "hovered"}, {Kind: "opened"}})
	if !slices.Equal(unknown, []int32{99}) || !slices.Equal(m.clicked, []Action{{Do: DoSend, Device: "d"}, {Do: DoLook}}) {
		t.Errorf("unknown %v, clicked %v", unknown, m.clicked)
	}
}

// GTK's panels need the lines of submenus apart from the rest, and ask again only for a newer menu.
func TestTheFirstAnswerLeavesSubmenusOut(t *testing.T) {
	m := newTold()
	m.show(someLines[:4])
	if _, whole, _ := m.getLayout(0, -1, nil); len(whole.Below) != 4 || m.partly != 0 {
		t.Errorf("of %v something was left out", whole)
	}
	m.show(someLines)
	first, _, _ := m.getLayout(0, -1, nil)
	m.renumber()
	second, whole, _ := m.getLayout(0, -1, nil)
	if more := whole.Below[4].Value().(busLayout).Below; m.partly != 1 || second <= first || len(more) != 1 {
		t.Errorf("%d times in part; number %d after %d has %v", m.partly, second, first, more)
	}
}

// A click means what was shown when the pointer went down: a menu that does the same keeps its ids, one
// that does not has none of the old ones.
func TestAnIDKeepsItsMeaning(t *testing.T) {
	m := newTold()
	m.show(someLines)
	before, _ := lines(m.all(t))
	renamed := slices.Clone(someLines)
	renamed[0].Label, renamed[3].Checked = "c", false
	if changed, rebuilt := m.show(renamed); rebuilt || !slices.Equal(changed, []int32{before[0], before[3]}) {
		t.Errorf("changed %v of %v, all new: %v", changed, before, rebuilt)
	}
	if changed, rebuilt := m.show(renamed); rebuilt || changed != nil {
		t.Errorf("the same menu changes %v, all new: %v", changed, rebuilt)
	}
	other := slices.Clone(renamed)
	other[0].Do = Action{Do: DoOpen, Link: "https://example.org"}
	if _, rebuilt := m.show(other); !rebuilt {
		t.Error("another meaning under the same id")
	}
	after, _ := lines(m.all(t))
	for _, id := range after {
		if slices.Contains(before, id) {
			t.Errorf("%d is used twice", id)
		}
	}
	if err := m.event(before[0], "clicked", dbus.Variant{}, 0); err == nil || len(m.clicked) > 0 {
		t.Errorf("a click on what is gone: %v, %v", err, m.clicked)
	}
}

// However much differs, panels are told once, and of nothing when nothing does.
func TestNewsIsToldOnce(t *testing.T) {
	b := newBusBar("Tabferry", nil)
	b.show(assets.TrayFine, "one", someLines)
	b.show(assets.TrayFine, "one", someLines[:2])
	if !b.news.icon || !b.news.tooltip || !b.news.layout || len(b.news.lines) > 0 || len(b.untold) != 1 {
		t.Errorf("news %+v", b.news)
	}
	<-b.untold
	b.news = news{}
	b.show(assets.TrayFine, "one", someLines[:2])
	if len(b.untold) != 0 {
		t.Errorf("news %+v of nothing", b.news)
	}
	renamed := []Item{{Label: "x", Do: someLines[0].Do}, {}}
	for _, label := range []string{"x", "y"} {
		renamed[0].Label = label
		b.show(assets.TrayFine, "one", slices.Clone(renamed))
	}
	if len(b.news.lines) != 1 || b.news.layout || b.news.icon {
		t.Errorf("news %+v", b.news)
	}
}

// The pictures go to the bus with straight colours, the highest byte first.
func TestTrayPixmaps(t *testing.T) {
	for _, state := range assets.TrayStates() {
		p := trayPixmap(state)
		if p.Width != 64 || p.Height != 64 || len(p.Pixels) != 64*64*4 {
			t.Errorf("%s: %d x %d, %d bytes", state, p.Width, p.Height, len(p.Pixels))
		}
		if p.Pixels[0] != 0 || slices.Max(p.Pixels) != 255 {
			t.Errorf("%s: the corner has opacity %d", state, p.Pixels[0])
		}
	}
}
