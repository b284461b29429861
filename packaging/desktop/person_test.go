//go:build desktop && linux

package desktop_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

// person uses the window as people do: sees what is shown, points at it and clicks, and types.
type person struct {
	*screen
	l *listener
}

// newPerson sits down in front of the window.
func newPerson(t *testing.T, app *box.App) *person {
	t.Helper()
	w := untilWindow(t, app)
	reader, err := app.Box.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	})
	return &person{screen: w, l: &listener{t, reader}}
}

// called fits what has a role and a name with these words; of a button they are its first.
func called(role, words string) func(box.Told) bool {
	return func(o box.Told) bool {
		return o.Role == role && (strings.HasPrefix(o.Name, words) || role == "list item" && strings.Contains(o.Name, words)) && o.Is(box.ToldShowing)
	}
}

// sees waits until some text is shown.
func (p *person) sees(words string) {
	p.t.Helper()
	p.l.until(strconv.Quote(words), func(o box.Told) bool { return strings.Contains(o.Name, words) && o.Is(box.ToldShowing) })
}

// seesNot says that a text is not shown now.
func (p *person) seesNot(words string) {
	p.t.Helper()
	if slices.ContainsFunc(p.l.read(), func(o box.Told) bool { return strings.Contains(o.Name, words) && o.Is(box.ToldShowing) }) {
		p.t.Errorf("%q is shown", words)
	}
}

// click moves the mouse onto something, best of that very name, and presses its button.
func (p *person) click(role, name string) {
	p.t.Helper()
	all, o := p.l.until(role+" "+name, called(role, name))
	if i := slices.IndexFunc(all, func(o box.Told) bool { return o.Role == role && o.Name == name && o.Is(box.ToldShowing) }); i >= 0 {
		o = all[i]
	}
	p.clickAt(p.place(o))
}

// clickIn clicks something in a row.
func (p *person) clickIn(row, role, name string) {
	p.t.Helper()
	all, o := p.l.until("row "+row, called("list item", row))
	around := p.place(o)
	for _, o := range all {
		if !called(role, name)(o) {
			continue
		}
		if at := p.place(o); at.In(around) {
			p.clickAt(at)
			return
		}
	}
	p.t.Fatalf("the row %q has no %s %q", row, role, name)
}

// place says where something is, once it stands still: what has just appeared is laid out again when its texts
// have found their lines.
func (p *person) place(o box.Told) image.Rectangle {
	p.t.Helper()
	ctx := within(p.t, 10*time.Second)
	for before := (image.Rectangle{}); ; time.Sleep(settle / 2) {
		at, err := p.l.Place(ctx, o)
		if err != nil {
			p.t.Fatal(err)
		}
		if at == before {
			return at
		}
		before = at
	}
}

func (p *person) clickAt(at image.Rectangle) {
	p.t.Helper()
	p.point(at)
	p.xdotool("click", "1")
	time.Sleep(settle)
}

// point moves the mouse into the middle of a part of the window.
func (p *person) point(at image.Rectangle) {
	p.t.Helper()
	middle := at.Min.Add(at.Size().Div(2))
	p.xdotool("search", "--onlyvisible", "--name", "^Tabferry", "mousemove", "--window", "%1", strconv.Itoa(middle.X), strconv.Itoa(middle.Y))
	time.Sleep(settle / 5)
}

// wheelTo turns the wheel over the middle of the page until something comes into sight.
func (p *person) wheelTo(role, name string) {
	p.t.Helper()
	p.point(image.Rect(380, 250, 400, 270))
	for range 40 {
		seen := slices.ContainsFunc(p.l.read(), called(role, name))
		p.xdotool("click", "5") // one more: it may be seen in part
		time.Sleep(settle / 5)
		if seen {
			time.Sleep(settle)
			return
		}
	}
	p.t.Fatalf("%s %q does not come into sight", role, name)
}

// types types a text where the focus is.
func (p *person) types(text string) {
	p.t.Helper()
	p.xdotool("type", "--clearmodifiers", "--delay", "15", text)
	time.Sleep(settle / 2)
}

// pane goes to a pane by a click in the rail.
func (p *person) pane(name string) { p.t.Helper(); p.click("page tab", name) }

// keepSmall keeps what is on the screen as a small picture in the folder that TABFERRY_KEEP names.
func (p *person) keepSmall(name string) {
	p.t.Helper()
	folder := os.Getenv("TABFERRY_KEEP")
	if folder == "" {
		return
	}
	time.Sleep(settle)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, fewColours(p.look())); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), out.Bytes(), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// mostColours is what a small picture may have; the edges of letters need some shades.
const mostColours = 48

// fewColours draws a picture with its most frequent colours.
func fewColours(picture image.Image) image.Image {
	b := picture.Bounds()
	count := map[color.NRGBA]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c, ok := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			if ok {
				c.R, c.G, c.B = c.R&^3, c.G&^3, c.B&^3 // alike is the same
				count[c]++
			}
		}
	}
	var all []color.NRGBA
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.NRGBA) int { return count[b] - count[a] })
	var palette color.Palette
	for _, c := range all {
		if len(palette) == mostColours {
			break
		}
		if len(palette) == 0 || far(palette, c) {
			palette = append(palette, c)
		}
	}
	small := image.NewPaletted(b, palette)
	draw.Draw(small, b, picture, b.Min, draw.Src)
	return small
}

// far reports whether a colour is unlike those that are there.
func far(palette color.Palette, c color.NRGBA) bool {
	const apart = 12
	near := palette[palette.Index(c)]
	n, ok := near.(color.NRGBA)
	abs := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return !ok || abs(n.R, c.R)+abs(n.G, c.G)+abs(n.B, c.B) > apart
}
