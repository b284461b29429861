//go:build !windows && !darwin

package tray

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

const (
	itemFace    = "org.kde.StatusNotifierItem"
	menuFace    = "com.canonical.dbusmenu"
	itemPath    = dbus.ObjectPath("/StatusNotifierItem")
	menuPath    = itemPath + "/menu"
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
)

const (
	// busTime bounds connecting; a bus that hangs takes connections and does not greet.
	busTime = 5 * time.Second
	// again is when a bus that was lost is tried again.
	again = time.Minute
	// moreTime is how long a panel has for making the menu it was told of before it hears of the submenus.
	moreTime = 150 * time.Millisecond
	// restTime lies between two tellings: panels answer each by asking for everything. The first is told at once.
	restTime = time.Second
)

// Run shows the tray until ctx ends, the agent quits (both nil) or is lost. Without a session bus nothing is
// shown, and Run goes on all the same: Params.Moved tells of one.
//
// The tray of Linux is two objects on the session bus, a StatusNotifierItem and a menu. They are told by hand:
// the library for them exports whatever methods a type has, for which a linker keeps every method of every
// type (2.7 MB of 20), and it tells a panel of every line of a menu that is built, where one word is enough.
func Run(ctx context.Context, params Params) error {
	p, err := params.check()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	b := newBusBar(p.Words("").T("common.app"), p.Logger)
	if b.icons, err = placeIcons(p.Folder); err != nil {
		p.Logger.Warn("panels get the picture of the icon in each answer", "reason", err)
	}
	var following sync.WaitGroup
	following.Go(func() { b.follow(ctx, p.Moved) })
	err = newFace(p, b).run(ctx)
	cancel()
	following.Wait()
	return err
}

// busBar is the real tray. What it shows is told to the bus by follow, so that a bus that hangs holds up
// nobody.
type busBar struct {
	name    string
	log     *slog.Logger
	clicked chan Action
	menu    *busMenu
	icons   string        // where panels find the pictures by name; empty: they get the pixels
	untold  chan struct{} // there is news
	partly  chan struct{} // the menu was told in part

	mu      sync.Mutex
	state   assets.TrayState
	tooltip string
	news    news
	drawn   assets.TrayState // whose picture that is
	picture dbus.Variant
	moved   <-chan struct{} // of follow alone
}

// news is what panels have not been told yet.
type news struct {
	icon, tooltip, layout bool
	lines                 []int32
}

func newBusBar(name string, log *slog.Logger) *busBar {
	b := &busBar{
		name: name, log: log, clicked: make(chan Action, clickBuffer), state: assets.TraySignedOut,
		untold: make(chan struct{}, 1), partly: make(chan struct{}, 1),
	}
	b.menu = newBusMenu(b.click, func() { poke(b.partly) })
	return b
}

func (b *busBar) clicks() <-chan Action { return b.clicked }

// click hands an action to the face without holding up the desktop's call.
func (b *busBar) click(a Action) {
	select {
	case b.clicked <- a:
	default: // nobody clicks that fast
	}
}

func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it knows already
	}
}

// show changes what differs.
func (b *busBar) show(state assets.TrayState, tooltip string, items []Item) {
	changed, rebuilt := b.menu.show(items)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.news.icon = b.news.icon || state != b.state
	b.news.tooltip = b.news.tooltip || tooltip != b.tooltip
	b.state, b.tooltip = state, tooltip
	if rebuilt {
		b.news.layout, b.news.lines = true, nil
	}
	for _, id := range changed {
		if !slices.Contains(b.news.lines, id) {
			b.news.lines = append(b.news.lines, id)
		}
	}
	if b.news.icon || b.news.tooltip || b.news.layout || len(b.news.lines) > 0 {
		poke(b.untold)
	}
}

