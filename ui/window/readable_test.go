//go:build !race

package window

import (
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/widget"
)

// TestEveryTextCanBeRead draws every scene in every appearance and looks at each text that is in sight:
// its colour against what is drawn behind it (WCAG 2.2, 1.4.3, and 1.4.6 in high contrast).
func TestEveryTextCanBeRead(t *testing.T) {
	for _, appearance := range localapi.Appearances()[1:] {
		least := 4.5
		if appearance != widget.AppearanceLight && appearance != widget.AppearanceDark {
			least = 7
		}
		for _, s := range scenes() {
			if least > 4.5 && strings.Contains(s.name, "-") {
				continue // one scene of each pane is enough where only colours differ
			}
			t.Run(appearance+"/"+s.name, func(t *testing.T) {
				inBubble(t, nil, func(h *harness) {
					h.w.win.Resize(fyne.NewSize(760, 540))
					h.app.Settings().SetTheme(widget.NewTheme(appearance))
					s.enter(h, appearance)
					relayout(h)
					s.act(h)
					relayout(h)
					picture := h.w.win.Canvas().Capture()
					for _, text := range h.texts() {
						if h.underToast(text) {
							continue // for some seconds
						}
						ground, ok := behind(picture, h.app.Driver().AbsolutePositionForObject(text), text)
						if !ok {
							continue // out of sight
						}
						if got := contrastOf(text.Color, ground); got < least {
							t.Errorf("%q, %v on %v: %.2f, want %.1f", text.Text, text.Color, ground, got, least)
						}
					}
				})
			})
		}
	}
}

// texts returns the texts of what lies on top.
func (h *harness) texts() (texts []*canvas.Text) {
	roots := h.roots()
	visit(roots[len(roots)-1], func(o fyne.CanvasObject) {
		if text, ok := o.(*canvas.Text); ok && text.Text != "" {
			texts = append(texts, text)
		}
	})
	return texts
}

// underToast reports whether a toast lies over an object.
func (h *harness) underToast(o fyne.CanvasObject) bool {
	d := h.app.Driver()
	at := d.AbsolutePositionForObject(o)
	for _, toast := range h.w.toasts.layer.Objects {
		inside := false
		visit(toast, func(part fyne.CanvasObject) { inside = inside || part == o })
		from := d.AbsolutePositionForObject(toast)
		to := from.AddXY(toast.Size().Width, toast.Size().Height)
		if !inside && at.X < to.X && at.X+o.Size().Width > from.X && at.Y < to.Y && at.Y+o.Size().Height > from.Y {
			return true
		}
	}
	return false
}

// behind returns the colour that most of a text's box has: of its ground. There is none where the text
// cannot be seen, because it is scrolled away or something lies above it.
func behind(picture image.Image, at fyne.Position, text *canvas.Text) (ground color.Color, ok bool) {
	box := image.Rect(int(at.X), int(at.Y), int(at.X+text.Size().Width), int(at.Y+text.Size().Height)).Inset(1)
	if box.Empty() || !box.In(picture.Bounds()) {
		return nil, false
	}
	count := map[color.Color]int{}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := picture.At(x, y)
			if count[c]++; ground == nil || count[c] > count[ground] {
				ground = c
			}
			ok = ok || contrastOf(c, text.Color) < 1.15 // ink
		}
	}
	return ground, ok
}

// contrastOf is the ratio of WCAG 2.2.
func contrastOf(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		channel := func(v uint32) float64 {
			s := float64(v) / 0xffff
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		r, g, b, _ := c.RGBA()
		return 0.2126*channel(r) + 0.7152*channel(g) + 0.0722*channel(b)
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
