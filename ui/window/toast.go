package window

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
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
	w      *Window
	layer  *fyne.Container
	words  string // what is shown now, empty for nothing
	serial int
	stop   func()
}

func newToasts(w *Window) *toasts {
	return &toasts{w: w, layer: container.New(toastPlace{})}
}

// say shows a message.
func (t *toasts) say(kind tone, words string) { t.put(kind, words, "", nil, toastTime) }

// offer shows a message with a button.
func (t *toasts) offer(kind tone, words, label string, do func()) {
	t.put(kind, words, label, do, toastOfferTime)
}

func (t *toasts) put(kind tone, words, label string, do func(), d time.Duration) {
	t.clear()
	t.words = words
	glyph := widget.NewIcon(theme.NewColoredResource(toneIcon(kind), colorOnToast))
	message := newLine(words, colorOnToast, theme.SizeNameText, false)
	message.natural = true
	parts := []fyne.CanvasObject{container.NewCenter(glyph), container.NewCenter(message)}
	if do != nil {
		b := newButton(label, nil, func() { t.clear(); do() })
		b.escape = t.w.escape
		b.Importance = widget.HighImportance
		parts = append(parts, b)
	}
	s := newSurface(colorToast, 12, inset(8, 8, 14, 14, container.NewBorder(nil, nil, parts[0], last(parts, 2), toastLine(message))))
	s.raised = true
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

// toastLine lets a long message end in "…" instead of widening the window.
func toastLine(l *line) fyne.CanvasObject {
	l.natural = false
	return inset(0, 0, 6, 6, l)
}

func last(parts []fyne.CanvasObject, from int) fyne.CanvasObject {
	if len(parts) > from {
		return parts[from]
	}
	return nil
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

// toneIcon gives the icon of a tone.
func toneIcon(k tone) fyne.Resource {
	switch k {
	case toneFine:
		return theme.ConfirmIcon()
	case toneWarn:
		return theme.WarningIcon()
	case toneBad:
		return theme.ErrorIcon()
	}
	return theme.InfoIcon()
}

// toastLift keeps a toast above the bar of a page, in units.
const toastLift = 68

// toastPlace puts the toast at the bottom, in the middle, as wide as its words need.
type toastPlace struct{}

func (toastPlace) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		s := o.MinSize()
		s.Width = min(size.Width-2*gap, max(s.Width, wish(o)))
		o.Resize(s)
		o.Move(fyne.NewPos((size.Width-s.Width)/2, size.Height-s.Height-toastLift))
	}
}

func (toastPlace) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// wish gives the width a toast would need to show all its words.
func wish(o fyne.CanvasObject) float32 {
	width := o.MinSize().Width
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *surface:
			walk(o.content)
		case *fyne.Container:
			for _, child := range o.Objects {
				walk(child)
			}
		case *line:
			width += max(0, fyne.MeasureText(o.text, theme.Size(o.size), fyne.TextStyle{Bold: o.bold}).Width-o.MinSize().Width) + 1
		}
	}
	walk(o)
	return width
}
