package atspi

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/reader"
)

// relation is one of GetRelationSet: a kind, and whom it is to.
type relation struct {
	Kind uint32
	To   []reference
}

// accessible is the interface Accessible.
func (t *teller) accessible() map[string]any {
	return map[string]any{
		"GetChildAtIndex": func(m dbus.Message, i int32) (reference, *dbus.Error) {
			o, err := t.find(m)
			if err != nil {
				return reference{}, err
			}
			if list := o.children(); i >= 0 && int(i) < len(list) {
				return t.ref(list[i]), nil
			}
			return t.ref(nil), nil
		},
		"GetChildren":      about(t, func(o object) []reference { return o.refs(o.children()) }),
		"GetIndexInParent": about(t, func(o object) int32 { return int32(o.Index) }), // #nosec G115 -- a count of what is on a screen
		"GetRelationSet":   about(t, func(object) []relation { return []relation{} }),
		"GetRole":          about(t, func(o object) uint32 { return o.role().number }),
		"GetRoleName":      about(t, func(o object) string { return o.role().name }),
		"GetLocalizedRoleName": about(t, func(o object) string {
			return o.role().name // the screen reader has words of its own for each role
		}),
		"GetState":       about(t, object.states),
		"GetAttributes":  about(t, object.attributes),
		"GetApplication": about(t, func(o object) reference { return reference{t.own, rootPath} }),
		"GetInterfaces":  about(t, object.interfaces),
	}
}

// attributes says more about a few.
func (o object) attributes() map[string]string {
	all := map[string]string{"toolkit": "Tabferry"}
	if o.isApplication() {
		return all
	}
	switch o.Node.Role {
	case reader.Heading:
		all["level"] = "2"
	case reader.Field, reader.SecretField:
		if o.Node.Hint != "" {
			all["placeholder-text"] = o.Node.Hint
		}
	case reader.Row, reader.Tab:
		all["posinset"], all["setsize"] = strconv.Itoa(o.Index+1), strconv.Itoa(len(o.Parent.Children))
	}
	return all
}

// application is the interface Application; its properties are among all others.
func (t *teller) application() map[string]any {
	return map[string]any{
		"GetLocale":                func(uint32) (string, *dbus.Error) { return locale(), nil },
		"GetApplicationBusAddress": func() (string, *dbus.Error) { return "", nil }, // only the bus that all are on
	}
}

// locale is that of the words, as POSIX names it.
func locale() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return "C"
}

// properties of each interface, and how they are found.
var properties = map[string]map[string]func(object) any{
	"Accessible": {
		"Name":         func(o object) any { return o.name() },
		"Description":  func(o object) any { return o.hint() },
		"Parent":       func(o object) any { return o.parent() },
		"ChildCount":   func(o object) any { return int32(len(o.children())) }, // #nosec G115 -- a count of what is on a screen
		"Locale":       func(object) any { return locale() },
		"AccessibleId": func(object) any { return "" },
		"HelpText":     func(object) any { return "" },
	},
	"Application": {
		"ToolkitName":      func(object) any { return "Tabferry" },
		"Version":          func(o object) any { return o.t.Version },
		"ToolkitVersion":   func(o object) any { return o.t.Version },
		"AtspiVersion":     func(object) any { return "2.1" },
		"InterfaceVersion": func(object) any { return uint32(1) },
		"Id":               func(o object) any { return o.t.id.Load() },
	},
	"Action": {"NActions": func(o object) any { return o.actions() }},
	"Text": {
		"CharacterCount": func(o object) any { return int32(len([]rune(o.Node.Text))) }, // #nosec G115 -- fields hold far less
		"CaretOffset":    func(o object) any { return int32(o.Node.Caret) },             // #nosec G115 -- fields hold far less
	},
}

// errNoProperty answers questions for what does not exist.
var errNoProperty = dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", []any{"no such property"})

// properties is the interface Properties of all objects.
func (t *teller) properties() map[string]any {
	of := func(m dbus.Message, iface string) (object, map[string]func(object) any, *dbus.Error) {
		o, err := t.find(m)
		if err != nil || !slices.Contains(o.interfaces(), iface) {
			return o, nil, err
		}
		return o, properties[strings.TrimPrefix(iface, ifaces)], nil
	}
	return map[string]any{
		"Get": func(m dbus.Message, iface, name string) (dbus.Variant, *dbus.Error) {
			o, list, err := of(m, iface)
			if err != nil {
				return dbus.Variant{}, err
			}
			get := list[name]
			if get == nil {
				return dbus.Variant{}, errNoProperty
			}
			return dbus.MakeVariant(get(o)), nil
		},
		"GetAll": func(m dbus.Message, iface string) (map[string]dbus.Variant, *dbus.Error) {
			o, list, err := of(m, iface)
			all := map[string]dbus.Variant{}
			for name, get := range list {
				all[name] = dbus.MakeVariant(get(o))
			}
			return all, err
		},
		"Set": func(m dbus.Message, iface, name string, v dbus.Variant) *dbus.Error {
			o, err := t.find(m)
			if err != nil {
				return err
			}
			id, ok := v.Value().(int32)
			if !o.isApplication() || iface != ifaces+"Application" || name != "Id" || !ok {
				return errNoProperty
			}
			t.id.Store(id)
			return nil
		},
	}
}

// item is what the cache tells of one object: "((so)(so)(so)iiassusau)".
type item struct {
	Self, Application, Parent reference
	Index, Children           int32
	Interfaces                []string
	Name                      string
	Role                      uint32
	Hint                      string
	States                    []uint32
}

// cache is the interface Cache: the whole tree in one answer.
func (t *teller) cache() map[string]any {
	return map[string]any{
		"GetItems": func() ([]item, *dbus.Error) {
			v := t.seen.Load()
			list := []item{object{t: t, view: v}.item(rootPath)}
			for id, place := range v.tree {
				list = append(list, object{t: t, view: v, Place: place}.item(path(id)))
			}
			return list, nil
		},
	}
}

func (o object) item(at dbus.ObjectPath) item {
	return item{
		Self: reference{o.t.own, at}, Application: reference{o.t.own, rootPath}, Parent: o.parent(),
		Index: int32(o.Index), Children: int32(len(o.children())), Interfaces: o.interfaces(), // #nosec G115 -- counts of what is on a screen
		Name: o.name(), Role: o.role().number, Hint: o.hint(), States: o.states(),
	}
}
