package widget

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// RowList keeps one row for each id, so that an update touches only the rows that changed. It is one
// stop of the Tab key, alone or with the lists of its [Walk]; when the row with the focus goes, its
// successor has it.
//
// Of a long list only the rows exist that its [Scroll] shows, those near them, and the one that the keyboard
// is at: the toolkit walks through everything there is for each frame.
type RowList struct {
	widget.BaseWidget
	specs  []RowSpec // as shown
	rows   map[string]*Row
	walk   *Walk
	escape func()

	objects  []fyne.CanvasObject // the rows that exist, as shown; nil when that has changed
	slots    []*Row              // the rows that exist, as the toolkit walks through them
	tops     []float32           // where each row begins, and at last where the list ends; nil when unknown
	pile     *Pile               // that it is in, nil for none
	sparse   bool                // only the rows near what is seen exist
	tall     bool                // a row may change its height by itself: it wraps what it shows
	least    float32             // the width that the widest row so far needs
	from, to float32             // what the scroll shows of it
}

const (
	// wholeRows is how long a list is all of whose rows exist.
	wholeRows = 60
	// aroundSight is how far beyond what can be seen the rows of a long one exist, in units: two notches of a wheel.
	// A list hears of each before the next frame, so that more is only walked through.
	aroundSight = 2 * notchLines * notch
	// maxSpare is how many rows stay out of sight before some are dropped.
	maxSpare = 8
)

// NewRowList makes an empty list; escape is what the Escape key does on a row.
func NewRowList(escape func()) *RowList {
	l := &RowList{rows: map[string]*Row{}, escape: escape}
	l.ExtendBaseWidget(l)
	NewWalk().Set(l)
	return l
}

// CreateRenderer draws the rows.
func (l *RowList) CreateRenderer() fyne.WidgetRenderer { return &rowsRenderer{l} }

// held returns the rows that exist, as shown.
func (l *RowList) held() []fyne.CanvasObject {
	if l.objects == nil {
		rows := slices.SortedFunc(maps.Values(l.rows), func(a, b *Row) int { return cmp.Compare(a.at, b.at) })
		for _, r := range rows {
			l.objects = append(l.objects, r)
		}
	}
	return l.objects
}

// Set shows the rows in this order. Ids must differ from each other.
func (l *RowList) Set(specs []RowSpec) {
	heir := l.walk.heir()
	before, count := l.held(), len(l.specs)
	l.specs = specs
	l.sparse = len(specs) > wholeRows || l.pile != nil && l.pile.many
	l.tall = !l.sparse
	kept := make(map[string]*Row, len(l.rows))
	for i, spec := range specs {
		l.tall = l.tall || spec.Whole != ""
		if r := l.rows[spec.ID]; r != nil {
			r.at = i
			r.set(spec, i == 0)
			kept[spec.ID] = r
		}
	}
	l.rows, l.objects, l.tops = kept, nil, nil
	l.slots = slices.DeleteFunc(l.slots, func(r *Row) bool { return kept[r.Spec.ID] != r })
	l.walk.settle()
	if !l.sparse {
		for i := range specs {
			l.row(i)
		}
		slices.SortFunc(l.slots, func(a, b *Row) int { return cmp.Compare(a.at, b.at) })
	}
	if l.choose() || count != len(specs) || !slices.Equal(before, l.held()) {
		l.redraw()
	}
	heir()
}

// row returns the row at a place, made if there is none yet.
func (l *RowList) row(i int) *Row {
	r := l.rows[l.specs[i].ID]
	if r == nil {
		r = newRow(l, l.escape)
		l.slots = append(l.slots, r)
		l.give(r, i)
	}
	return r
}

// give lets a row show what lies at a place.
func (l *RowList) give(r *Row, i int) {
	spec := l.specs[i]
	r.at = i
	r.set(spec, i == 0)
	l.rows[spec.ID], l.objects = r, nil
}

// reuse lets a row out of sight show what lies at a place, one with the same picture if there is one, and reports
// whether there was any. So the toolkit finds the parts of its last frame where they were: where a row is missing or
// a new one comes first, it lays out all that follow, and draws another frame for what that touches. The pictures
// of a new row it would read and paint as well.
func (l *RowList) reuse(i, first, last int) bool {
	var out *Row
	for _, r := range l.slots {
		if !l.idle(r, first, last) {
			continue
		}
		if out == nil || r.looksLike(l.specs[i]) {
			out = r
		}
		if out.looksLike(l.specs[i]) {
			break
		}
	}
	if out == nil {
		return false
	}
	delete(l.rows, out.Spec.ID)
	out.lives++
	l.give(out, i)
	return true
}