// follow goes where the desktop goes, until ctx ends.
func (b *busBar) follow(ctx context.Context, moved func() <-chan struct{}) {
	b.moved = moved()
	told := "" // a fault that lasts is logged once
	for ctx.Err() == nil {
		var retry <-chan time.Time
		if !session.NoBus() {
			err := b.serve(ctx, moved)
			if err == nil {
				continue // there is another bus now
			}
			if ctx.Err() == nil && err.Error() != told {
				told = err.Error()
				b.log.Warn("the tray has no session bus", "reason", err)
			}
			retry = time.After(again)
		}
		select {
		case <-b.moved:
			b.moved = moved()
		case <-retry:
		case <-ctx.Done():
		}
	}
}

// serve is the tray on one bus, until ctx ends, the bus goes (an error), or the desktop has moved to another.
func (b *busBar) serve(ctx context.Context, moved func() <-chan struct{}) error {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	life, end := context.WithCancel(ctx)
	defer end() // closes the connection
	conn, panels, err := b.join(life, end)
	if err != nil {
		return err
	}
	more, rest := time.NewTimer(0), time.NewTimer(0)
	<-more.C
	<-rest.C
	untold := b.untold // nil while there is rest
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-conn.Context().Done():
			return dbus.ErrClosed
		case <-b.moved:
			if b.moved = moved(); address != os.Getenv("DBUS_SESSION_BUS_ADDRESS") {
				return nil
			}
		case s := <-panels:
			if isNewPanel(s) {
				err = b.announce(conn)
			}
		case <-untold:
			err = b.tell(conn)
			untold = nil
			rest.Reset(restTime)
		case <-rest.C:
			untold = b.untold
		case <-b.partly:
			more.Reset(moreTime)
		case <-more.C:
			err = b.tellMore(conn)
		}
	}
	return err
}

// join connects, shows the tray and returns what the bus says of panels. tooLate ends life.
func (b *busBar) join(life context.Context, tooLate func()) (*dbus.Conn, <-chan *dbus.Signal, error) {
	late := time.AfterFunc(busTime, tooLate)
	defer late.Stop()
	conn, err := session.ConnectBus(life)
	if err != nil {
		return nil, nil, err
	}
	panels := make(chan *dbus.Signal, 8)
	conn.Signal(panels)
	if err := b.export(conn); err != nil {
		return nil, nil, err
	}
	return conn, panels, b.register(life, conn)
}

// isNewPanel reads NameOwnerChanged: name, old owner, new owner.
func isNewPanel(s *dbus.Signal) bool {
	return s != nil && len(s.Body) == 3 && s.Body[0] == watcherName && s.Body[2] != ""
}

// register takes the name of a tray icon, and tells the panel, now and whenever another one begins.
func (b *busBar) register(ctx context.Context, conn *dbus.Conn) error {
	name := fmt.Sprintf("%s-%d-1", itemFace, os.Getpid())
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.RequestName", 0, name, uint32(dbus.NameFlagDoNotQueue)).Err; err != nil {
		return err
	}
	err := conn.AddMatchSignalContext(ctx, dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName))
	if err != nil {
		return err
	}
	return b.announce(conn)
}

// announce asks for no answer: a desktop may have no panel, and one that hangs must not hold up the tray.
func (b *busBar) announce(conn *dbus.Conn) error {
	return conn.Object(watcherName, watcherPath).Call(watcherName+".RegisterStatusNotifierItem", dbus.FlagNoReplyExpected, string(itemPath)).Err
}

// tell tells panels what has changed.
func (b *busBar) tell(conn *dbus.Conn) error {
	b.mu.Lock()
	now := b.news
	b.news = news{}
	b.mu.Unlock()
	var errs []error
	if now.icon {
		errs = append(errs, conn.Emit(itemPath, itemFace+".NewIcon"))
	}
	if now.tooltip {
		errs = append(errs, conn.Emit(itemPath, itemFace+".NewToolTip"))
	}
	if now.layout {
		errs = append(errs, b.tellLayout(conn))
	}
	if lines := b.menu.properties(now.lines); len(now.lines) > 0 {
		type removed struct {
			ID    int32
			Names []string
		}
		errs = append(errs, conn.Emit(menuPath, menuFace+".ItemsPropertiesUpdated", lines, []removed{}))
	}
	return errors.Join(errs...)
}

