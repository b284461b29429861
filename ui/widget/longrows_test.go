package widget

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// manyRows is a page with a list of so many rows, as panes show them, between two buttons.
type manyRows struct {
	t      testing.TB
	window fyne.Window
	list   *RowList
	page   *Page
	last   *Button
	gone   map[int]bool
}

func newManyRows(t testing.TB, n int) *manyRows {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	m := &manyRows{t: t, list: NewRowList(nil), last: NewButton("Last", nil, nil), gone: map[int]bool{}}
	m.set(n, "")
	m.page = NewPage("Many", nil, VStack(GapLarge, NewButton("First", nil, nil), NewListCard(m.list), m.last), nil)
	m.window = test.NewTempWindow(t, NewSurface(theme.ColorNameBackground, 0, m.page.Object))
	m.window.Resize(fyne.NewSize(760, 540))
	return m
}

func (m *manyRows) set(n int, whole string) {
	specs := make([]RowSpec, 0, n)
	for i := range n {
		if m.gone[i] {
			continue
		}
		spec := RowSpec{
			ID: fmt.Sprint(i), Icon: "phone", Title: fmt.Sprint("Device ", i), Detail: "5 minutes ago", Strong: true, Tap: func() {},
			Action: Action{Label: "Send", Do: func() {}}, More: "More", Menu: []MenuEntry{{Label: "x", Do: func() {}}},
		}
		if spec.ID == whole {
			spec.Whole = "https://example.org/a/link/that/is/shown/as/a/whole"
		}
		specs = append(specs, spec)
	}
	m.list.Set(specs)
	if m.window != nil {
		relaid(m.window)
	}
}

// relaid lays out anew, as the driver does before a frame.
func relaid(w fyne.Window) {
	size := w.Canvas().Size()
	w.Resize(size.AddWidthHeight(1, 0))
	w.Resize(size)
}

func (m *manyRows) wheel(notches float32) {
	m.page.Scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -notch*notches)})
}

// wantSeen wants every row that lies in the frame to exist, each at its place, and returns how many exist.
func (m *manyRows) wantSeen() int {
	m.t.Helper()
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(m.page.Scroll).Y
	l, next := driver.AbsolutePositionForObject(m.list).Y, float32(-1)
	for _, spec := range m.list.specs {
		r := m.list.rows[spec.ID]
		if r == nil {
			next = -1
			continue
		}
		if at := r.Position().Y; next >= 0 && at != next {
			m.t.Errorf("row %s begins at %v, the one before it ends at %v", spec.ID, at, next)
		}
		next = r.Position().Y + r.Size().Height
	}
	for y := top + 1; y < top+m.page.Scroll.Size().Height; y += 20 {
		if y < l || y > l+m.list.Size().Height {
			continue
		}
		found := false
		for _, r := range m.list.rows {
			found = found || r.Position().Y <= y-l && y-l <= r.Position().Y+r.Size().Height
		}
		if !found {
			m.t.Fatalf("nothing is drawn at %v of the list, which the frame shows from %v", y-l, top-l)
		}
	}
	return len(m.list.rows)
}

// TestOfALongListOnlyWhatIsSeenExists, wherever one scrolls and whatever changes meanwhile.
func TestOfALongListOnlyWhatIsSeenExists(t *testing.T) {
	m := newManyRows(t, 10_000)
	const most = 60
	check := func(when string) {
		t.Helper()
		if n := m.wantSeen(); n > most {
			t.Errorf("%s: %d rows exist", when, n)
		}
	}
	check("at first")
	for range 30 {
		m.wheel(1)
		check("after a notch")
	}
	m.page.Scroll.ScrollToBottom()
	m.wheel(1)
	check("at the end")
	if m.list.rows["9999"] == nil || m.page.Scroll.Left() > 1 {
		t.Errorf("the end is not there: %v left", m.page.Scroll.Left())
	}
	m.wheel(-3)
	check("back")
	for i := 9000; i < 9990; i++ {
		m.gone[i] = true
	}
	m.set(10_000, "9995")
	m.wheel(1)
	check("with fewer, and one of them higher")
	m.window.Resize(fyne.NewSize(480, 900))
	check("in another window")
	m.set(20, "")
	m.wheel(-1)
	if n := m.wantSeen(); n != 20 {
		t.Errorf("%d rows of a short list exist", n)
	}
	m.set(0, "")
	if n := len(m.list.held()); n != 0 {
		t.Errorf("%d rows of an empty list exist", n)
	}
}

