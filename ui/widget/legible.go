package widget

import (
	"bytes"
	"image/color"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"golang.org/x/text/unicode/bidi"
)

// What strangers call their devices and pages is in any script. Two things the toolkit does not do with it,
// so that they are done here, where words become a picture; whoever reads or copies them gets them whole.

const (
	// leftToRight is the mark U+200E. The toolkit puts the runs of a line beside each other in the order in which
	// they are written, as is right in a line that goes from left to right; but it takes the direction of a
	// line from its first letter, and then hangs the spaces of a run on its wrong side.
	leftToRight = "\u200e"
	// keycap encloses the character before it. The toolkit draws it beside that, as an empty key.
	keycap = '\u20e3'
	// always is the first character that the toolkit's own font may not have.
	always = '\u0530'
	// left stands for letters that no font here has.
	left = '…'
)

// legible returns words as they can be drawn: characters that no font of this computer has are left out,
// letters among them with an ellipsis in their place, and what is written from right to left keeps its
// distance from what is beside it.
func legible(words string) string {
	plain, mirrored := true, false
	for _, r := range words {
		if r < always {
			continue
		}
		plain = false
		mirrored = mirrored || fromRight(r)
	}
	if plain {
		return words
	}
	if t, ok := fyne.CurrentApp().Settings().Theme().(*Theme); ok {
		words = t.without(words)
	}
	if mirrored {
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

// without leaves out what no font has, with the marks that belong to it.
func (l *Theme) without(words string) string {
	var kept strings.Builder
	last, shown := ' ', false
	for _, r := range words {
		belongs := unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf)
		switch {
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