// tellMore has panels ask for what the first answer left out, unless they will be told of another menu anyway:
// else each that comes meanwhile would be asked for at once, whatever restTime says.
func (b *busBar) tellMore(conn *dbus.Conn) error {
	b.mu.Lock()
	due := b.news.layout
	b.mu.Unlock()
	if due {
		return nil
	}
	b.menu.renumber()
	return b.tellLayout(conn)
}

func (b *busBar) tellLayout(conn *dbus.Conn) error {
	b.menu.mu.Lock()
	revision := b.menu.revision
	b.menu.mu.Unlock()
	return conn.Emit(menuPath, menuFace+".LayoutUpdated", revision, int32(0))
}

// export puts the two objects on the bus.
func (b *busBar) export(conn *dbus.Conn) error {
	tapped := func(int32, int32) *dbus.Error { b.click(Action{Do: DoShow}); return nil }
	item := map[string]any{"Activate": tapped}
	return errors.Join(
		conn.ExportMethodTable(item, itemPath, itemFace),
		conn.ExportMethodTable(properties(itemFace, b.item), itemPath, "org.freedesktop.DBus.Properties"),
		conn.ExportMethodTable(described(itemXML), itemPath, "org.freedesktop.DBus.Introspectable"),
		conn.ExportMethodTable(b.menu.methods(), menuPath, menuFace),
		conn.ExportMethodTable(properties(menuFace, menuProperties), menuPath, "org.freedesktop.DBus.Properties"),
		conn.ExportMethodTable(described(menuXML), menuPath, "org.freedesktop.DBus.Introspectable"),
	)
}

// item are the properties of the icon.
func (b *busBar) item() map[string]dbus.Variant {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, pixels := iconName(b.state), dbus.MakeVariant([]pixmap{})
	if b.icons == "" {
		if b.drawn != b.state {
			b.drawn, b.picture = b.state, inWords(trayPixmap(b.state))
		}
		name, pixels = "", b.picture
	}
	return map[string]dbus.Variant{
		"Category": dbus.MakeVariant("ApplicationStatus"), "Id": dbus.MakeVariant(b.name), "Title": dbus.MakeVariant(b.name),
		"Status": dbus.MakeVariant("Active"), "IconName": dbus.MakeVariant(name), "IconThemePath": dbus.MakeVariant(b.icons),
		"IconPixmap": pixels, "ToolTip": dbus.MakeVariant(toolTip{Pixmaps: []pixmap{}, Title: b.tooltip}),
		"ItemIsMenu": dbus.MakeVariant(false), "Menu": dbus.MakeVariant(menuPath),
	}
}

// menuProperties are those of the menu; 3 is the version of its interface.
func menuProperties() map[string]dbus.Variant {
	return map[string]dbus.Variant{
		"Version": dbus.MakeVariant(uint32(3)), "TextDirection": dbus.MakeVariant("ltr"), "Status": dbus.MakeVariant("normal"),
		"IconThemePath": dbus.MakeVariant([]string{}),
	}
}

// properties answers for org.freedesktop.DBus.Properties.
func properties(face string, all func() map[string]dbus.Variant) map[string]any {
	return map[string]any{
		"Get": func(of, name string) (dbus.Variant, *dbus.Error) {
			value, ok := all()[name]
			if of != face || !ok {
				return dbus.Variant{}, &dbus.ErrMsgInvalidArg
			}
			return value, nil
		},
		"GetAll": func(of string) (map[string]dbus.Variant, *dbus.Error) {
			if of != face {
				return map[string]dbus.Variant{}, nil
			}
			return all(), nil
		},
		"Set": func(string, string, dbus.Variant) *dbus.Error {
			return dbus.NewError("org.freedesktop.DBus.Error.PropertyReadOnly", nil)
		},
	}
}

// toolTip is (sa(iiay)ss).
type toolTip struct {
	IconName    string
	Pixmaps     []pixmap
	Title, Text string
}
