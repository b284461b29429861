package widget

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// piled is a page with many groups of rows, as the inbox shows them.
type piled struct {
	t      testing.TB
	window fyne.Window
	page   *Page
	pile   *Pile
	walk   *Walk
	groups []Piled
	gone   map[string]bool
}

func newPiled(t testing.TB, groups, rows int) *piled {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	p := &piled{t: t, pile: NewPile(GapLarge), walk: NewWalk(), gone: map[string]bool{}}
	p.page = NewPage("Inbox", nil, VStack(Gap, p.pile, NewButton("Last", nil, nil)), nil)
	p.pile.Expect(groups * rows)
	for g := range groups {
		list := p.pile.List(nil)
		p.groups = append(p.groups, Piled{VStack(GapTiny, NewBold(fmt.Sprint("Group ", g)), NewListCard(list)), list})
		p.fill(g, rows)
	}
	p.show()
	p.window = test.NewTempWindow(t, NewSurface(theme.ColorNameBackground, 0, p.page.Object))
	p.window.Resize(fyne.NewSize(760, 540))
	relaid(p.window)
	return p
}

func (p *piled) fill(g, rows int) {
	var specs []RowSpec
	for i := range rows {
		if id := fmt.Sprintf("%d.%d", g, i); !p.gone[id] {
			specs = append(specs, RowSpec{ID: id, Icon: "tab", Title: id, Detail: "example.org", Tap: func() {}, More: "More", Menu: []MenuEntry{{Label: "x", Do: func() {}}}})
		}
	}
	p.groups[g].List.Set(specs)
}

func (p *piled) show(changed ...int) {
	var lists []*RowList
	for _, g := range p.groups {
		lists = append(lists, g.List)
	}
	p.walk.Set(lists...)
	var objects []fyne.CanvasObject
	for _, g := range changed {
		objects = append(objects, p.groups[g].Object)
	}
	p.pile.Set(p.groups, objects)
	if p.window != nil {
		relaid(p.window)
	}
}

// things counts what a frame walks through, and the rows among it.
func (p *piled) things() (all, rows int) {
	var walk func(o fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		all++
		switch o := o.(type) {
		case *fyne.Container:
			for _, c := range o.Objects {
				walk(c)
			}
		case fyne.Widget:
			if _, is := o.(*Row); is {
				rows++
			}
			for _, c := range test.WidgetRenderer(o).Objects() {
				walk(c)
			}
		}
	}
	walk(p.window.Canvas().Content())
	return all, rows
}

// wantSeen wants that the frame shows rows without a hole: each group ends where the next begins.
func (p *piled) wantSeen() {
	p.t.Helper()
	from, to := p.page.Scroll.Offset.Y, p.page.Scroll.Offset.Y+p.page.Scroll.Size().Height
	for y := from + 40; y < min(to, p.pile.tops[len(p.groups)]); y += 20 {
		if !slices.ContainsFunc(p.pile.held(), func(o fyne.CanvasObject) bool {
			top, _ := within(p.page.Scroll.Content, o)
			return top <= y && y <= top+o.Size().Height+GapLarge
		}) {
			p.t.Fatalf("nothing is drawn at %v, which the frame shows from %v", y, from)
		}
	}
}

// TestAPileDrawsOnlyWhatIsSeen: ten thousand rows in a thousand groups cost what a hundred in ten do.
func TestAPileDrawsOnlyWhatIsSeen(t *testing.T) {
	most := func(groups int) (most int) {
		p := newPiled(t, groups, 10)
		for range 40 {
			p.page.Scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -2*notch)})
			all, rows := p.things()
			if rows > 60 {
				t.Fatalf("%d rows exist", rows)
			}
			most = max(most, all)
			p.wantSeen()
		}
		p.page.Scroll.ScrollToBottom()
		p.page.Scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -notch)})
		p.wantSeen()
		if last := p.groups[groups-1].List; len(last.rows) == 0 || p.page.Scroll.Left() > 1 {
			t.Errorf("the end is not there: %v left", p.page.Scroll.Left())
		}
		return most
	}
	few, many := most(10), most(1000)
	t.Logf("%d things in a frame of ten groups, %d of a thousand", few, many)
	if many > few+few/5 {
		t.Errorf("a frame of a thousand groups has %d things, of ten only %d", many, few)
	}
}

// TestKeysWalkThroughAPile from group to group, also to what is not drawn yet.
func TestKeysWalkThroughAPile(t *testing.T) {
	p := newPiled(t, 200, 10)
	canvas := p.window.Canvas()
	want := func(id string) {
		t.Helper()
		r, ok := canvas.Focused().(*Row)
		if !ok || r.Spec.ID != id {
			t.Fatalf("the focus is at %v, want row %s", canvas.Focused(), id)
		}
		top, found := within(p.page.Scroll.Content, r)
		if top -= p.page.Scroll.Offset.Y; !found || top < 0 || top+r.Size().Height > p.page.Scroll.Size().Height {
			t.Fatalf("row %s lies at %v of %v", id, top, p.page.Scroll.Size().Height)
		}
		p.wantSeen()
	}
	key := func(name fyne.KeyName) { canvas.Focused().TypedKey(&fyne.KeyEvent{Name: name}) }
	canvas.FocusNext()
	want("0.0")
	for i := 1; i < 30; i++ {
		key(fyne.KeyDown)
		want(fmt.Sprintf("%d.%d", i/10, i%10))
	}
	key(fyne.KeyEnd)
	want("199.9")
	p.page.Scroll.ScrollToTop()
	canvas.FocusNext()
	canvas.FocusPrevious() // to where the keyboard was, out of sight now
	want("199.9")
	p.gone["199.9"] = true
	p.fill(199, 10)
	p.show(199)
	want("199.8")
	p.groups = p.groups[:199]
	p.show()
	want("198.9")
	key(fyne.KeyHome)
	want("0.0")
	if _, rows := p.things(); rows > 60 {
		t.Errorf("%d rows exist", rows)
	}
}

// BenchmarkPile is what the window does for a notch of a wheel in ten thousand rows of a thousand groups.
func BenchmarkPile(b *testing.B) {
	for _, groups := range []int{10, 1000} {
		p := newPiled(b, groups, 10)
		way := float32(-notch)
		b.Run(fmt.Sprintf("groups=%d/notch", groups), func(b *testing.B) {
			for b.Loop() {
				before := p.page.Scroll.Offset
				if p.page.Scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, way)}); p.page.Scroll.Offset == before {
					way = -way
				}
			}
		})
	}
}