// idle reports whether a row lies outside of these places, and neither keyboard nor pointer is at it.
func (l *RowList) idle(r *Row, first, last int) bool {
	return (r.at < first || r.at >= last) && !l.walk.stops(r) && !r.hasFocus() && !r.pointedAt()
}

// see tells the list which part of it, from its top, the scroll shows.
func (l *RowList) see(from, to float32) {
	l.from, l.to = from, to
	if l.choose() {
		l.redraw()
	}
}

// kept reports whether the list holds what the keyboard is at.
func (l *RowList) kept() bool {
	if l.walk.stop.list == l {
		return true
	}
	for _, r := range l.rows {
		if r.hasFocus() {
			return true
		}
	}
	return false
}

// redraw places the rows anew, where nothing but which of them exist has changed.
func (l *RowList) redraw() {
	l.lay(l.Size().Width)
	repaint(l)
}

// choose makes the rows of a long list that may soon be seen, and reports whether anything has changed. Rows out of
// sight stay until they are needed to show others; of too many of them some are dropped, and all of a list that is
// out of sight. The row that the keyboard stops at stays.
func (l *RowList) choose() (changed bool) {
	if !l.sparse {
		return false
	}
	l.measure()
	first := max(0, sort.Search(len(l.specs), func(i int) bool { return l.tops[i+1] >= l.from-aroundSight }))
	last := sort.Search(len(l.specs), func(i int) bool { return l.tops[i] > l.to+aroundSight })
	for i := first; i < last; i++ {
		if l.rows[l.specs[i].ID] == nil {
			if !l.reuse(i, first, last) {
				l.row(i)
			}
			changed = true
		}
	}
	most := 0
	if first < last {
		most = last - first + maxSpare
	}
	return l.drop(most, first, last) || changed
}

// drop drops rows outside of these places until there are no more than most, and reports whether there were any.
func (l *RowList) drop(most, first, last int) bool {
	excess := len(l.slots) - most
	if excess <= 0 {
		return false
	}
	before := len(l.slots)
	l.slots = slices.DeleteFunc(l.slots, func(r *Row) bool {
		if excess <= 0 || !l.idle(r, first, last) {
			return false
		}
		delete(l.rows, r.Spec.ID)
		excess--
		return true
	})
	l.objects = nil
	return len(l.slots) != before
}

// rowShape is what makes a row as high as it is.
type rowShape struct{ detail, buttons bool }

// measure finds out where each row lies. The rows of a long list are as high as what they show makes them on
// the whole; the one that shows its link as well is asked.
func (l *RowList) measure() {
	if len(l.tops) > 0 {
		return
	}
	l.tops = append(l.tops, 0)
	heights := map[rowShape]float32{}
	if l.pile != nil && l.sparse {
		heights = l.pile.ofRows
	}
	top := float32(0)
	for i, spec := range l.specs {
		shape := rowShape{spec.Detail != "", spec.Action.Label != "" || len(spec.Menu) > 0}
		height, known := heights[shape]
		if !known || spec.Whole != "" || !l.sparse {
			size := l.row(i).MinSize()
			height, l.least = size.Height, max(l.least, size.Width)
			if spec.Whole == "" {
				heights[shape] = height
			}
		}
		top += height
		l.tops = append(l.tops, top)
	}
}

// forget makes measure ask again, where a row may have become higher by itself: it has got another width.
func (l *RowList) forget() {
	if l.tall {
		l.tops = nil
	}
}

// rowsRenderer places the rows that exist.
type rowsRenderer struct{ list *RowList }

func (r *rowsRenderer) Layout(size fyne.Size) {
	r.list.forget()
	r.list.lay(size.Width)
}

func (l *RowList) lay(width float32) {
	l.measure()
	for _, row := range l.rows {
		row.Move(fyne.NewPos(0, l.tops[row.at]))
		row.Resize(fyne.NewSize(width, l.tops[row.at+1]-l.tops[row.at]))
	}
}

func (r *rowsRenderer) MinSize() fyne.Size {
	r.list.forget()
	r.list.measure()
	return fyne.NewSize(r.list.least, r.list.tops[len(r.list.specs)])
}

