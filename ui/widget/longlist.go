package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// LongList shows thousands of rows of one height in a frame that scrolls by itself: only the rows in
// sight exist. It takes the keyboard focus as a whole; arrows walk through it, Return and the space
// bar press.
type LongList struct {
	widget.List
	// Height is that of the frame; OnEscape what the Escape key does.
	Height   float32
	OnEscape func()

	count   int
	at      func(i int) RowSpec
	focus   int // the row that the keyboard is at
	focused bool

	rowHeight float32 // of each row, 0 until the first has been made
}

// NewLongList makes an empty list.
func NewLongList(height float32, escape func()) *LongList {
	l := &LongList{Height: height, OnEscape: escape}
	l.HideSeparators = true
	l.Length = func() int { return l.count }
	l.CreateItem = func() fyne.CanvasObject {
		r := newRow(nil, escape)
		r.set(RowSpec{ID: "model", Title: "M", Detail: "M", Chooses: true}, false)
		l.rowHeight = r.MinSize().Height
		return r
	}
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		if r, ok := o.(*Row); ok && i < l.count {
			spec := l.at(i)
			press := spec.Tap
			spec.Tap = nil // so that the list has the focus, not each row
			r.set(spec, i == 0)
			r.press = press
			if lit := l.focused && i == l.focus; r.focused != lit {
				r.focused = lit
				r.Refresh()
			}
		}
	}
	l.OnHighlighted = func(i widget.ListItemID) { l.light(i) }
	l.OnSelected = func(i widget.ListItemID) { l.UnselectAll(); l.press(i) }
	l.ExtendBaseWidget(l)
	return l
}

// Set shows so many rows, each made when it comes into sight.
func (l *LongList) Set(count int, at func(i int) RowSpec) {
	l.count, l.at = count, at
	l.Refresh()
}

func (l *LongList) press(i int) {
	if i < l.count {
		l.at(i).Tap()
	}
}

// light draws the ring around another row.
func (l *LongList) light(i int) {
	before := l.focus
	l.focus = i
	l.RefreshItem(before)
	l.RefreshItem(i)
}

// FocusGained draws the ring around the row that the keyboard is at, where it can be seen.
func (l *LongList) FocusGained() {
	l.focused = true
	l.List.FocusGained()
	l.RefreshItem(l.focus)
	reveal(l)
}

// FocusLost removes the ring.
func (l *LongList) FocusLost() {
	l.focused = false
	l.List.FocusLost()
	l.RefreshItem(l.focus)
}

// MinSize is the height of the frame.
func (l *LongList) MinSize() fyne.Size { return fyne.NewSize(l.List.MinSize().Width, l.Height) }

// TypedKey presses on Return too, and passes Escape on.
func (l *LongList) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		l.press(l.focus)
	case fyne.KeyEscape:
		if l.OnEscape != nil {
			l.OnEscape()
		}
	default:
		l.List.TypedKey(e)
	}
}
