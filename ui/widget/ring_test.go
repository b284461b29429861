//go:build !race

package widget

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// everyFocusable makes one of each thing that takes the focus: what is shown, and how to get there.
func everyFocusable() map[string]func() (shown fyne.CanvasObject, get func() focusable) {
	self := func(o focusable) (fyne.CanvasObject, func() focusable) { return o, func() focusable { return o } }
	button := func(importance widget.Importance) func() (fyne.CanvasObject, func() focusable) {
		return func() (fyne.CanvasObject, func() focusable) {
			b := NewButton("Allow", nil, func() {})
			b.Importance = importance
			return self(b)
		}
	}
	row := func(part func(*Row) focusable) func() (fyne.CanvasObject, func() focusable) {
		return func() (fyne.CanvasObject, func() focusable) {
			list := NewRowList(nil)
			list.Set([]RowSpec{
				{ID: "1", Title: "First", Tap: func() {}},
				{ID: "2", Title: "Second", Detail: "x", Chooses: true, Chosen: true, Tap: func() {}, Action: Action{Label: "Send", Do: func() {}}, Menu: []MenuEntry{{Label: "x"}}},
			})
			return list, func() focusable {
				r := list.rows["2"]
				list.walk.stopAt(r)
				return part(r)
			}
		}
	}
	return map[string]func() (fyne.CanvasObject, func() focusable){
		"button":        button(widget.MediumImportance),
		"main button":   button(widget.HighImportance),
		"danger button": button(widget.DangerImportance),
		"quiet button":  button(widget.LowImportance),
		"field":         func() (fyne.CanvasObject, func() focusable) { return self(NewField("Name", "")) },
		"secret field":  func() (fyne.CanvasObject, func() focusable) { return self(NewSecretField("Name", "")) },
		"choice": func() (fyne.CanvasObject, func() focusable) {
			return self(NewChoice("Language", []string{"English", "Deutsch"}, nil))
		},
		"option": func() (fyne.CanvasObject, func() focusable) { return self(NewOption("Start at login", nil)) },
		"entry":  func() (fyne.CanvasObject, func() focusable) { return self(NewNavItem("send", "Send", func() {})) },
		"row":    row(func(r *Row) focusable { return r }),
		"button of a row": row(func(r *Row) focusable {
			r.button.reached = true
			return r.button
		}),
		"more button of a row": row(func(r *Row) focusable {
			r.dots.reached = true
			return r.dots
		}),
		"long list": func() (fyne.CanvasObject, func() focusable) {
			l := NewLongList(120, nil)
			l.Set(50, func(i int) RowSpec { return RowSpec{ID: fmt.Sprint(i), Title: "Row", Tap: func() {}} })
			return self(l)
		},
	}
}

// TestFocusIsSeen: what has the focus differs from what has not in as many pixels as a ring of two
// pixels around it has, and each of those at 3:1 from what was there before (WCAG 2.2, 2.4.13 and 1.4.11).
func TestFocusIsSeen(t *testing.T) {
	for _, appearance := range []string{AppearanceLight, AppearanceDark, AppearanceSharpLight, AppearanceSharpDark} {
		for name, build := range everyFocusable() {
			t.Run(appearance+"/"+name, func(t *testing.T) {
				app := test.NewTempApp(t)
				app.Settings().SetTheme(NewTheme(appearance))
				shown, get := build()
				w := test.NewTempWindow(t, NewCard(shown))
				w.Resize(fyne.NewSize(320, 200))
				shown.Refresh()
				before := w.Canvas().Capture()
				o := get()
				w.Canvas().Focus(o)
				if w.Canvas().Focused() != fyne.Focusable(o) {
					t.Fatal("it does not take the focus")
				}
				after := w.Canvas().Capture()
				seen := differing(before, after, 3)
				size := o.Size()
				if l, ok := o.(*LongList); ok {
					size = fyne.NewSize(l.Size().Width, 20) // the ring is around one of its rows
				}
				// Corners are round, and edges may fall between pixels: three quarters of a whole ring.
				if want := int(2 * 2 * (size.Width + size.Height) * 3 / 4); seen < want {
					t.Errorf("%d pixels show the focus, want %d around %v", seen, want, size)
				}
				w.Canvas().Unfocus()
				if n := differing(before, w.Canvas().Capture(), 1.05); n > 0 {
					t.Errorf("%d pixels still show it when it has gone", n)
				}
			})
		}
	}
}

// differing counts the pixels whose contrast between two pictures is at least so much.
func differing(a, b image.Image, ratio float64) (n int) {
	at := func(m image.Image, x, y int) color.NRGBA {
		c, ok := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
		if !ok {
			panic("no colour")
		}
		return c
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if contrast(at(a, x, y), at(b, x, y)) >= ratio {
				n++
			}
		}
	}
	return n
}
