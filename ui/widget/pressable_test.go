package widget

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

// TestWhatCanBePressed goes through everything that can be pressed: by pointer, Return and the space
// bar it does its deed, by Escape that of what is around it.
func TestWhatCanBePressed(t *testing.T) {
	presses, escapes := 0, 0
	press, escape := func() { presses++ }, func() { escapes++ }
	list := NewRowList(escape)
	list.Set([]RowSpec{{ID: "row", Title: "x", Tap: press}})
	option, item, button := NewOption("x", func(bool) { press() }), NewNavItem("send", "x", press), NewButton("x", nil, press)
	option.OnEscape, item.OnEscape, button.OnEscape = escape, escape, escape
	type pressed interface {
		fyne.Tappable
		fyne.Focusable
		desktop.Hoverable
		fyne.Accessible
	}
	for name, w := range map[string]pressed{"row": list.rows["row"], "option": option, "entry": item, "button": button} {
		t.Run(name, func(t *testing.T) {
			presses, escapes = 0, 0
			o, _ := w.(fyne.CanvasObject)
			test.NewTempWindow(t, o)
			w.MouseIn(nil)
			w.MouseMoved(nil)
			w.FocusGained()
			w.Tapped(nil)
			for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace, fyne.KeyEscape, fyne.KeyA} {
				w.TypedKey(&fyne.KeyEvent{Name: key})
			}
			w.TypedRune('a')
			w.FocusLost()
			w.MouseOut()
			if presses != 4 || escapes != 1 {
				t.Errorf("pressed %d times and escaped %d times, want 4 and 1", presses, escapes)
			}
			if w.AccessibilityLabel() == "" || w.AccessibilityRole() != fyne.AccessibleRoleButton {
				t.Error("no name, or no button, for screen readers")
			}
		})
	}
}

func TestWhatCannotBePressed(t *testing.T) {
	list := NewRowList(nil)
	list.Set([]RowSpec{{ID: "row", Title: "x"}})
	row := list.rows["row"]
	row.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	row.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !row.Disabled() || row.AccessibilityRole() != fyne.AccessibleRoleText {
		t.Error("a row that does nothing takes the focus")
	}
	presses := 0
	button := NewButton("x", nil, func() { presses++ })
	test.NewTempWindow(t, button)
	button.Disable()
	button.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if presses != 0 {
		t.Error("a disabled button was pressed")
	}
	way := NewWay("x", func() { presses++ })
	way.Set(true)
	way.Tapped(nil)
	if presses != 0 || !way.On {
		t.Error("the chosen one of several ways was left by pressing it")
	}
}
