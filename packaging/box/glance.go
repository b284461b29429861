//go:build linux

package box

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// where the parts of every program are found.
const rootPath dbus.ObjectPath = "/org/a11y/atspi/accessible/root"

// cached is what a program's cache tells of one thing (org.a11y.atspi.Cache, "(so)(so)(so)iiassusau").
type cached struct {
	Self, Application, Parent reference
	Index, Children           int32
	Interfaces                []string
	Name                      string
	Role                      uint32
	Hint                      string
	States                    []uint32
}

// Glance returns all that a program tells of itself, as Read does, but in one answer and at once: what it tells
// then belongs together, and a program that is busy is asked once.
func (r *Reader) Glance(ctx context.Context, program string) ([]Told, error) {
	at, err := r.find(ctx, program)
	if err != nil {
		return nil, err
	}
	var items []cached
	if err := r.conn.Object(at, "/org/a11y/atspi/cache").CallWithContext(ctx, atspi+"Cache.GetItems", 0).Store(&items); err != nil {
		r.program = "" // it may be another one now
		return nil, err
	}
	var root cached
	below := map[dbus.ObjectPath][]cached{}
	for _, item := range items {
		if item.Self.Path == rootPath {
			root = item
		} else {
			below[item.Parent.Path] = append(below[item.Parent.Path], item)
		}
	}
	told, err := r.told(ctx, root, below)
	return told.All()[1:], err
}

// find returns the name on the bus of a program, and remembers it.
func (r *Reader) find(ctx context.Context, program string) (string, error) {
	if r.program != "" {
		return r.program, nil
	}
	var all []reference
	if err := r.conn.Object(atspi+"Registry", rootPath).CallWithContext(ctx, atspi+"Accessible.GetChildren", 0).Store(&all); err != nil {
		return "", err
	}
	for _, one := range all {
		var name dbus.Variant
		err := r.conn.Object(one.Bus, one.Path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, atspi+"Accessible", "Name").Store(&name)
		if err == nil && name.Value() == program { // others may have gone
			r.program = one.Bus
			return one.Bus, nil
		}
	}
	return "", fmt.Errorf("%s tells nothing", program)
}

// told makes a tree of what the cache tells.
func (r *Reader) told(ctx context.Context, item cached, below map[dbus.ObjectPath][]cached) (t Told, err error) {
	t = Told{Name: item.Name, states: item.States, at: item.Self}
	if t.Role, err = r.role(ctx, item); err != nil {
		return t, err
	}
	children := below[item.Self.Path]
	t.Children = make([]Told, len(children))
	for _, child := range children {
		if int(child.Index) >= len(children) || child.Index < 0 {
			return t, fmt.Errorf("%s %q has %d children, and one is number %d", t.Role, t.Name, len(children), child.Index)
		}
		if t.Children[child.Index], err = r.told(ctx, child, below); err != nil {
			return t, err
		}
	}
	return t, nil
}

// role is the name of a role, which is asked for once.
func (r *Reader) role(ctx context.Context, item cached) (string, error) {
	if name, ok := r.roles[item.Role]; ok {
		return name, nil
	}
	var name string
	if err := r.conn.Object(item.Self.Bus, item.Self.Path).CallWithContext(ctx, atspi+"Accessible.GetRoleName", 0).Store(&name); err != nil {
		return "", err
	}
	r.roles[item.Role] = name
	return name, nil
}

// Text returns what stands in a field.
func (r *Reader) Text(ctx context.Context, t Told) (text string, err error) {
	err = r.conn.Object(t.at.Bus, t.at.Path).CallWithContext(ctx, atspi+"Text.GetText", 0, int32(0), int32(-1)).Store(&text)
	return text, err
}

// Same reports whether two things that a program told of at two times are the same, in the same state.
func (t Told) Same(other Told) bool {
	if t.at != other.at || t.Role != other.Role || t.Name != other.Name || len(t.states) != len(other.states) {
		return false
	}
	for i, states := range t.states {
		if states != other.states[i] {
			return false
		}
	}
	return true
}