// TestKeysWalkThroughALongList as through a short one: what has the focus exists and is in sight.
func TestKeysWalkThroughALongList(t *testing.T) {
	m := newManyRows(t, 500)
	canvas := m.window.Canvas()
	want := func(id string) {
		t.Helper()
		r, ok := canvas.Focused().(*Row)
		if !ok || r.Spec.ID != id {
			t.Fatalf("the focus is at %v, want row %s", canvas.Focused(), id)
		}
		top, _ := within(m.page.Scroll.Content, r)
		top -= m.page.Scroll.Offset.Y
		if top < 0 || top+r.Size().Height > m.page.Scroll.Size().Height {
			t.Fatalf("row %s lies at %v of %v", id, top, m.page.Scroll.Size().Height)
		}
		m.wantSeen()
	}
	key := func(name fyne.KeyName) { canvas.Focused().TypedKey(&fyne.KeyEvent{Name: name}) }
	canvas.FocusNext()
	canvas.FocusNext()
	want("0")
	key(fyne.KeyEnd)
	want("499")
	key(fyne.KeyUp)
	want("498")
	canvas.FocusNext()
	if canvas.Focused() != m.last {
		t.Fatalf("the next stop is %T", canvas.Focused())
	}
	m.page.Scroll.ScrollToTop()
	canvas.FocusPrevious() // to where the keyboard was, out of sight now
	want("498")
	m.gone[498] = true
	m.set(500, "")
	want("499")
	m.gone[499] = true
	m.set(500, "")
	want("497")
	key(fyne.KeyHome)
	want("0")
	for i := range 100 {
		key(fyne.KeyDown)
		want(fmt.Sprint(i + 1))
	}
	key(fyne.KeyRight)
	if b, ok := canvas.Focused().(*Button); !ok || b.within.Spec.ID != "100" {
		t.Fatalf("the focus is at %v, not at a button of the row", canvas.Focused())
	}
	m.wheel(50)
	if b, ok := canvas.Focused().(*Button); !ok || b.within != m.list.rows["100"] {
		t.Error("scrolling has taken the focus away")
	}
	if n := len(m.list.rows); n > 60 {
		t.Errorf("%d rows exist", n)
	}
}

// TestScrollingCostsTheSameInALongList: 10,000 rows against 100, in how many things a frame walks through.
func TestScrollingCostsTheSameInALongList(t *testing.T) {
	walked := func(n int) (most int) {
		m := newManyRows(t, n)
		for range 20 {
			m.wheel(2)
			count := 0
			var walk func(o fyne.CanvasObject)
			walk = func(o fyne.CanvasObject) {
				count++
				switch o := o.(type) {
				case *fyne.Container:
					for _, c := range o.Objects {
						walk(c)
					}
				case fyne.Widget:
					for _, c := range test.WidgetRenderer(o).Objects() {
						walk(c)
					}
				}
			}
			walk(m.window.Canvas().Content())
			most = max(most, count)
		}
		return most
	}
	short, long := walked(100), walked(10_000)
	t.Logf("%d things in a frame of 100 rows, %d of 10,000", short, long)
	if long > short+short/10 {
		t.Errorf("a frame of 10,000 rows has %d things, of 100 only %d", long, short)
	}
}

// askAll asks every object that is shown for its least size, as the driver does before it paints a frame.
func askAll(o fyne.CanvasObject) {
	if !o.Visible() {
		return
	}
	var below []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		below = o.Objects
	case fyne.Widget:
		below = test.WidgetRenderer(o).Objects()
	}
	for _, b := range below {
		askAll(b)
	}
	o.MinSize()
}

// BenchmarkScroll is what the window does for a notch of a wheel, for the frame after it, and for an update, before
// it paints. The middle and the slow end of the frames are told as well.
func BenchmarkScroll(b *testing.B) {
	for _, n := range []int{40, 500, 10_000} {
		m := newManyRows(b, n)
		notches := float32(1)
		turn := func() {
			before := m.page.Scroll.Offset
			if m.wheel(notches); m.page.Scroll.Offset == before {
				notches = -notches
			}
		}
		b.Run(fmt.Sprintf("rows=%d/notch", n), func(b *testing.B) {
			for b.Loop() {
				turn()
			}
		})
		b.Run(fmt.Sprintf("rows=%d/frame", n), func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				turn()
				askAll(m.window.Canvas().Content())
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1e3, "ms-p50")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1e3, "ms-p95")
		})
		b.Run(fmt.Sprintf("rows=%d/update", n), func(b *testing.B) {
			for b.Loop() {
				m.set(n, "")
			}
		})
	}
}
