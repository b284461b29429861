package window

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	fynewidget "fyne.io/fyne/v2/widget"
	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/qr"
	"github.com/tabferry/tabferry/ui/widget"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is a window on a scripted agent, in a bubble with its own clock. What the window posts runs
// on the test's goroutine when the test says settle, so that there is no race.
type harness struct {
	t      *testing.T
	w      *Window
	app    fyne.App
	agent  *localapitest.Agent
	mu     sync.Mutex
	queue  []func()
	opened []string
	rev    uint64
	snap   localapi.Snapshot
	looks  int                 // how often the agent was told that somebody looks
	calls  []localapitest.Call // all so far
	seen   int                 // how many of them a test has taken
}

// code is what the agent shows to be scanned.
const code = "https://accounts.firefox.com/pair#channel_id=AAAAAAAAAAAAAAAAAAAAAA&channel_key=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

// shift moves the bubble's clock, which begins at midnight, to an afternoon.
const shift = 14*time.Hour + 5*time.Minute

func now() time.Time { return time.Now().UTC().Add(shift) }

func inBubble(t *testing.T, edit func(*Params), f func(h *harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		agent, client := localapitest.New(t)
		h := &harness{t: t, agent: agent, app: test.NewTempApp(t)}
		agent.Answer("PairingCode", code)
		agent.Answer("Inbox", nil)
		agent.Answer("Diagnostics", "all is well")
		agent.Script("PageURL", func(c localapitest.Call) (any, error) {
			return fmt.Sprint("https://accounts.example/", c.Args[0]), nil
		})
		p := Params{
			App: h.app, Agent: client, Now: now,
			Open: func(_, address string) error {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.opened = append(h.opened, address)
				return nil
			},
			Post: func(f func()) {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.queue = append(h.queue, f)
			},
			Words:    func(string) *i18n.Catalogue { return i18n.New("en") },
			DrawCode: qr.Draw, ReadCode: qr.Read, ReadPicture: qr.DecodeFrom,
		}
		if edit != nil {
			edit(&p)
		}
		w, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		h.w = w
		h.w.Start()
		h.settle()
		f(h)
		h.w.Stop()
	})
}

// offer hands the window what another start brings; the window takes it.
func (h *harness) offer(pane string, items ...string) {
	h.t.Helper()
	if !h.offered(pane, items...) {
		h.t.Errorf("the window did not take %q", items)
	}
}

// offered hands the window what another start brings and reports whether it took it.
func (h *harness) offered(pane string, items ...string) bool {
	taken := make(chan bool, 1)
	go func() { taken <- h.w.Offer(pane, items...) }()
	h.settle()
	return <-taken
}

// settle lets everything that was started finish and runs what was posted.
func (h *harness) settle() {
	for {
		synctest.Wait()
		h.mu.Lock()
		queue := h.queue
		h.queue = nil
		h.mu.Unlock()
		if len(queue) == 0 {
			return
		}
		for _, f := range queue {
			f()
		}
	}
}

// advance moves the clock and settles.
func (h *harness) advance(d time.Duration) {
	time.Sleep(d)
	h.settle()
}

// send hands the window a snapshot, as the agent would.
func (h *harness) send(s localapi.Snapshot, events ...localapi.Event) {
	h.rev++
	s.Revision = h.rev
	h.snap = s
	h.agent.Set(s, events...)
	h.settle()
}

// change edits the last snapshot and sends it.
func (h *harness) change(edit func(*localapi.Snapshot)) {
	s := h.snap
	edit(&s)
	h.send(s)
}

// looking is the call that says that somebody looks. It comes with every pane, and is counted.
const looking = "Refresh {looking false}"

// take returns the calls since the last time, the large requests in short, and without looks.
func (h *harness) take() []string {
	h.calls = append(h.calls, h.agent.Calls()...)
	var list []string
	for _, c := range h.calls[h.seen:] {
		words := c.String()
		if words == looking {
			h.looks++
			continue
		}
		if len(c.Args) > 0 {
			switch in := c.Args[0].(type) {
			case localapi.SendRequest:
				words = fmt.Sprintf("Send %d %s", len(in.Links), strings.Join(in.Devices, ","))
			case localapi.InboxQuery:
				words = fmt.Sprintf("Inbox %s %d", in.Text, in.Limit)
			case localapi.Settings:
				words = c.Method
			}
		}
		list = append(list, words)
	}
	h.seen = len(h.calls)
	return list
}

// wantCalls compares the calls since the last time.
func (h *harness) wantCalls(want ...string) {
	h.t.Helper()
	if got := h.take(); !slices.Equal(got, want) {
		h.t.Errorf("calls %q, want %q", got, want)
	}
}

// asked returns the newest of all calls with a request of a type.
func asked[T any](h *harness) T {
	h.t.Helper()
	h.settle()
	h.calls = append(h.calls, h.agent.Calls()...)
	for _, c := range slices.Backward(h.calls) {
		if len(c.Args) > 0 {
			if in, ok := c.Args[0].(T); ok {
				return in
			}
		}
	}
	h.t.Fatal("the agent was asked nothing of that kind")
	panic("not reached")
}

