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
	// leftToRight and rightToLeft are the marks U+200E and U+200F. The toolkit gives the pieces of a line the direction of
	// their letters, but puts them beside each other in the order in which they are written, and so those that it draws
	// in another font, such as a full stop behind Hebrew letters. What has no letters takes its direction from such marks.
	leftToRight, rightToLeft = "\u200e", "\u200f"
	// joiner holds the parts of an emoji together.
	joiner = '\u200d'
	// keycap encloses the character before it. The toolkit draws it beside that, as an empty key.
	keycap = '\u20e3'
	// always is the first character that the toolkit's own font may not have.
	always = '\u0530'
	// left stands for letters that no font here has.
	left = '…'
)

// legible returns words as they can be drawn: characters that no font of this computer has are left out,
// letters among them with an ellipsis in their place. Each line of them is yet to be put in order, by ordered.
func legible(words string) string {
	plain := !strings.ContainsFunc(words, func(r rune) bool { return r >= always })
	if plain {
		return words
	}
	if t, ok := fyne.CurrentApp().Settings().Theme().(*Theme); ok {
		words = t.without(words)
	}
	return words
}

// marked returns what goes in one direction with marks of that, in pieces that lie beside each other.
func marked(piece string, right bool) []string {
	if piece == "" {
		return nil
	}
	if !right {
		return []string{leftToRight + piece + leftToRight}
	}
	parts := inFonts(piece)
	for i, part := range parts {
		parts[i] = leftToRight + rightToLeft + part + rightToLeft + leftToRight
	}
	return parts
}

// inFonts divides what goes from right to left where another font may come in: letters and the spaces behind them stay
// together, any other sign stands alone, with its marks. A space before letters the toolkit takes from its own font.
func inFonts(piece string) (parts []string) {
	letters, joined := false, false // what the last part is, and whether the next sign belongs to it
	for _, r := range piece {
		belongs := joined || unicode.In(r, unicode.M, unicode.Cf, unicode.Sk)
		if len(parts) > 0 && (belongs || letters && (fromRight(r) || r == ' ')) {
			parts[len(parts)-1] += string(r)
		} else {
			parts, letters = append(parts, string(r)), fromRight(r)
		}
		joined = r == joiner
	}
	return parts
}

// fromLeft reports whether a character is written from left to right, fromRight whether from right to left.
func fromLeft(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	return properties.Class() == bidi.L
}

func fromRight(r rune) bool {
	if r < always {
		return false
	}
	properties, _ := bidi.LookupRune(r)
	class := properties.Class()
	return class == bidi.R || class == bidi.AL
}

// ordered returns a line of words as the toolkit is to draw it: its pieces in the order in which they lie from the left
// (Unicode Standard Annex 9). What stands between dots is a line of its own, which goes as the interface does unless all
// its letters go the other way.
func ordered(line, words string) string {
	if !disordered(words) {
		return line
	}
	parts := strings.Split(line, dot)
	dotted := strings.Contains(words, dot)
	for i, part := range parts {
		whole := part
		if !dotted {
			whole = words
		}
		parts[i] = inOrder(part, goesLeft(whole))
	}
	if mirrored() {
		slices.Reverse(parts)
	}
	return strings.Join(parts, dot)
}

// disordered reports whether words must be put in order before they are drawn.
func disordered(words string) bool {
	return strings.ContainsFunc(words, func(r rune) bool { return r == i18n.FirstStrongIsolate || fromRight(r) }) ||
		mirrored() && strings.Contains(words, dot)
}

// goesLeft reports whether a line begins at the right. What has a direction of its own in it has no say.
func goesLeft(words string) bool {
	around, _ := isolated(words)
	return strings.ContainsFunc(around, fromRight) && (mirrored() || !strings.ContainsFunc(around, fromLeft))
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
	if !right && len(parts) == 0 && !strings.ContainsFunc(around, fromRight) {
		return around
	}
	begin := leftToRight // without a first letter that says so, the line would go as the letter does that is
	if right {
		begin = rightToLeft
	}
	var p bidi.Paragraph
	if _, err := p.SetString(begin + around); err != nil {
		return line
	}
	order, err := p.Order()
	if err != nil || order.NumRuns() == 0 {
		return line
	}
	var pieces []string
	for i := range order.NumRuns() {
		run := order.Run(i)
		inner := run.Direction() == bidi.RightToLeft
		var of []string // the pieces of this run
		for n, piece := range strings.Split(strings.TrimPrefix(run.String(), begin), string(standsFor)) {
			if n > 0 {
				of = append(of, inOrder(parts[0], beginsRight(parts[0])))
				parts = parts[1:]
			}
			of = append(of, marked(piece, inner)...)
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
