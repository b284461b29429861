package window

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
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

// toasts is the layer above the pane that shows one short message at a time. It is no pop-up: that
// would swallow the next click.
type toasts struct {
	w       *Window
	layer   *fyne.Container
	message *widget.Line
	words   string // what is shown now, empty for nothing
	serial  int
	stop    func()
}

func newToasts(w *Window) *toasts {
	t := &toasts{w: w}
	t.layer = container.New(toastPlace{t})
	return t
}

// say shows a message.
func (t *toasts) say(kind widget.Tone, words string) { t.put(kind, words, "", nil, toastTime) }

// offer shows a message with a button.
func (t *toasts) offer(kind widget.Tone, words, label string, do func()) {
	t.put(kind, words, label, do, toastOfferTime)
}

func (t *toasts) put(kind widget.Tone, words, label string, do func(), d time.Duration) {
	t.clear()
	t.words = words
	glyph := fynewidget.NewIcon(theme.NewColoredResource(kind.Icon(), widget.ColorOnToast))
	t.message = widget.NewLine(words, widget.ColorOnToast, theme.SizeNameText)
	var button fyne.CanvasObject
	if do != nil {
		button = t.w.mainButton(label, func() { t.clear(); do() })
	}
	s := widget.NewSurface(widget.ColorToast, 12, widget.Inset(8, 8, 14, 14, container.NewBorder(nil, nil, container.NewCenter(glyph), button, widget.Inset(0, 0, 6, 6, t.message))))
	s.Raised = true
	t.layer.Objects = []fyne.CanvasObject{s}
	t.layer.Refresh()
	t.serial++
	serial := t.serial
	t.stop = t.w.p.After(d, func() {
		t.w.post(func() {
			if t.serial == serial {
				t.clear()
			}
		})
	})
}

func (t *toasts) clear() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	t.words = ""
	if len(t.layer.Objects) > 0 {
		t.layer.Objects = nil
		t.layer.Refresh()
	}
}

// toastLift keeps a toast above the bar of a page, in units.
const toastLift = 68

// toastPlace puts the toast at the bottom, in the middle, as wide as its words need; a message too
// long for the window ends in "…".
type toastPlace struct{ t *toasts }

func (p toastPlace) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		s := o.MinSize()
		s.Width += max(0, p.t.message.FullWidth()-p.t.message.MinSize().Width) + 1
		s.Width = min(size.Width-2*widget.Gap, s.Width)
		o.Resize(s)
		o.Move(fyne.NewPos((size.Width-s.Width)/2, size.Height-s.Height-toastLift))
	}
}

func (toastPlace) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
