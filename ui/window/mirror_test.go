//go:build !race

package window

import (
	"fmt"
	"image/color"
	"reflect"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// box is where something is drawn, in units of the window.
type box struct {
	kind string
	what string
	at   fyne.Position
	size fyne.Size
}

func (b box) String() string {
	return fmt.Sprintf("%s %q %.1f,%.1f %.1fx%.1f", b.kind, b.what, b.at.X, b.at.Y, b.size.Width, b.size.Height)
}

// boxes returns everything that is drawn, in the order of the toolkit's walk. What the toolkit draws within its own
// fields, menus and bars stays on its side, and so does the bar of its lists; their rows are ours.
func (h *harness) boxes() (all []box) {
	var look func(o fyne.CanvasObject, at fyne.Position)
	look = func(o fyne.CanvasObject, at fyne.Position) {
		if o == nil || !o.Visible() || o.Size().IsZero() {
			return
		}
		at = at.Add(o.Position())
		b := box{reflect.TypeOf(o).String(), "", at, o.Size()}
		var parts []fyne.CanvasObject
		switch o := o.(type) {
		case *canvas.Text:
			b.what = o.Text
			wide := o.MinSize().Width
			switch o.Alignment { // where its ink is
			case fyne.TextAlignCenter:
				b.at.X += (o.Size().Width - wide) / 2
			case fyne.TextAlignTrailing:
				b.at.X += o.Size().Width - wide
			}
			b.size.Width = wide
		case *canvas.Rectangle:
			if o.FillColor == color.Transparent && o.StrokeWidth == 0 {
				return
			}
		case *fyne.Container:
			parts = o.Objects
		case *widget.Field, *fynewidget.PopUpMenu:
		case *container.Scroll: // of a list of the toolkit's: only what it shows
			parts = []fyne.CanvasObject{o.Content}
		case fyne.Widget:
			if b.kind == "*widget.scrollBarArea" {
				break
			}
			parts = test.WidgetRenderer(o).Objects()
		}
		all = append(all, b)
		for _, part := range parts {
			look(part, at)
		}
	}
	for _, root := range h.roots() {
		look(root, fyne.Position{})
	}
	return all
}

// directed shows something in English, from left to right and from right to left, and returns the boxes of both.
func directed(t *testing.T, size fyne.Size, scale float32, s scene) (left, right []box) {
	t.Helper()
	for _, mirrored := range []bool{false, true} {
		inBubble(t, nil, func(h *harness) {
			h.w.win.Resize(size)
			look := widget.NewTheme(widget.AppearanceLight)
			look.TextScale, look.Mirrored = scale, mirrored
			h.app.Settings().SetTheme(look)
			h.w.appearance = widget.AppearanceLight // so that the scene's does not replace it
			s.enter(h, widget.AppearanceLight)
			relayout(h)
			s.act(h)
			relayout(h)
			if mirrored {
				right = h.boxes()
			} else {
				left = h.boxes()
			}
		})
	}
	return left, right
}

// TestEveryBoxIsMirrored: with the same words, everything that a window from right to left draws lies where a mirror
// shows what one from left to right draws.
func TestEveryBoxIsMirrored(t *testing.T) {
	var panes, full []scene
	for _, c := range conditions() {
		for _, pane := range append([]string{PaneSignIn}, inside()...) {
			if c.has(pane) {
				s := scene{name: c.name + "-" + pane, snap: c.english, pane: pane}
				panes = append(panes, s)
				if c.name == "full" {
					full = append(full, s)
				}
			}
		}
	}
	for _, v := range []struct {
		scenes []scene
		size   fyne.Size
		scale  float32
	}{{scenes(), fyne.NewSize(760, 540), 1}, {panes, fyne.NewSize(leastWidth, leastHeight), 1}, {full, fyne.NewSize(1280, 800), 1.6}} {
		for _, s := range v.scenes {
			t.Run(fmt.Sprintf("%.0f/%s", v.size.Width, s.name), func(t *testing.T) {
				left, right := directed(t, v.size, v.scale, s)
				if len(left) != len(right) || len(left) < 50 {
					t.Fatalf("%d things are drawn, mirrored %d", len(left), len(right))
				}
				for i, b := range left {
					want := b
					want.at.X = v.size.Width - b.size.Width - b.at.X
					if !right[i].like(want) {
						t.Fatalf("%v is mirrored as %v, want %v", b, right[i], want)
					}
				}
			})
		}
	}
}

// TestLanguageTurnsTheWindow: the window follows the language that is chosen while it is open, and back.
func TestLanguageTurnsTheWindow(t *testing.T) {
	inBubble(t, func(p *Params) { p.Words = i18n.New }, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Settings.Language = "en" }))
		h.w.show(PaneInbox)
		for _, language := range []string{i18n.PseudoRight, "de", i18n.PseudoRight, "en"} {
			h.change(func(s *localapi.Snapshot) { s.Settings.Language = language })
			relayout(h)
			width := h.w.win.Canvas().Size().Width
			rail := h.app.Driver().AbsolutePositionForObject(h.w.shell.items[PaneInbox])
			if right := rail.X > width/2; right != (language == i18n.PseudoRight) {
				t.Errorf("%s: the rail begins at %.0f of %.0f", language, rail.X, width)
			}
		}
	})
}

// like reports whether two boxes are the same but for roundings.
func (b box) like(c box) bool {
	const round = 0.1
	off, size := b.at.Subtract(c.at), b.size.Subtract(c.size)
	return b.kind == c.kind && max(off.X, -off.X, off.Y, -off.Y, size.Width, -size.Width, size.Height, -size.Height) < round
}
