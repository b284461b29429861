package widget

import (
	"image"
	"reflect"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/ui/reader"
)

// readable is a widget of ours that is told to screen readers; the parts it holds are told below it. What
// returns no role is not told, only its parts are.
type readable interface{ read() reader.Node }

// Reading makes what screen readers are told of a window, and remembers which part has which number.
type Reading struct {
	numbers map[any]int
	last    int
}

// NewReading makes one that has seen nothing.
func NewReading() *Reading { return &Reading{numbers: map[any]int{}} }

// look is one look at a window.
type look struct {
	*Reading
	canvas fyne.Canvas
	scale  float32
	focus  fyne.Focusable // nil while the window does not take what is typed
	now    map[any]int
}

// area is a part of the window, in units.
type area struct {
	at   fyne.Position
	size fyne.Size
}

func (a area) and(b area) area {
	from := fyne.NewPos(max(a.at.X, b.at.X), max(a.at.Y, b.at.Y))
	to := fyne.NewPos(min(a.at.X+a.size.Width, b.at.X+b.size.Width), min(a.at.Y+a.size.Height, b.at.Y+b.size.Height))
	return area{from, fyne.NewSize(max(0, to.X-from.X), max(0, to.Y-from.Y))}
}

func (a area) pixels(scale float32) image.Rectangle {
	return image.Rect(int(a.at.X*scale), int(a.at.Y*scale), int((a.at.X+a.size.Width)*scale), int((a.at.Y+a.size.Height)*scale))
}

// Look returns what can be seen of a window with this title; active says whether it takes what is typed.
func (r *Reading) Look(c fyne.Canvas, title string, active bool) *reader.Node {
	l := &look{Reading: r, canvas: c, scale: c.Scale(), now: map[any]int{}}
	whole := area{size: c.Size()}
	root := &reader.Node{Role: reader.Window, Name: title, States: reader.Enabled | reader.Showing, Bounds: whole.pixels(l.scale)}
	if active {
		root.States |= reader.Active
		l.focus = c.Focused()
	}
	l.walk(c.Content(), fyne.Position{}, whole, root)
	for _, over := range c.Overlays().List() {
		l.over(over, whole, root)
	}
	r.numbers = l.now
	return root
}

// number returns the number of a part: the one it has had, or a new one.
func (l *look) number(key any) int {
	n, known := l.numbers[key]
	if !known {
		l.last++
		n = l.last
	}
	l.now[key] = n
	return n
}

// walk adds what can be seen of an object below a node; at is where its parent lies, frame what of the
// window is not cut off here.
func (l *look) walk(o fyne.CanvasObject, at fyne.Position, frame area, below *reader.Node) {
	if o == nil || !o.Visible() {
		return
	}
	place := area{at.Add(o.Position()), o.Size()}
	if w, ok := o.(readable); ok {
		if n := w.read(); n.Role != "" {
			below = l.add(below, o, n, place, frame)
		}
	}
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			l.walk(child, place.at, frame, below)
		}
	case *LongList:
		o.walkRows(l, place, frame, below)
	case *Scroll:
		l.walk(o.Content, place.at, frame.and(place), below)
	case holder:
		for _, child := range o.held() {
			l.walk(child, place.at, frame, below)
		}
	}
	if below.Role == reader.Notification && below.Name == "" {
		below.Name = words(below)
	}
}

// add hangs a node below another.
func (l *look) add(below *reader.Node, key any, n reader.Node, place, frame area) *reader.Node {
	n.ID, n.Bounds = l.number(partOf(key)), place.pixels(l.scale)
	if seen := frame.and(place); seen.size.Width > 0 && seen.size.Height > 0 {
		n.States |= reader.Showing
	}
	if f, ok := key.(fyne.Focusable); ok && f == l.focus && n.Role != reader.List { // of a list one of its rows has it
		n.States |= reader.Focused
	}
	below.Children = append(below.Children, &n)
	return &n
}

// over adds what lies above the content: a dialog, or a menu.
func (l *look) over(o fyne.CanvasObject, frame area, root *reader.Node) {
	inside, _ := exported(o, "Content").(fyne.CanvasObject) // a widget of Fyne's own lies around it
	switch o := inside.(type) {
	case *widget.PopUp:
		n := l.add(root, o, reader.Node{Role: reader.Dialog, States: reader.Enabled | reader.Modal}, l.place(o.Content), frame)
		l.walk(o.Content, l.place(o.Content).at.Subtract(o.Content.Position()), frame, n)
		n.Name, n.Hint = title(n)
	case *widget.PopUpMenu:
		l.menu(o, frame, root)
	}
}

// place is where an object lies in the window.
func (l *look) place(o fyne.CanvasObject) area {
	return area{fyne.CurrentApp().Driver().AbsolutePositionForObject(o), o.Size()}
}

// menu adds the entries of an open menu. Fyne tells nobody what they are, nor which one the keyboard is at.
func (l *look) menu(m *widget.PopUpMenu, frame area, root *reader.Node) {
	lit := reflect.ValueOf(m.Menu).Elem().FieldByName("activeItem")
	n := l.add(root, m, reader.Node{Role: reader.Menu, States: ready(true)}, l.place(m), frame)
	for _, o := range m.Items {
		entry, _ := exported(o, "Item").(*fyne.MenuItem)
		tap, _ := o.(fyne.Tappable)
		if entry == nil || tap == nil || entry.IsSeparator {
			continue
		}
		item := l.add(n, o, reader.Node{
			Role: reader.MenuItem, Name: spoken(entry), States: ready(!entry.Disabled) | checked(entry.Checked),
			Press: func() { tap.Tapped(nil) },
		}, l.place(o), frame)
		if l.focus == fyne.Focusable(m) && lit.Kind() == reflect.Pointer && lit.Pointer() == reflect.ValueOf(o).Pointer() {
			item.States |= reader.Focused
			n.States &^= reader.Focused
		}
	}
}

// exported returns an exported field of a type that we cannot name, nil if there is none.
func exported(o any, name string) any {
	v := reflect.ValueOf(o)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	if f := v.Elem().FieldByName(name); f.IsValid() && f.CanInterface() {
		return f.Interface()
	}
	return nil
}

// words joins what is said below a node.
func words(n *reader.Node) string {
	var all []string
	for _, child := range n.Children {
		switch child.Role {
		case reader.Label, reader.Heading:
			all = append(all, child.Name)
		}
	}
	return strings.Join(all, " ")
}

// title returns the first words of a dialog and the next.
func title(n *reader.Node) (first, next string) {
	for _, child := range n.Children {
		switch {
		case child.Role != reader.Label && child.Role != reader.Heading:
		case first == "":
			first = child.Name
		case next == "":
			next = child.Name
		}
	}
	return first, next
}

// ready are the states of something that can be pressed or typed into.
func ready(yes bool) reader.State {
	if yes {
		return reader.Enabled | reader.Focusable
	}
	return 0
}

// checked are those of something that is chosen or not.
func checked(on bool) reader.State {
	if on {
		return reader.Checkable | reader.Checked
	}
	return reader.Checkable
}

// heading says which lines are headings: those in large letters.
func heading(size fyne.ThemeSizeName) reader.Role {
	if size == theme.SizeNameHeadingText || size == theme.SizeNameSubHeadingText {
		return reader.Heading
	}
	return reader.Label
}

// shown makes a deed that does nothing once the object has left the screen: it was asked for a moment ago.
func shown(o fyne.CanvasObject, do func()) func() {
	return func() {
		if fyne.CurrentApp().Driver().CanvasForObject(o) != nil && o.Visible() {
			do()
		}
	}
}
