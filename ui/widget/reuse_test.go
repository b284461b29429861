package widget

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/tabferry/tabferry/ui/reader"
)

// pressed counts what the rows of a long list were asked to do.
func (m *manyRows) pressed(n int) map[string]int {
	did := map[string]int{}
	specs := slices.Clone(m.list.specs)
	for i := range specs {
		id := specs[i].ID
		specs[i].Tap = func() { did["tap "+id]++ }
		specs[i].Action.Do = func() { did["send "+id]++ }
		specs[i].Icon = []string{"phone", "laptop", "tablet"}[i%3]
		specs[i].Mark = map[bool]string{true: "Mark"}[i%7 == 0]
		if i%5 == 0 {
			specs[i].Menu = nil
		}
	}
	m.list.Set(specs)
	relaid(m.window)
	if len(specs) != n {
		m.t.Fatalf("%d rows", len(specs))
	}
	return did
}

// TestARowShowsAnother: of the rows that one scrolls past only so many are ever made, and each is in every respect the
// one that it shows.
func TestARowShowsAnother(t *testing.T) {
	m := newManyRows(t, 500)
	did := m.pressed(500)
	made := map[*Row]bool{}
	check := func() {
		t.Helper()
		m.wantSeen()
		for id, r := range m.list.rows {
			made[r] = true
			i := r.at
			if r.Spec.ID != id || m.list.specs[i].ID != id || r.title.Text != r.Spec.Title || r.first != (i == 0) {
				t.Fatalf("row %s is %q, shows %q", id, r.Spec.ID, r.title.Text)
			}
			if r.mark.Visible() != (i%7 == 0) || r.dots.Visible() != (i%5 != 0) || r.iconDrawn.name != r.Spec.Icon {
				t.Fatalf("row %s has mark %v, menu %v, picture %q", id, r.mark.Visible(), r.dots.Visible(), r.iconDrawn.name)
			}
			clear(did)
			r.Tapped(nil)
			r.button.OnTapped()
			if len(did) != 2 || did["tap "+id] != 1 || did["send "+id] != 1 {
				t.Fatalf("row %s did %v", id, did)
			}
		}
	}
	check()
	for range 100 {
		m.wheel(1)
		check()
	}
	for range 100 {
		m.wheel(-1)
		check()
	}
	m.page.Scroll.ScrollToBottom()
	check()
	if n := len(made); n > 60 {
		t.Errorf("%d rows were made", n)
	}
	if n := len(m.list.slots); n != len(m.list.rows) {
		t.Errorf("%d rows are drawn, of %d", n, len(m.list.rows))
	}
}

// TestARowThatShowsAnotherLooksLikeANewOne: the same place reached by scrolling and at once.
func TestARowThatShowsAnotherLooksLikeANewOne(t *testing.T) {
	picture := func(way func(m *manyRows)) map[string]string {
		m := newManyRows(t, 500)
		m.pressed(500)
		way(m)
		relaid(m.window)
		seen := map[string]string{}
		for id, r := range m.list.rows {
			if at := r.Position().Y - m.page.Scroll.Offset.Y; at > -200 && at < m.page.Scroll.Size().Height {
				seen[id] = fmt.Sprint(at) + test.RenderObjectToMarkup(r)
			}
		}
		return seen
	}
	const notches = 40
	scrolled := picture(func(m *manyRows) {
		for range notches + 20 {
			m.wheel(1)
		}
		for range 20 {
			m.wheel(-1)
		}
	})
	once := picture(func(m *manyRows) {
		m.page.Scroll.ScrollToOffset(fyne.NewPos(0, notches*notchLines*notch))
	})
	if len(once) < 8 || !maps.Equal(scrolled, once) {
		t.Errorf("%d rows and %d differ", len(scrolled), len(once))
	}
}

// TestARowUnderThePointerShowsNoOther: the toolkit will tell it that the pointer has left.
func TestARowUnderThePointerShowsNoOther(t *testing.T) {
	for name, under := range map[string]func(r *Row) interface{ MouseOut() }{
		"row":    func(r *Row) interface{ MouseOut() } { r.MouseIn(nil); return r },
		"button": func(r *Row) interface{ MouseOut() } { r.dots.MouseIn(nil); return r.dots },
	} {
		t.Run(name, func(t *testing.T) {
			m := newManyRows(t, 500)
			m.wheel(10)
			var r *Row
			for _, o := range m.list.held() {
				r = o.(*Row)
			}
			left, id := under(r), r.Spec.ID
			for range 100 {
				m.wheel(1)
				if r.Spec.ID != id {
					t.Fatal("it shows another")
				}
			}
			left.MouseOut()
		})
	}
}

// TestAScreenReaderPressesWhatItWasTold: a row that shows another is another part, and what was asked of the one it
// was is not done to the other.
func TestAScreenReaderPressesWhatItWasTold(t *testing.T) {
	m := newManyRows(t, 500)
	did := m.pressed(500)
	reading := NewReading()
	look := func() map[int]*reader.Node {
		all := map[int]*reader.Node{}
		for id, p := range reader.Plant(reading.Look(m.window.Canvas(), "", true)) {
			if _, twice := all[id]; twice {
				t.Fatalf("two parts are number %d", id)
			}
			all[id] = p.Node
		}
		return all
	}
	m.wheel(10)
	known := map[int]string{}
	var rows []*reader.Node
	for range 40 {
		for id, n := range look() {
			if n.Role != reader.Row && n.Role != reader.Button {
				continue
			}
			if before, ok := known[id]; ok && before != n.Name {
				t.Fatalf("number %d was %q and is %q", id, before, n.Name)
			}
			known[id] = n.Name
			if n.Role == reader.Row {
				rows = append(rows, n)
			}
		}
		m.wheel(1)
	}
	again, done := 0, 0
	for _, o := range m.list.held() {
		again += o.(*Row).lives
	}
	for _, n := range rows {
		clear(did)
		n.Press()
		for what := range did {
			done++
			if number := what[len("tap "):]; !strings.HasPrefix(n.Name, "Device "+number+" ") {
				t.Errorf("%q did %v", n.Name, did)
			}
		}
	}
	if again == 0 || done == 0 {
		t.Errorf("%d rows show another, %d did something", again, done)
	}
}

// TestPicturesAreKept while they would be the same, and made again for another theme.
func TestPicturesAreKept(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(NewTheme("light"))
	list := NewRowList(nil)
	spec := RowSpec{ID: "1", Icon: "phone", Title: "A", Chooses: true, Tap: func() {}}
	list.Set([]RowSpec{spec})
	r := list.rows["1"]
	icon, box := r.icon.Resource, r.box.Resource
	spec.Title = "B"
	list.Set([]RowSpec{spec})
	if r.icon.Resource != icon || r.box.Resource != box {
		t.Error("the pictures are others, and show the same")
	}
	spec.Chosen, spec.Icon = true, "tablet"
	list.Set([]RowSpec{spec})
	if r.icon.Resource == icon || r.box.Resource == box {
		t.Error("the pictures show what was there before")
	}
	icon, box = r.icon.Resource, r.box.Resource
	app.Settings().SetTheme(NewTheme("dark"))
	r.Refresh()
	if r.icon.Resource == icon || r.box.Resource == box {
		t.Error("the pictures have the colours of the other theme")
	}
	spec.Icon = ""
	list.Set([]RowSpec{spec})
	spec.Icon = "tablet"
	list.Set([]RowSpec{spec})
	if r.icon.Resource == nil {
		t.Error("the picture has not come back")
	}
}
