package widget

import (
	"bytes"
	"image/color"
	"slices"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"golang.org/x/text/unicode/bidi"

	"github.com/tabferry/tabferry/assets/i18n"
)

// What strangers call their devices and pages is in any script. Two things the toolkit does not do with it,
// so that they are done here, where words become a picture; whoever reads or copies them gets them whole.

const (
	// leftToRight is the mark U+200E. The toolkit puts the runs of a line beside each other in the order in which
	// they are written, as is right in a line that goes from left to right; but it takes the direction of a
	// line from its first letter, and then hangs the spaces of a run on its wrong side.
	leftToRight = "\u200e"
	// rightToLeft is the mark U+200F, for what goes the other way.
	rightToLeft = "\u200f"
	// keycap encloses the character before it. The toolkit draws it beside that, as an empty key.
	keycap = '\u20e3'
	// always is the first character that the toolkit's own font may not have.
	always = '\u0530'
	// left stands for letters that no font here has.
	left = '…'
)

// legible returns words as they can be drawn: characters that no font of this computer has are left out,
// letters among them with an ellipsis in their place, and what is written from right to left keeps its
// distance from what is beside it. Where the interface goes from right to left, each line of them is yet to be put
// in order, by ordered.
func legible(words string) string {
	plain := !strings.ContainsFunc(words, func(r rune) bool { return r >= always })
	if plain {
		return words
	}
	if t, ok := fyne.CurrentApp().Settings().Theme().(*Theme); ok {
		words = t.without(words)
	}
	if !mirrored() && strings.ContainsFunc(words, fromRight) {
		words = leftToRight + strings.ReplaceAll(words, dot, leftToRight+dot+leftToRight)
	}
	return words
}

// fromRight reports whether a character is written from right to left.
func fromRight(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	class := properties.Class()
	return class == bidi.R || class == bidi.AL
}

// ordered returns a line of words as the toolkit is to draw it. In an interface that goes from left to right that is as
// it is written: see leftToRight. In one that goes from right to left what comes first must lie last, and keeps its
// direction: the parts between dots, and of each that holds letters from right to left the pieces of one direction
// (Unicode Standard Annex 9). What holds none, such as an English title or an address, stays as it is.
func ordered(line, words string) string {
	if !disordered(words) {
		return line
	}
	parts := strings.Split(line, dot)
	dotted := strings.Contains(words, dot)
	for i, part := range parts {
		parts[i] = inOrder(part, hasRight(part) || !dotted && hasRight(words))
	}
	slices.Reverse(parts)
	return strings.Join(parts, dot)
}

// disordered reports whether words must be put in order before they are drawn.
func disordered(words string) bool {
	return mirrored() && (strings.Contains(words, dot) || strings.ContainsFunc(words, func(r rune) bool {
		return r == i18n.FirstStrongIsolate || fromRight(r)
	}))
}

// hasRight reports whether there are letters from right to left outside of what has a direction of its own.
func hasRight(words string) bool {
	around, _ := isolated(words)
	return strings.ContainsFunc(around, fromRight)
}

// beginsRight reports whether the first letter is one from right to left.
func beginsRight(words string) bool {
	at := strings.IndexFunc(words, unicode.IsLetter)
	return at >= 0 && strings.IndexFunc(words[at:], fromRight) == 0
}

// standsFor is in a line where something with a direction of its own is.
const standsFor = '\ufffc'

// isolated takes what has a direction of its own out of a line, and leaves a sign in its place.
func isolated(line string) (around string, parts []string) {
	var outer, inner strings.Builder
	depth := 0
	for _, r := range line {
		switch {
		case r == i18n.FirstStrongIsolate:
			depth++
			if depth == 1 {
				outer.WriteRune(standsFor)
				inner.Reset()
				continue
			}
		case r == i18n.PopDirectionalIsolate && depth > 0:
			depth--
			if depth == 0 {
				parts = append(parts, inner.String())
				continue
			}
		case r == i18n.PopDirectionalIsolate, r == standsFor:
			continue // its beginning is in a line above; it stands for nothing
		}
		if depth > 0 {
			inner.WriteRune(r)
		} else {
			outer.WriteRune(r)
		}
	}
	if depth > 0 { // it goes on in the next line
		parts = append(parts, inner.String())
	}
	return outer.String(), parts
}

