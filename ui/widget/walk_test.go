package widget

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// walked is a window with a field, two lists of one walk and a button, and what was done in it.
type walked struct {
	t             *testing.T
	canvas        fyne.Canvas
	field         *Field
	first, second *RowList
	button        *Button
	done          []string
}

func newWalked(t *testing.T) *walked {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	w := &walked{t: t, field: NewField("Search", ""), first: NewRowList(nil), second: NewRowList(nil), button: NewButton("Last", nil, nil)}
	NewWalk().Set(w.first, w.second)
	w.set(w.first, "a", "b", "c")
	w.set(w.second, "d", "e")
	window := test.NewTempWindow(t, VStack(0, w.field, w.first, w.second, w.button))
	window.Resize(fyne.NewSize(400, 600))
	w.canvas = window.Canvas()
	return w
}

func (w *walked) set(l *RowList, ids ...string) {
	var specs []RowSpec
	for _, id := range ids {
		do := func(what string) func() { return func() { w.done = append(w.done, what+" "+id) } }
		specs = append(specs, RowSpec{
			ID: id, Title: id, Tap: do("tap"), Action: Action{Label: "Open", Do: do("act")},
			Menu: []MenuEntry{{Label: "x", Do: do("menu")}}, Remove: do("remove"),
		})
	}
	l.Set(specs)
}

func (w *walked) key(names ...fyne.KeyName) {
	for _, name := range names {
		w.canvas.Focused().TypedKey(&fyne.KeyEvent{Name: name})
	}
}

// at names what has the focus.
func (w *walked) at() string {
	switch o := w.canvas.Focused().(type) {
	case *Row:
		return o.Spec.ID
	case *Button:
		if o.within != nil {
			return fmt.Sprintf("%s of %s", map[bool]string{true: "button", false: "more"}[o == o.within.button], o.within.Spec.ID)
		}
		return "button"
	case *Field:
		return "field"
	}
	return "nothing"
}

func (w *walked) want(where string) {
	w.t.Helper()
	if got := w.at(); got != where {
		w.t.Fatalf("the focus is at %s, want %s", got, where)
	}
}

func TestListIsOneTabStop(t *testing.T) {
	w := newWalked(t)
	w.canvas.FocusNext()
	w.want("field")
	w.canvas.FocusNext()
	w.want("a")
	w.canvas.FocusNext()
	w.want("button")
	w.canvas.FocusPrevious()
	w.want("a")
	w.key(fyne.KeyDown, fyne.KeyDown)
	w.want("c")
	w.key(fyne.KeyDown)
	w.want("d")
	w.key(fyne.KeyEnd)
	w.want("e")
	w.key(fyne.KeyDown) // there is nothing below
	w.want("e")
	w.canvas.FocusNext()
	w.want("button")
	w.canvas.FocusPrevious()
	w.want("e")
	w.key(fyne.KeyHome)
	w.want("a")
	w.key(fyne.KeyUp)
	w.want("a")
	w.key(fyne.KeyPageDown)
	w.want("e")
	w.key(fyne.KeyPageUp)
	w.want("a")
}

func TestRowLeadsToItsButtons(t *testing.T) {
	w := newWalked(t)
	w.canvas.Focus(w.first.rows["a"])
	w.key(fyne.KeyRight)
	w.want("button of a")
	w.key(fyne.KeyRight)
	w.want("more of a")
	w.key(fyne.KeyRight)
	w.want("more of a")
	w.key(fyne.KeyLeft)
	w.want("button of a")
	w.key(fyne.KeyReturn, fyne.KeyLeft)
	w.want("a")
	w.key(fyne.KeySpace, fyne.KeyReturn, fyne.KeyDelete, fyne.KeyRight, fyne.KeyDown)
	w.want("b")
	w.canvas.FocusNext()
	w.want("button")
	if want := []string{"act a", "tap a", "act a", "remove a"}; !slices.Equal(w.done, want) {
		t.Errorf("done %q, want %q", w.done, want)
	}
}

func TestFocusGoesToTheSuccessor(t *testing.T) {
	w := newWalked(t)
	w.set(w.second, "d", "e")
	w.canvas.Focus(w.first.rows["a"])
	w.key(fyne.KeyDown)
	w.set(w.first, "a", "c")
	w.want("c")
	w.set(w.first, "c", "a") // sorted anew: the same row keeps it
	w.want("c")
	w.key(fyne.KeyRight)
	w.set(w.first, "a")
	w.want("a") // what came after it
	w.key(fyne.KeyEnd)
	w.set(w.second, "d")
	w.want("d")
	w.set(w.second)
	w.want("a")
	w.set(w.first)
	w.canvas.FocusNext()
	if w.at() == "nothing" {
		t.Error("nothing takes the focus any more")
	}
}

// TestFocusOutlivesItsList: the heir of a list that is no longer part of the walk is in the next one.
func TestFocusOutlivesItsList(t *testing.T) {
	w := newWalked(t)
	w.canvas.Focus(w.first.rows["a"])
	w.first.walk.Set(w.second)
	w.want("d")
}

func TestMenuByTheKeyboardBeginsAtItsFirstEntry(t *testing.T) {
	w := newWalked(t)
	w.canvas.Focus(w.first.rows["a"])
	w.key(fyne.KeyRight, fyne.KeyRight, fyne.KeyReturn)
	w.key(fyne.KeyReturn) // the menu has the focus
	if want := []string{"menu a"}; !slices.Equal(w.done, want) {
		t.Errorf("done %q, want %q", w.done, want)
	}
	w.want("more of a")
}

func TestChoiceByTheKeyboardBeginsAtWhatIsChosen(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	c := NewChoice("Language", []string{"one", "two", "three"}, nil)
	c.SetSelected("two")
	canvas := test.NewTempWindow(t, c).Canvas()
	canvas.Focus(c)
	press := func(key fyne.KeyName) { canvas.Focused().TypedKey(&fyne.KeyEvent{Name: key}) }
	press(fyne.KeyReturn)
	press(fyne.KeyDown)
	press(fyne.KeyReturn)
	if c.Selected != "three" {
		t.Errorf("%q is chosen", c.Selected)
	}
	if canvas.Focused() != fyne.Focusable(c) {
		t.Error("the focus does not return")
	}
}
