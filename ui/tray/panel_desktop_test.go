//go:build desktop && linux

package tray

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/assets"
)

// panel asks for what it is told of, as panels do: for all properties of the icon at each word of it, for the
// menu only when told of a newer one than it has.
type panel struct {
	t        *testing.T
	icon     dbus.BusObject
	menu     dbus.BusObject
	signals  chan *dbus.Signal
	revision uint32

	// What it was told and what it asked, how often.
	tips, layouts, asked int
	tip                  string
	lines                []line
}

// newPanel shows a tray on a bus of its own and returns the panel that it is shown to.
func newPanel(t *testing.T) (*panel, *busBar) {
	t.Helper()
	address := privateBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	conn := connect(t, address)
	w := &watcher{registered: make(chan dbus.Sender, 4)}
	if err := conn.Export(w, "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.kde.StatusNotifierWatcher", 0); err != nil {
		t.Fatal(err)
	}
	p := &panel{t: t, signals: make(chan *dbus.Signal, 1000)}
	conn.Signal(p.signals)
	for face, member := range map[string]string{itemFace: "NewToolTip", menuFace: "LayoutUpdated"} {
		if err := conn.AddMatchSignal(dbus.WithMatchInterface(face), dbus.WithMatchMember(member)); err != nil {
			t.Fatal(err)
		}
	}
	b := newBusBar("Tabferry", slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.follow(ctx, func() <-chan struct{} { return nil }); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	item := string(<-w.registered)
	p.icon, p.menu = conn.Object(item, itemPath), conn.Object(item, menuPath)
	p.askMenu()
	return p, b
}

func (p *panel) askMenu() {
	p.t.Helper()
	var root layout
	p.asked++
	if err := p.menu.Call(menuFace+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&p.revision, &root); err != nil {
		p.t.Fatal(err)
	}
	p.lines = children(p.t, root)
}

// follow answers to signals until there are none for so long.
func (p *panel) follow(most time.Duration) {
	p.t.Helper()
	for {
		select {
		case s := <-p.signals:
			switch s.Name {
			case itemFace + ".NewToolTip":
				p.tips++
				var all map[string]dbus.Variant
				if err := p.icon.Call("org.freedesktop.DBus.Properties.GetAll", 0, itemFace).Store(&all); err != nil {
					p.t.Fatal(err)
				}
				p.tip, _ = all["ToolTip"].Value().([]any)[2].(string)
			case menuFace + ".LayoutUpdated":
				p.layouts++
				if s.Body[0].(uint32) > p.revision {
					p.askMenu()
				}
			}
		case <-time.After(most):
			return
		}
	}
}

// menuOf is a menu with a meaning of its own, and a submenu.
func menuOf(i int) []Item {
	do := Action{Do: DoOpen, Entry: strconv.Itoa(i)}
	return []Item{{Label: "newest", Do: do}, {Label: "More", Items: []Item{{Label: "inner", Do: do}}}}
}

// TestPanelsAreToldInPeace: they ask for everything whenever they are told. However many tabs come, they hear
// of them once in a while, and of each menu twice at most.
func TestPanelsAreToldInPeace(t *testing.T) {
	p, b := newPanel(t)
	p.follow(2 * moreTime)
	const changes = 60
	for i := range changes {
		b.show(assets.TrayFine, strconv.Itoa(i), menuOf(i))
		p.follow(20 * time.Millisecond)
	}
	p.follow(2 * restTime)
	if p.tip != strconv.Itoa(changes-1) || p.tips < 2 || p.tips > changes/5 {
		t.Errorf("told %d times of %d changes, at last of %q", p.tips, changes, p.tip)
	}
	if p.layouts > 2*p.tips || p.asked > 2*p.tips+1 {
		t.Errorf("with %d tellings %d of the menu, which was asked for %d times", p.tips, p.layouts, p.asked)
	}
	if len(p.lines) != 2 || len(p.lines[1].below) != 1 {
		t.Errorf("the panel has the menu %+v", p.lines)
	}
}

// TestAMenuWithoutSubmenusIsToldOnce: nothing is left out of the first answer.
func TestAMenuWithoutSubmenusIsToldOnce(t *testing.T) {
	p, b := newPanel(t)
	b.show(assets.TrayFine, "3 unread", slices.Clone(someLines[:4]))
	p.follow(2 * restTime)
	if p.tips != 1 || p.layouts != 1 || p.asked != 2 || len(p.lines) != 4 {
		t.Errorf("%d tellings, %d of the menu, asked for %d times: %+v", p.tips, p.layouts, p.asked, p.lines)
	}
}
