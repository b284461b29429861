//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Tray drives a status notifier item over D-Bus as a panel would.
type Tray struct {
	conn *dbus.Conn
	item dbus.BusObject
	menu dbus.BusObject
}

// MenuItem is one entry of a tray menu.
type MenuItem struct {
	ID        int32
	Label     string
	Enabled   bool
	Separator bool
	Depth     int
}

// Tray waits until a program has put its icon into the box's tray, and returns that icon.
func (b *Box) Tray(ctx context.Context) (*Tray, error) {
	conn, err := dbus.Connect(b.Bus, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	watcher := conn.Object("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
	for {
		property, err := watcher.GetProperty("org.kde.StatusNotifierWatcher.RegisteredStatusNotifierItems")
		if err == nil {
			if names, ok := property.Value().([]string); ok && len(names) > 0 {
				name, path, found := strings.Cut(names[len(names)-1], "/")
				if !found {
					path = "StatusNotifierItem"
				}
				t := &Tray{conn: conn, item: conn.Object(name, dbus.ObjectPath("/"+path))}
				if err = t.findMenu(); err == nil {
					return t, nil
				}
			}
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return nil, errors.Join(errors.New("no tray icon appeared"), err, conn.Close())
		}
	}
}

func (t *Tray) findMenu() error {
	property, err := t.item.GetProperty("org.kde.StatusNotifierItem.Menu")
	if err != nil {
		return err
	}
	path, ok := property.Value().(dbus.ObjectPath)
	if !ok {
		return errors.New("the tray icon names no menu")
	}
	t.menu = t.conn.Object(t.item.Destination(), path)
	return nil
}

// Close leaves the bus.
func (t *Tray) Close() error { return t.conn.Close() }

// layout is one node of com.canonical.dbusmenu's GetLayout.
type layout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

// Menu reads the whole menu, submenus included, in order.
func (t *Tray) Menu() ([]MenuItem, error) {
	var revision uint32
	var root layout
	// A panel announces that it is about to show the menu; some programs fill it only then.
	if err := t.menu.Call("com.canonical.dbusmenu.AboutToShow", 0, int32(0)).Err; err != nil {
		return nil, err
	}
	err := t.menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root)
	if err != nil {
		return nil, err
	}
	return flatten(root, 0)
}

func flatten(node layout, depth int) ([]MenuItem, error) {
	var items []MenuItem
	for _, child := range node.Children {
		var c layout
		if err := dbus.Store([]any{child.Value()}, &c); err != nil {
			return nil, err
		}
		item := MenuItem{ID: c.ID, Enabled: true, Depth: depth}
		if v, ok := c.Properties["label"].Value().(string); ok {
			item.Label = v
		}
		if v, ok := c.Properties["enabled"].Value().(bool); ok {
			item.Enabled = v
		}
		item.Separator = c.Properties["type"].Value() == "separator"
		if visible, ok := c.Properties["visible"].Value().(bool); !ok || visible {
			items = append(items, item)
		}
		below, err := flatten(c, depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, below...)
	}
	return items, nil
}

// Until waits for an entry that fits, and returns it.
func (t *Tray) Until(ctx context.Context, what string, fits func(MenuItem) bool) (MenuItem, error) {
	var labels []string
	for {
		items, err := t.Menu()
		labels = labels[:0]
		for _, item := range items {
			if fits(item) {
				return item, nil
			}
			labels = append(labels, item.Label)
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return MenuItem{}, errors.Join(fmt.Errorf("the tray menu has no %s: %q", what, labels), err)
		}
	}
}

// Click chooses an entry.
func (t *Tray) Click(item MenuItem) error {
	return t.menu.Call("com.canonical.dbusmenu.Event", 0, item.ID, "clicked", dbus.MakeVariant(""), uint32(0)).Err
}