// inOrder returns a line with its pieces in the order in which they lie from the left, which the toolkit keeps. right
// is whether the line begins at the right. Marks of its direction around each piece hold the signs and spaces at its
// ends within it, and keep two pieces beside each other apart.
func inOrder(line string, right bool) string {
	around, parts := isolated(line)
	if !right && len(parts) == 0 {
		return around
	}
	direction := bidi.DefaultDirection(bidi.LeftToRight)
	if right {
		direction = bidi.DefaultDirection(bidi.RightToLeft)
	}
	var p bidi.Paragraph
	if _, err := p.SetString(around, direction); err != nil {
		return line
	}
	order, err := p.Order()
	if err != nil || order.NumRuns() == 0 {
		return line
	}
	var pieces []string
	for i := range order.NumRuns() {
		run := order.Run(i)
		begin, end, inner := leftToRight, leftToRight, run.Direction() == bidi.RightToLeft
		if inner {
			begin, end = leftToRight+rightToLeft, rightToLeft+leftToRight
		}
		var of []string // the pieces of this run
		for n, piece := range strings.Split(run.String(), string(standsFor)) {
			if n > 0 {
				of = append(of, inOrder(parts[0], beginsRight(parts[0])))
				parts = parts[1:]
			}
			if piece != "" {
				of = append(of, begin+piece+end)
			}
		}
		if inner != right { // it goes against the line, which is turned as a whole below
			slices.Reverse(of)
		}
		pieces = append(pieces, of...)
	}
	if right {
		slices.Reverse(pieces)
	}
	return strings.Join(pieces, "")
}

// without leaves out what no font has, with the marks that belong to it.
func (l *Theme) without(words string) string {
	var kept strings.Builder
	last, shown := ' ', false
	for _, r := range words {
		belongs := unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf)
		switch {
		case r == i18n.FirstStrongIsolate, r == i18n.PopDirectionalIsolate:
		case r == keycap, belongs && !shown, r == ' ' && last == ' ':
			continue
		case !belongs && r != ' ' && !l.draws(r):
			shown = false
			if last == left || !unicode.In(r, unicode.L, unicode.N) {
				continue
			}
			r = left
		default:
			shown = true
		}
		kept.WriteRune(r)
		last = r
	}
	return strings.TrimSuffix(kept.String(), " ")
}

// draws reports whether some font has the character. There is no other way to ask the toolkit than to
// have it drawn: one that is missing looks like the sign for it.
func (l *Theme) draws(r rune) bool {
	if r < always {
		return true
	}
	has, known := l.glyphs[r]
	if !known {
		look := drawing(r)
		has = !bytes.Equal(look, drawing(unicode.ReplacementChar)) && bytes.ContainsFunc(look, func(b rune) bool { return b != 0 })
		if l.glyphs == nil {
			l.glyphs = map[rune]bool{}
		}
		l.glyphs[r] = has
	}
	return has
}

// drawingSide is that of the picture of a character, and drawingSize the size of that, in units.
const drawingSide, drawingSize = 32, 20

// drawing returns the pixels of a character.
func drawing(r rune) []byte {
	text := canvas.NewText(string(r), color.Black)
	text.TextSize = drawingSize
	c := software.NewTransparentCanvas()
	c.SetPadded(false)
	c.SetContent(text)
	c.Resize(fyne.NewSquareSize(drawingSide))
	picture := c.Capture()
	var pixels []byte
	for y := range drawingSide {
		for x := range drawingSide {
			_, _, _, a := picture.At(x, y).RGBA()
			pixels = append(pixels, byte(a>>8)) // #nosec G115 -- of 16 bits the upper ones
		}
	}
	return pixels
}
