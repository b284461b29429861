package widget

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// focusable is what the keyboard can be at.
type focusable interface {
	fyne.CanvasObject
	fyne.Focusable
}

// TestFocusIsScrolledTo: whatever gets the focus is scrolled into sight, through everything that scrolls
// around it, and so is a field that is typed into.
func TestFocusIsScrolledTo(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	list := NewRowList(nil)
	var specs []RowSpec
	for i := range 40 {
		specs = append(specs, RowSpec{ID: fmt.Sprint(i), Title: fmt.Sprint("Row ", i), Tap: func() {}})
	}
	list.Set(specs)
	field, last := NewField("Name", ""), NewButton("Last", nil, func() {})
	scroll := NewScroll(Pad(8, VStack(8, field, NewListCard(list), NewCard(last))))
	w := test.NewTempWindow(t, NewSurface(theme.ColorNameBackground, 0, Border(NewBold("Head"), nil, nil, nil, scroll)))
	w.Resize(fyne.NewSize(300, 240))
	inSight := func(o focusable) {
		t.Helper()
		d := fyne.CurrentApp().Driver()
		top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(scroll).Y
		if top < 0 || top+o.Size().Height > scroll.Size().Height {
			t.Errorf("%T lies at %.0f to %.0f of %.0f", o, top, top+o.Size().Height, scroll.Size().Height)
		}
	}
	w.Canvas().Focus(last)
	inSight(last)
	w.Canvas().Focus(field)
	inSight(field)
	w.Canvas().Focus(list.rows["0"])
	for i := range 39 {
		list.rows[fmt.Sprint(i)].TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
		inSight(list.rows[fmt.Sprint(i+1)])
	}
	w.Canvas().Focus(field)
	scroll.ScrollToBottom()
	field.TypedRune('a')
	inSight(field)
}

// TestFieldSelectsWhatStandsInIt: what is typed replaces what was filled in.
func TestFieldSelectsWhatStandsInIt(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	f := NewField("Name", "")
	f.Put("https://prefilled.example/")
	w := test.NewTempWindow(t, f)
	w.Canvas().Focus(f)
	test.Type(f, "mozilla.org")
	if f.Text != "mozilla.org" {
		t.Errorf("%q", f.Text)
	}
}

// TestFieldForgetsWhatWasSelected when its text is replaced: each letter that is typed then stays, and what was
// filled in is selected as it is when the field gets the focus.
func TestFieldForgetsWhatWasSelected(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	for _, next := range []string{"", "https://next.example/"} {
		f := NewField("Link", "")
		f.Put("https://sent.example/")
		w := test.NewTempWindow(t, f)
		w.Canvas().Focus(f) // which selects it
		f.Put(next)
		for _, r := range "abc" {
			f.TypedRune(r)
		}
		if f.Text != "abc" {
			t.Errorf("after %q: %q", next, f.Text)
		}
	}
}
