package widget

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// The toolkit knows one direction: from left to right. So does everything here that places things; where the theme is
// [Theme.Mirrored], what has been placed is mirrored afterwards, at three doors: [Arranged] for what a layout places,
// draw for the widgets of our own, turned for the toolkit's.

// mirrored reports whether the interface goes from right to left.
func mirrored() bool {
	t, ok := fyne.CurrentApp().Settings().Theme().(*Theme)
	return ok && t.Mirrored
}

// mirror turns objects that have just been placed from left to right in a width to the other side, if the interface
// goes from right to left.
func mirror(objects []fyne.CanvasObject, width float32) {
	if !mirrored() {
		return
	}
	for _, o := range objects {
		at := o.Position()
		if x := width - o.Size().Width - at.X; x != at.X {
			o.Move(fyne.NewPos(x, at.Y))
		}
	}
}

// Arranged puts objects where a layout has them, which may think from left to right.
func Arranged(by fyne.Layout, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(arrangement{by}, objects...)
}

type arrangement struct{ by fyne.Layout }

func (a arrangement) MinSize(objects []fyne.CanvasObject) fyne.Size { return a.by.MinSize(objects) }

func (a arrangement) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	a.by.Layout(objects, size)
	mirror(objects, size.Width)
}

// Stack puts objects at the same place, each as large as that.
func Stack(objects ...fyne.CanvasObject) *fyne.Container {
	return Arranged(layout.NewStackLayout(), objects...)
}

// Centred puts objects in the middle, as small as they can be.
func Centred(objects ...fyne.CanvasObject) *fyne.Container {
	return Arranged(layout.NewCenterLayout(), objects...)
}

// turned mirrors what a widget of the toolkit's consists of, and has its words drawn as ours are.
type turned struct {
	fyne.WidgetRenderer
	of fyne.Widget
}

func newTurned(inner fyne.WidgetRenderer, of fyne.Widget) turned {
	t := turned{inner, of}
	t.say()
	return t
}

func (t turned) Layout(size fyne.Size) {
	t.WidgetRenderer.Layout(size)
	mirror(t.Objects(), size.Width)
}

// Refresh places everything once more: the toolkit's own may have done so, with a part or with all.
func (t turned) Refresh() {
	t.WidgetRenderer.Refresh()
	t.say()
	if mirrored() {
		t.Layout(t.of.Size())
	}
}

// say has the words drawn as those of a [Line] are.
func (t turned) say() {
	for _, o := range t.Objects() {
		label, ok := o.(*widget.RichText)
		if !ok {
			continue
		}
		for _, segment := range label.Segments {
			if text, ok := segment.(*widget.TextSegment); ok {
				if words := ordered(legible(text.Text), text.Text); words != text.Text {
					text.Text = words
					label.Refresh()
				}
			}
		}
	}
}

// written is what an entry of a menu says, where what is drawn of it is in the order of the eye. The toolkit's entry has
// no place for that but that of a shortcut; one without keys it does not show.
type written string

// ShortcutName makes it one.
func (w written) ShortcutName() string { return string(w) }

func newMenuItem(words string, do func()) *fyne.MenuItem {
	item := fyne.NewMenuItem(ordered(legible(words), words), do)
	item.Shortcut = written(words)
	return item
}

// spoken is what screen readers are told of an entry.
func spoken(item *fyne.MenuItem) string {
	if words, ok := item.Shortcut.(written); ok {
		return string(words)
	}
	return item.Label
}

// aligned returns the side at which a line has its words: it begins at the right where the interface does.
func aligned(a fyne.TextAlign) fyne.TextAlign {
	switch {
	case !mirrored():
		return a
	case a == fyne.TextAlignLeading:
		return fyne.TextAlignTrailing
	case a == fyne.TextAlignTrailing:
		return fyne.TextAlignLeading
	}
	return a
}

// fromBegin returns where a thing of a width lies that begins where another one does, fromEnd where one lies that ends
// with it.
func fromBegin(width, own float32) float32 {
	if mirrored() {
		return width - own
	}
	return 0
}

func fromEnd(width, own float32) float32 { return width - own - fromBegin(width, own) }

// ahead returns the key that leads on in a row of things, behind the one that leads back.
func ahead() (on, back fyne.KeyName) {
	if mirrored() {
		return fyne.KeyLeft, fyne.KeyRight
	}
	return fyne.KeyRight, fyne.KeyLeft
}

// turns reports whether an icon shows a direction: a plane that flies on, an arrow into a door.
func turns(icon string) bool { return icon == "send" || icon == "login" }

// facing returns the picture of an icon of 24 units, turned to the other side where it has one that counts. Its name is
// another then: the toolkit keeps what it has painted by names.
func facing(name string, drawing []byte) fyne.Resource {
	if !mirrored() || !turns(name) {
		return fyne.NewStaticResource("widget-"+name+".svg", drawing)
	}
	words := string(drawing)
	begin := strings.Index(words, "<svg")
	begin += strings.Index(words[begin:], ">") + 1
	end := strings.LastIndex(words, "</svg>")
	words = words[:begin] + `<g transform="translate(24 0) scale(-1 1)">` + words[begin:end] + "</g>" + words[end:]
	return fyne.NewStaticResource("widget-"+name+"-turned.svg", []byte(words))
}
