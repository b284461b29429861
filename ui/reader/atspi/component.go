package atspi

import (
	"image"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/reader"
)

// fromParent is the way of counting where an object lies in relation to the one it belongs to. The other
// two, from the window and from the screen, are the same to us: programs do not know everywhere where their
// window is.
const fromParent = 2

// layerWidget and layerWindow are of AtspiComponentLayer.
const layerWidget, layerWindow = 3, 7

// rect is how places are told.
type rect struct{ X, Y, Width, Height int32 }

func (o object) bounds(from uint32) image.Rectangle {
	if o.isApplication() {
		return o.view.root.Bounds
	}
	if from == fromParent && o.Parent != nil {
		return o.Node.Bounds.Sub(o.Parent.Bounds.Min)
	}
	return o.Node.Bounds
}

func (o object) rect(from uint32) rect {
	b := o.bounds(from)
	// #nosec G115 -- pixels of a screen
	return rect{int32(b.Min.X), int32(b.Min.Y), int32(b.Dx()), int32(b.Dy())}
}

// component is the interface Component.
func (t *teller) component() map[string]any {
	at := func(m dbus.Message, from uint32) (rect, *dbus.Error) {
		o, err := t.find(m)
		if err != nil {
			return rect{}, err
		}
		return o.rect(from), nil
	}
	return map[string]any{
		"GetExtents": at,
		"GetPosition": func(m dbus.Message, from uint32) (int32, int32, *dbus.Error) {
			r, err := at(m, from)
			return r.X, r.Y, err
		},
		"GetSize": func(m dbus.Message) (int32, int32, *dbus.Error) {
			r, err := at(m, 0)
			return r.Width, r.Height, err
		},
		"Contains": func(m dbus.Message, x, y int32, from uint32) (bool, *dbus.Error) {
			o, err := t.find(m)
			return err == nil && image.Pt(int(x), int(y)).In(o.bounds(from)), err
		},
		"GetAccessibleAtPoint": func(m dbus.Message, x, y int32, from uint32) (reference, *dbus.Error) {
			o, err := t.find(m)
			if err != nil {
				return reference{}, err
			}
			p := image.Pt(int(x), int(y))
			if from == fromParent && o.Parent != nil {
				p = p.Add(o.Parent.Bounds.Min)
			}
			below := o.Node
			if o.isApplication() {
				below = o.view.root
			}
			return t.ref(under(below, p)), nil
		},
		"GetLayer": about(t, func(o object) uint32 {
			if o.Parent == nil {
				return layerWindow
			}
			return layerWidget
		}),
		"GetMDIZOrder":  about(t, func(object) int16 { return -1 }),
		"GetAlpha":      about(t, func(object) float64 { return 1 }),
		"GrabFocus":     about(t, func(o object) bool { return !o.isApplication() && o.do(o.Node.Focus) }),
		"ScrollTo":      func(m dbus.Message, _ uint32) (bool, *dbus.Error) { return about(t, object.show)(m) },
		"ScrollToPoint": func(m dbus.Message, _ uint32, _, _ int32) (bool, *dbus.Error) { return about(t, object.show)(m) },
		"SetExtents":    func(int32, int32, int32, int32, uint32) (bool, *dbus.Error) { return false, nil },
		"SetPosition":   func(int32, int32, uint32) (bool, *dbus.Error) { return false, nil },
		"SetSize":       func(int32, int32) (bool, *dbus.Error) { return false, nil },
	}
}

// do has the window do one of a node's deeds, and reports whether there is such a deed.
func (o object) do(deed func()) bool {
	if deed == nil {
		return false
	}
	o.t.Screen.Do(deed)
	return true
}

// show brings the object into sight; only what takes the focus knows how to.
func (o object) show() bool {
	return !o.isApplication() && (o.Node.Is(reader.Showing) || o.do(o.Node.Focus))
}

// under returns the inmost node at a point, the last drawn of several.
func under(n *reader.Node, p image.Point) *reader.Node {
	for i := len(n.Children) - 1; i >= 0; i-- {
		if found := under(n.Children[i], p); found != nil {
			return found
		}
	}
	if n.Is(reader.Showing) && p.In(n.Bounds) {
		return n
	}
	return nil
}

// deed is how an action is told: name, explanation, keys.
type deed struct{ Name, Explanation, Keys string }

func (o object) actions() int32 {
	if o.isApplication() || o.Node.Press == nil {
		return 0
	}
	return 1
}

// action is the interface Action: there is one at most, pressing.
func (t *teller) action() map[string]any {
	word := func(m dbus.Message, i int32) (string, *dbus.Error) {
		o, err := t.find(m)
		if err != nil || i < 0 || i >= o.actions() {
			return "", err
		}
		return "click", nil
	}
	none := func(dbus.Message, int32) (string, *dbus.Error) { return "", nil }
	return map[string]any{
		"GetName": word, "GetLocalizedName": word, "GetDescription": none, "GetKeyBinding": none,
		"GetActions": about(t, func(o object) []deed {
			if o.actions() == 0 {
				return []deed{}
			}
			return []deed{{Name: "click"}}
		}),
		"DoAction": func(m dbus.Message, i int32) (bool, *dbus.Error) {
			o, err := t.find(m)
			if err != nil || i < 0 || i >= o.actions() || !o.Node.Is(reader.Enabled) {
				return false, err
			}
			return o.do(o.Node.Press), nil
		},
	}
}
