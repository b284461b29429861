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

// person uses the window as people do: sees what is shown, points at it and clicks, and types. What comes of
// each act is seen before the next one: on a busy machine the window shows late what it was told, and what is
// pointed at may have moved when the mouse arrives.
type person struct{ *screen }

// newPerson sits down in front of the window.
func newPerson(t *testing.T, app *box.App) *person {
	t.Helper()
	w := untilWindow(t, app)
	w.listen()
	return &person{w}
}

// sees waits until some text is shown.
func (p *person) sees(words string) { p.t.Helper(); p.untilTold(shows(words)) }

// seesNot says that a text is not shown now.
func (p *person) seesNot(words string) {
	p.t.Helper()
	if shows(words).is(p.told()) {
		p.t.Errorf("%q is shown", words)
	}
}

// click moves the mouse onto something, best of that very name, and presses its button.
func (p *person) click(role, name string, want ...effect) {
	p.t.Helper()
	p.act("a click on "+role+" "+name, func(all []box.Told) bool {
		i := slices.IndexFunc(all, func(o box.Told) bool { return o.Role == role && o.Name == name && o.Is(box.ToldShowing) })
		if i < 0 {
			i = slices.IndexFunc(all, called(role, name))
		}
		return i >= 0 && p.press(all[i])
	}, want...)
}

// clickIn clicks something in a row.
func (p *person) clickIn(row, role, name string, want ...effect) {
	p.t.Helper()
	p.act("a click on "+role+" "+name+" in the row "+row, func(all []box.Told) bool {
		i := slices.IndexFunc(all, called("list item", row))
		if i < 0 {
			return false
		}
		around := p.place(all[i])
		for _, o := range all {
			if !called(role, name)(o) {
				continue
			}
			if at := p.place(o); !at.Empty() && at.In(around) {
				return p.press(o)
			}
		}
		return false
	}, want...)
}

// press moves the mouse into the middle of something and presses its button, unless it moves meanwhile: what has
// just appeared is laid out again when its texts have found their lines.
func (p *person) press(o box.Told) bool {
	p.t.Helper()
	at := p.place(o)
	if at.Empty() {
		return false
	}
	p.point(at)
	time.Sleep(settle / 2)
	if now := p.place(o); now != at {
		p.t.Logf("%s %s has moved from %v to %v before it was clicked", o.Role, o.Name, at, now)
		return false
	}
	p.xdotool("click", "1")
	return true
}

// point moves the mouse into the middle of a part of the window.
func (p *person) point(at image.Rectangle) {
	p.t.Helper()
	middle := at.Min.Add(at.Size().Div(2))
	p.xdotool("mousemove", "--window", p.window(), strconv.Itoa(middle.X), strconv.Itoa(middle.Y))
}

// wheelTo turns the wheel over the middle of the page until something comes into sight.
func (p *person) wheelTo(role, name string) {
	p.t.Helper()
	p.point(image.Rect(380, 250, 400, 270))
	turned := 0
	p.act("turning the wheel", func(all []box.Told) bool {
		button := "5"
		if turned++; turned%80 > 40 { // too far: back
			button = "4"
		}
		p.xdotool("click", button)
		time.Sleep(settle / 5)
		return slices.ContainsFunc(all, called(role, name)) // one notch more: it may be seen in part
	}, offers(role, name))
}

// types types a text into the field that has the focus, and sees it there.
func (p *person) types(text string) {
	p.t.Helper()
	var field box.Told
	p.untilTold(effect{"a field with the focus", func(all []box.Told) bool {
		i := slices.IndexFunc(all, func(o box.Told) bool {
			return o.Is(box.ToldFocused) && (o.Role == "entry" || o.Role == "password text")
		})
		if i >= 0 {
			field = all[i]
		}
		return i >= 0
	}})
	p.xdotool("type", "--clearmodifiers", "--delay", "15", text)
	if field.Role == "password text" { // what stands there is told to nobody
		return
	}
	ctx := within(p.t, box.Patience)
	p.untilTold(effect{strconv.Quote(text) + " in the field", func([]box.Told) bool {
		found, err := p.listen().Text(ctx, field)
		return err == nil && strings.Contains(found, text)
	}})
}

// pane goes to a pane by a click in the rail.
func (p *person) pane(name string) {
	p.t.Helper()
	p.click("page tab", name, has(box.ToldSelected, "page tab", name))
}

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