// paneOf returns a pane as what it is.
func paneOf[T pane](h *harness, name string) T {
	h.t.Helper()
	p, ok := h.w.pane(name).(T)
	if !ok {
		h.t.Fatalf("the pane %s is a %T", name, h.w.pane(name))
	}
	return p
}

// visit walks all visible objects below o.
func visit(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	f(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			visit(child, f)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			visit(child, f)
		}
	}
}

// roots are what can be seen: the content and what lies above.
func (h *harness) roots() []fyne.CanvasObject {
	c := h.w.win.Canvas()
	return append([]fyne.CanvasObject{c.Content()}, c.Overlays().List()...)
}

// words returns all visible texts.
func (h *harness) words() []string {
	var list []string
	for _, root := range h.roots() {
		visit(root, func(o fyne.CanvasObject) {
			switch o := o.(type) {
			case *widget.Line:
				list = append(list, o.Text)
			case *fynewidget.Label:
				list = append(list, o.Text)
			case *widget.Button:
				list = append(list, o.Text)
			case *widget.Field:
				list = append(list, o.Text, o.PlaceHolder)
			case *fynewidget.Check:
				list = append(list, o.Text)
			}
		})
	}
	return list
}

func (h *harness) sees(words string) bool {
	return slices.ContainsFunc(h.words(), func(s string) bool { return strings.Contains(s, words) })
}

func (h *harness) want(words ...string) {
	h.t.Helper()
	for _, s := range words {
		if !h.sees(s) {
			h.t.Errorf("%q cannot be seen in %q", s, h.words())
		}
	}
}

func (h *harness) wantNot(words ...string) {
	h.t.Helper()
	for _, s := range words {
		if h.sees(s) {
			h.t.Errorf("%q can be seen", s)
		}
	}
}

// rows returns the visible rows.
func (h *harness) rows() []*widget.Row {
	var list []*widget.Row
	for _, root := range h.roots() {
		visit(root, func(o fyne.CanvasObject) {
			if r, ok := o.(*widget.Row); ok {
				list = append(list, r)
			}
		})
	}
	return list
}

func (h *harness) row(title string) *widget.Row {
	h.t.Helper()
	for _, r := range h.rows() {
		if r.Spec.Title == title {
			return r
		}
	}
	h.t.Fatalf("no row %q in %q", title, h.words())
	return nil
}

// button finds a visible button by its words, the topmost first.
func (h *harness) button(label string) *widget.Button {
	h.t.Helper()
	var found *widget.Button
	for _, root := range h.roots() {
		visit(root, func(o fyne.CanvasObject) {
			if b, ok := o.(*widget.Button); ok && b.Text == label {
				found = b
			}
		})
	}
	if found == nil {
		h.t.Fatalf("no button %q in %q", label, h.words())
	}
	return found
}

func (h *harness) tap(label string) {
	h.t.Helper()
	b := h.button(label)
	if b.Button.Disabled() {
		h.t.Fatalf("the button %q is disabled", label)
	}
	test.Tap(b)
	h.settle()
}

// act taps the button of a row.
func (h *harness) act(title string) {
	h.t.Helper()
	h.part(h.row(title), h.row(title).Spec.Action.Label).Tapped(nil)
}

// part finds a button of a row by what it is called.
func (h *harness) part(r *widget.Row, name string) *widget.Button {
	h.t.Helper()
	var found *widget.Button
	visit(r, func(o fyne.CanvasObject) {
		if b, ok := o.(*widget.Button); ok && strings.HasPrefix(b.Name, name) {
			found = b
		}
	})
	if found == nil {
		h.t.Fatalf("row %q has no button %q", r.Spec.Title, name)
	}
	return found
}

// choose does what a menu entry of a row does.
func (h *harness) choose(r *widget.Row, label string) {
	h.t.Helper()
	for _, e := range r.Spec.Menu {
		if e.Label == label {
			e.Do()
			h.settle()
			return
		}
	}
	h.t.Fatalf("row %q has no entry %q", r.Spec.Title, label)
}

// picture returns a PNG file with the code of a text, with white around it.
func picture(t *testing.T, words string) []byte {
	t.Helper()
	const module = 4
	code, err := qr.Draw(words)
	if err != nil {
		t.Fatal(err)
	}
	b := code.Bounds()
	side := (b.Dx() + 2*qr.QuietZone) * module
	drawn := image.NewGray(image.Rect(0, 0, side, side))
	draw.Draw(drawn, drawn.Bounds(), image.White, image.Point{}, draw.Src)
	for y := range b.Dy() {
		for x := range b.Dx() {
			at := image.Pt((x+qr.QuietZone)*module, (y+qr.QuietZone)*module)
			draw.Draw(drawn, image.Rectangle{Min: at, Max: at.Add(image.Pt(module, module))}, image.NewUniform(code.At(b.Min.X+x, b.Min.Y+y)), image.Point{}, draw.Src)
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, drawn); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
