package window

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/ui/widget"
)

// How long a toast stays. One with a button stays longer, as long as a held send can be undone
// and a little for reading.
const (
	toastTime      = 4 * time.Second
	toastOfferTime = 7 * time.Second
)

// toasts is the layer above the pane that shows one short message at a time, over the heading, where it
// hides neither rows nor buttons. It is no pop-up: that would swallow the next click. A message ends with
// the pane on which it was said. What can still be taken back is offered there again to whoever comes back.
type toasts struct {
	w       *Window
	layer   *fyne.Container
	message *widget.Line
	words   string // what is shown now, empty for nothing
	kind    widget.Tone
	pane    string // on which it was said
	serial  int
	stop    func()
	again   func()            // offers what counts, empty for nothing that does
	offers  map[string]func() // on other panes, what may still count
}

func newToasts(w *Window) *toasts {
	t := &toasts{w: w, offers: map[string]func(){}}
	t.layer = widget.Arranged(toastPlace{t})
	return t
}

// say shows a message.
func (t *toasts) say(kind widget.Tone, words string) {
	t.put(kind, words, "", nil)
	t.endAfter(toastTime)
}

// offer shows a message with a button.
func (t *toasts) offer(kind widget.Tone, words, label string, do func()) {
	t.put(kind, words, label, do)
	t.endAfter(toastOfferTime)
}

// count shows a message with a button and counts the seconds down that are left for it.
func (t *toasts) count(kind widget.Tone, words func(seconds int) string, label string, do func(), d time.Duration) {
	t.countTo(t.w.p.Now().Add(d), kind, words, label, do)
}

func (t *toasts) countTo(end time.Time, kind widget.Tone, words func(seconds int) string, label string, do func()) {
	left := func() int { return int((end.Sub(t.w.p.Now()) + time.Second - 1) / time.Second) }
	if left() <= 0 {
		return
	}
	t.put(kind, words(left()), label, do)
	t.again = func() { t.countTo(end, kind, words, label, do) }
	var next func()
	next = func() {
		if left() <= 0 {
			t.clear()
			return
		}
		t.words = words(left())
		t.message.Set(t.words)
		t.layer.Refresh()
		t.after(time.Second, next)
	}
	t.after(time.Second, next)
}

// endAfter takes the message away after a time.
func (t *toasts) endAfter(d time.Duration) { t.after(d, t.clear) }

// after does something about the present message later, unless another one is shown then.
func (t *toasts) after(d time.Duration, do func()) {
	serial := t.serial
	t.stop = t.w.p.After(d, func() {
		t.w.post(func() {
			if t.serial == serial {
				do()
			}
		})
	})
}

func (t *toasts) put(kind widget.Tone, words, label string, do func()) {
	t.clear()
	t.words, t.kind, t.pane = words, kind, t.w.current
	glyph := fynewidget.NewIcon(theme.NewColoredResource(kind.Icon(), widget.ColorOnToast))
	t.message = widget.NewLine(words, widget.ColorOnToast, theme.SizeNameText)
	t.message.Most = 2
	var button fyne.CanvasObject
	if do != nil {
		b := t.w.mainButton(label, func() { t.clear(); do() })
		b.Ring = widget.ColorOnToast
		button = b
	}
	s := widget.NewSurface(widget.ColorToast, 12, widget.Inset(8, 8, 14, 14, widget.Border(nil, nil, widget.Centred(glyph), button, widget.Inset(0, 0, 6, 6, t.message))))
	s.Raised, s.Says = true, true
	t.layer.Objects = []fyne.CanvasObject{s}
	t.layer.Refresh()
}

// succeeded takes a complaint away: what it was about has worked now.
func (t *toasts) succeeded() {
	if t.kind == widget.ToneBad {
		t.clear()
	}
}

// enter takes away what was said on another pane, and offers again what was offered on this one while it
// counts.
func (t *toasts) enter(pane string) {
	if t.pane == pane {
		return
	}
	if t.again != nil {
		t.offers[t.pane] = t.again
	}
	t.clear()
	t.pane = pane
	if again := t.offers[pane]; again != nil {
		delete(t.offers, pane)
		again()
	}
}

func (t *toasts) clear() {
	t.serial++
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	t.words, t.again = "", nil
	if len(t.layer.Objects) > 0 {
		t.layer.Objects = nil
		t.layer.Refresh()
		t.w.release()
	}
}

// toastTop is how far below the top of a pane a toast lies, toastWidth how wide it gets, in units: beyond that two lines
// are read more easily.
const toastTop, toastWidth = 6, 640

// toastPlace puts the toast at the top, in the middle, as wide as its words need; a message too long for
// two lines ends in "…".
type toastPlace struct{ t *toasts }

func (p toastPlace) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		s := o.MinSize()
		s.Width += max(0, p.t.message.FullWidth()-p.t.message.MinSize().Width) + 1
		s.Width = min(size.Width-2*widget.Gap, s.Width, toastWidth)
		o.Resize(s)
		o.Resize(fyne.NewSize(s.Width, o.MinSize().Height)) // of one line or two
		o.Move(fyne.NewPos((size.Width-s.Width)/2, toastTop))
	}
}

func (toastPlace) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