func (r *rowsRenderer) Refresh() {
	r.list.tops = nil // the theme may be another
	r.Layout(r.list.Size())
	canvas.Refresh(r.list)
}

// Objects returns the rows in an order of their own: see reuse.
func (r *rowsRenderer) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, 0, len(r.list.slots))
	for _, row := range r.list.slots {
		objects = append(objects, row)
	}
	return objects
}

func (r *rowsRenderer) Destroy() {}

// First moves the focus to the first row, and reports whether there is one.
func (l *RowList) First() bool {
	places := l.walk.places()
	return l.walk.goTo(places, slices.IndexFunc(places, func(p place) bool { return p.list == l }))
}

// Walk makes one stop of the Tab key of the rows of several lists: arrows, Home, End and the page keys
// lead from row to row and from list to list.
type Walk struct {
	lists []*RowList
	stop  place // has the focus when the Tab key comes by
}

// place names a row of a list, whether it exists or not.
type place struct {
	list *RowList
	id   string
}

// NewWalk makes a walk through no list.
func NewWalk() *Walk { return &Walk{} }

// Set makes these lists the walk's, in their order.
func (w *Walk) Set(lists ...*RowList) {
	heir := w.heir()
	w.lists = lists
	for _, l := range lists {
		l.walk = w
	}
	w.settle()
	heir()
}

// First moves the focus to the first row, and reports whether there is one.
func (w *Walk) First() bool { return w.goTo(w.places(), 0) }

// places returns the rows that can be walked to.
func (w *Walk) places() (places []place) {
	for _, l := range w.lists {
		for i := range l.specs {
			if l.specs[i].answers() {
				places = append(places, place{l, l.specs[i].ID})
			}
		}
	}
	return places
}

// stops reports whether the Tab key stops at a row.
func (w *Walk) stops(r *Row) bool { return w.stop == place{r.list, r.Spec.ID} }

// stopAt lets the Tab key stop at a row.
func (w *Walk) stopAt(r *Row) { w.stop = place{r.list, r.Spec.ID} }

// settle lets the Tab key stop at the same row as before, or at the first.
func (w *Walk) settle() {
	places := w.places()
	switch {
	case slices.Contains(places, w.stop):
	case len(places) > 0:
		w.stop = places[0]
	default:
		w.stop = place{}
	}
}

// heir remembers who has the focus before a list changes. What it returns gives the focus on if that row
// has gone or answers no longer: to the one that has taken its place, or to the last.
func (w *Walk) heir() func() {
	var had place
	for _, l := range w.lists {
		for id, r := range l.rows {
			if r.hasFocus() {
				had = place{l, id}
			}
		}
	}
	if had.list == nil {
		return func() {}
	}
	i := slices.Index(w.places(), had)
	return func() {
		if now := w.places(); !slices.Contains(now, had) {
			w.goTo(now, i)
		}
	}
}

// page is by how many rows the page keys lead on.
const page = 8

// typed walks where a key leads, and reports whether it does.
func (w *Walk) typed(from *Row, key fyne.KeyName) bool {
	places := w.places()
	i := slices.Index(places, place{from.list, from.Spec.ID})
	switch key {
	case fyne.KeyUp:
		i--
	case fyne.KeyDown:
		i++
	case fyne.KeyPageUp:
		i -= page
	case fyne.KeyPageDown:
		i += page
	case fyne.KeyHome:
		i = 0
	case fyne.KeyEnd:
		i = len(places) - 1
	default:
		return false
	}
	w.goTo(places, i)
	return true
}

// goTo moves the focus to one of the rows, the nearest that there is. One that did not exist does from now on.
func (w *Walk) goTo(places []place, i int) bool {
	if len(places) == 0 {
		return false
	}
	before := w.stop
	w.stop = places[min(max(0, i), len(places)-1)]
	l := w.stop.list
	if l.rows[w.stop.id] == nil {
		l.row(slices.IndexFunc(l.specs, func(s RowSpec) bool { return s.ID == w.stop.id }))
		l.redraw()
	}
	if l.pile != nil && l.pile.choose() {
		l.pile.redraw()
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(onScreen(l))
	if c == nil {
		return false
	}
	c.Focus(l.rows[w.stop.id])
	if before.list != nil && before.list.choose() { // the row that had been the stop
		before.list.redraw()
	}
	return true
}
