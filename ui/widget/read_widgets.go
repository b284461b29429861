package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/ui/reader"
)

// said is a text or a picture, nothing where it says nothing.
func said(role reader.Role, words string) reader.Node {
	if words == "" {
		return reader.Node{}
	}
	return reader.Node{Role: role, Name: words, States: reader.Enabled}
}

func (l *Line) read() reader.Node {
	role := heading(l.SizeName)
	if l.heads {
		role = reader.Heading
	}
	return said(role, l.Text)
}

// read tells a text; one that says what has failed is read aloud when it appears.
func (t *Text) read() reader.Node {
	role := heading(t.label.SizeName)
	if t.label.Importance == widget.DangerImportance {
		role = reader.Notification
	}
	return said(role, t.words)
}

func (s *Surface) read() reader.Node {
	if !s.Says {
		return reader.Node{}
	}
	return reader.Node{Role: reader.Notification, States: reader.Enabled}
}

func (a *Avatar) read() reader.Node {
	return said(reader.Picture, a.name)
}

func (q *QRView) read() reader.Node {
	return reader.Node{Role: reader.Picture, Name: q.name, States: reader.Enabled}
}

func (b *Button) read() reader.Node {
	can := !b.Button.Disabled() && b.OnTapped != nil
	n := reader.Node{Role: reader.Button, Name: b.AccessibilityLabel(), States: ready(can)}
	if !can {
		return n
	}
	n.Press = b.within.still(b, func() {
		if !b.Button.Disabled() {
			b.OnTapped()
		}
	})
	n.Focus = b.within.still(b, func() {
		b.reached = true
		focus(b)
	})
	return n
}

func (n *NavItem) read() reader.Node {
	return reader.Node{
		Role: reader.Tab, Name: n.AccessibilityLabel(), States: ready(true) | checked(n.selected),
		Press: shown(n, func() { n.Tapped(nil) }), Focus: shown(n, func() { focus(n) }),
	}
}

func (o *Option) read() reader.Node {
	role := reader.CheckBox
	if o.round {
		role = reader.RadioButton
	}
	return reader.Node{
		Role: role, Name: o.words.Words(), States: ready(true) | checked(o.On),
		Press: shown(o, func() { o.Tapped(nil) }), Focus: shown(o, func() { focus(o) }),
	}
}

// read tells a field, and of a secret one not what stands in it.
func (f *Field) read() reader.Node {
	n := reader.Node{
		Role: reader.Field, Name: f.Name, Hint: f.hint, States: ready(!f.Disabled()),
		Focus: shown(f, func() { focus(f) }),
	}
	if n.Hint == n.Name {
		n.Hint = ""
	}
	if f.MultiLine {
		n.States |= reader.Lines
	}
	if f.Password {
		n.Role = reader.SecretField
		return n
	}
	n.Text, n.Caret = f.Text, f.CursorTextOffset()
	n.Put = func(text string) {
		shown(f, func() {
			if !f.Disabled() {
				f.SetText(text)
			}
		})()
	}
	return n
}

func (c *Choice) read() reader.Node {
	return reader.Node{
		Role: reader.Choice, Name: c.AccessibilityLabel(), States: ready(!c.Disabled()),
		Press: shown(c, func() { c.open(true) }), Focus: shown(c, func() { focus(c) }),
	}
}

func (l *RowList) read() reader.Node {
	if len(l.specs) == 0 {
		return reader.Node{}
	}
	return reader.Node{Role: reader.List, States: reader.Enabled}
}

func (l *LongList) read() reader.Node {
	return reader.Node{Role: reader.List, States: reader.Enabled}
}

// node is what a row of these words is; a row that can be ticked is a box.
func (s RowSpec) node() reader.Node {
	n := reader.Node{
		Role: reader.Row, Name: Dotted(s.Title, s.Mark, s.Detail), Hint: s.Whole, States: reader.Enabled,
	}
	if s.Chooses {
		n.Role = reader.CheckBox
		n.States |= checked(s.Chosen)
	}
	return n
}

func (r *Row) read() reader.Node {
	n := r.Spec.node()
	if !r.answers() {
		return n
	}
	n.States |= reader.Focusable
	n.Press = r.still(r, func() { r.act(r.press, r.Spec.Action.Do) })
	n.Focus = r.still(r, func() {
		if r.list != nil {
			r.list.walk.stopAt(r)
		}
		focus(r)
	})
	return n
}

// still makes a deed of a part of the row, or of no row, that does nothing once the part has left the screen or the
// row shows another thing.
func (r *Row) still(part fyne.CanvasObject, do func()) func() {
	if r == nil {
		return shown(part, do)
	}
	life := r.lives
	return shown(part, func() {
		if r.lives == life {
			do()
		}
	})
}

// lived names a part of a row while the row shows one thing: it is another part later.
type lived struct {
	part any
	life int
}

// partOf returns what names a part among those that are told.
func partOf(part any) any {
	switch o := part.(type) {
	case *Row:
		return lived{o, o.lives}
	case *Button:
		if o.within != nil {
			return lived{o, o.within.lives}
		}
	}
	return part
}

// rowOf names a row of a long list, which exists only while it is in sight.
type rowOf struct {
	list *LongList
	i    int
}

// walkRows adds the rows in sight, the one that the keyboard is at among them, and the next, which Fyne draws
// as well.
func (l *LongList) walkRows(at *look, place, frame area, below *reader.Node) {
	step := l.rowHeight + l.Theme().Size(theme.SizeNamePadding)
	if l.rowHeight <= 0 {
		return
	}
	from := max(0, int(l.GetScrollOffset()/step))
	to := min(l.count, int((l.GetScrollOffset()+place.size.Height)/step)+2)
	for i := from; i < to; i++ {
		n := l.at(i).node()
		n.States |= reader.Focusable
		n.Press = shown(l, func() { l.press(i) })
		n.Focus = shown(l, func() {
			l.light(i)
			l.ScrollTo(i)
			focus(l)
		})
		if at.focus == fyne.Focusable(l) && l.focus == i {
			n.States |= reader.Focused
		}
		top := place.at.AddXY(0, float32(i)*step-l.GetScrollOffset())
		at.add(below, rowOf{l, i}, n, area{top, fyne.NewSize(place.size.Width, l.rowHeight)}, frame.and(place))
	}
}
