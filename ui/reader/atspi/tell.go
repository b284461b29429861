package atspi

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/reader"
)

// Where the parts of a program are found.
const (
	treePath  = dbus.ObjectPath("/org/a11y/atspi/accessible")
	rootPath  = treePath + "/root" // the application; the window and its parts are numbers
	nullPath  = dbus.ObjectPath("/org/a11y/atspi/null")
	cachePath = dbus.ObjectPath("/org/a11y/atspi/cache")
)

const (
	registryName = "org.a11y.atspi.Registry"
	ifaces       = "org.a11y.atspi."
)

// reference is how an object of any program is named on the bus: "(so)".
type reference struct {
	Bus  string
	Path dbus.ObjectPath
}

// teller is a window on the accessibility bus.
type teller struct {
	Params
	conn   *dbus.Conn
	own    string // our name on the bus
	parent reference
	id     atomic.Int32 // that the registry gave us
	seen   atomic.Pointer[view]
}

// view is what was on the screen at the last look.
type view struct {
	root *reader.Node
	tree reader.Tree
}

// tell registers the window and tells of it until ctx ends or the bus goes.
func (p Params) tell(ctx context.Context, s *status) error {
	address, err := s.busAddress(ctx)
	if err != nil {
		return fmt.Errorf("asking for the accessibility bus: %w", err)
	}
	conn, cancel, err := connect(ctx, func(ctx context.Context) (*dbus.Conn, error) {
		return dbus.Connect(address, dbus.WithContext(ctx))
	})
	if err != nil {
		return fmt.Errorf("connecting to the accessibility bus: %w", err)
	}
	defer cancel()
	t := &teller{Params: p, conn: conn, own: conn.Names()[0]}
	return errors.Join(t.run(ctx), conn.Close())
}

func (t *teller) run(ctx context.Context) error {
	if err := t.look(ctx, false); err != nil {
		return err
	}
	if err := t.export(); err != nil {
		return err
	}
	var parent reference
	registry := t.conn.Object(registryName, rootPath)
	within, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	// The registry belongs to this bus, which starts it when the first program registers.
	if err := registry.CallWithContext(within, ifaces+"Socket.Embed", 0, reference{t.own, rootPath}).Store(&parent); err != nil {
		return fmt.Errorf("registering: %w", err)
	}
	t.parent = parent
	if err := t.greet(); err != nil {
		return err
	}
	tick := time.NewTicker(lookTime)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := t.look(ctx, true); err != nil {
				return err
			}
		case <-t.conn.Context().Done():
			if ctx.Err() == nil {
				return errors.New("the accessibility bus has gone")
			}
			return ctx.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look sees what is on the screen now, and tells what has changed.
func (t *teller) look(ctx context.Context, tell bool) error {
	root, err := t.Screen.Look(ctx)
	if err != nil {
		return err
	}
	before := t.seen.Swap(&view{root: root, tree: reader.Plant(root)})
	if !tell {
		return nil
	}
	for _, c := range reader.Changes(before.root, root) {
		if err := t.emit(c); err != nil {
			return err
		}
	}
	return nil
}

// export offers the interfaces.
func (t *teller) export() error {
	methods := map[string]map[string]any{
		"Accessible": t.accessible(), "Application": t.application(), "Component": t.component(), "Action": t.action(),
		"Text": t.text(), "EditableText": t.editable(),
	}
	var errs []error
	for name, table := range methods {
		errs = append(errs, t.conn.ExportSubtreeMethodTable(table, treePath, ifaces+name))
	}
	errs = append(errs,
		t.conn.ExportSubtreeMethodTable(t.properties(), treePath, "org.freedesktop.DBus.Properties"),
		t.conn.ExportMethodTable(t.cache(), cachePath, ifaces+"Cache"))
	return errors.Join(errs...)
}

// path returns where a node is found.
func path(id int) dbus.ObjectPath { return treePath + "/" + dbus.ObjectPath(strconv.Itoa(id)) }

func (t *teller) ref(n *reader.Node) reference {
	if n == nil {
		return reference{t.own, nullPath}
	}
	return reference{t.own, path(n.ID)}
}

// object is what a call is about: the application, or a node of the window.
type object struct {
	t    *teller
	view *view
	reader.Place
}

// errGone answers calls about what is no longer on the screen.
var errGone = &dbus.ErrMsgNoObject

// find returns what a call is about.
func (t *teller) find(m dbus.Message) (object, *dbus.Error) {
	o := object{t: t, view: t.seen.Load()}
	at, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	if at == rootPath {
		return o, nil
	}
	if len(at) <= len(treePath) {
		return o, errGone
	}
	id, err := strconv.Atoi(string(at[len(treePath)+1:]))
	place, ok := o.view.tree[id]
	if err != nil || !ok {
		return o, errGone
	}
	o.Place = place
	return o, nil
}

// isApplication reports whether the call is about the whole.
func (o object) isApplication() bool { return o.Node == nil }

func (o object) children() []*reader.Node {
	if o.isApplication() {
		return []*reader.Node{o.view.root}
	}
	return o.Node.Children
}

func (o object) parent() reference {
	switch {
	case o.isApplication():
		return o.t.parent
	case o.Parent == nil:
		return reference{o.t.own, rootPath}
	}
	return o.t.ref(o.Parent)
}

func (o object) name() string {
	if o.isApplication() {
		return o.t.Name
	}
	return o.Node.Name
}

func (o object) hint() string {
	if o.isApplication() {
		return ""
	}
	return o.Node.Hint
}

// refs names nodes.
func (o object) refs(nodes []*reader.Node) []reference {
	list := make([]reference, 0, len(nodes))
	for _, n := range nodes {
		list = append(list, o.t.ref(n))
	}
	return list
}

// interfaces returns what can be asked of the object.
func (o object) interfaces() []string {
	list := []string{ifaces + "Accessible"}
	if o.isApplication() {
		return append(list, ifaces+"Application")
	}
	list = append(list, ifaces+"Component")
	if o.Node.Press != nil {
		list = append(list, ifaces+"Action")
	}
	if o.Node.Role == reader.Field {
		list = append(list, ifaces+"Text")
		if o.Node.Put != nil {
			list = append(list, ifaces+"EditableText")
		}
	}
	return list
}

// about makes a method of an object out of a function.
func about[R any](t *teller, f func(object) R) func(dbus.Message) (R, *dbus.Error) {
	return func(m dbus.Message) (R, *dbus.Error) {
		o, err := t.find(m)
		if err != nil {
			var none R
			return none, err
		}
		return f(o), nil
	}
}
