package widget

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// themed begins an app in our theme, on a computer that has these characters and lacks those.
func themed(t *testing.T, has, lacks string) *Theme {
	t.Helper()
	th := NewTheme(AppearanceLight)
	test.NewTempApp(t).Settings().SetTheme(th)
	th.glyphs = map[rune]bool{}
	for _, r := range has {
		th.glyphs[r] = true
	}
	for _, r := range lacks {
		th.glyphs[r] = false
	}
	return th
}

// Whether a font has a character is seen by what the toolkit draws for it.
func TestDraws(t *testing.T) {
	th := themed(t, "", "")
	for _, r := range "aЖ…→€•—’“" {
		if !th.draws(r) {
			t.Errorf("%c is in the toolkit's own font", r)
		}
	}
	for _, r := range "\ufdd0\U000fffff\ue000\ufffd" { // nobody's characters
		if th.draws(r) {
			t.Errorf("%U is in no font", r)
		}
	}
}

// A character that no font has is never drawn, neither as a box nor as a speck; whoever reads or copies the
// words has them whole.
func TestMissingGlyphs(t *testing.T) {
	themed(t, "⛵\u05d0", "📱手机日本👨👩👧❤👍🏽")
	for words, want := range map[string]string{
		"Sara's phone":            "Sara's phone",
		"Сара · Ελένη → €":        "Сара · Ελένη → €",
		"📱 phone":                 "phone",
		"phone 📱":                 "phone",
		"a 📱 b":                   "a b",
		"手机":                      "…",
		"手机 · Today":              "… · Today",
		"x日本y":                    "x…y",
		"👨‍👩‍👧 family ❤️":         "family",
		"1️⃣ first":               "1️ first",
		"👍🏽":                      "",
		"⛵ boat":                  "⛵ boat",
		"\ufffd\U000fffff\ue000x": "x",
		"\u05d0":                  "\u05d0",
	} {
		if got := legible(words); got != want {
			t.Errorf("%q is drawn as %q, want %q", words, got, want)
		}
		line, text := NewLine(words, ColorMuted, theme.SizeNameText), NewHeading(words)
		line.Resize(fyne.NewSize(400, 30))
		if drawn := ordered(want, want); line.lines[0].Text != drawn || text.label.Text != want {
			t.Errorf("%q: a line draws %q, a heading %q", words, line.lines[0].Text, text.label.Text)
		}
		if line.AccessibilityLabel() != words || text.Words() != words {
			t.Errorf("%q is read as %q and %q", words, line.AccessibilityLabel(), text.Words())
		}
	}
}

// What is written from right to left has as much room to a dot, and to what follows that, as anything else.
// The letters are drawn as one and the same sign here, whose place is found by its ink.
func TestRightToLeftKeepsItsSpaces(t *testing.T) {
	themed(t, "הטלפוןשריום", "")
	gaps := func(words string) []int {
		line := NewLine(words, theme.ColorNameForeground, theme.SizeNameHeadingText)
		w := test.NewTempWindow(t, line)
		w.Resize(fyne.NewSize(500, 60))
		return wideGaps(w.Canvas().Capture())
	}
	for words, n := range map[string]int{
		"הטלפון · Today": 2, "Today · הטלפון": 2, "הטלפון · היום": 2, "הטלפון · היום · Demo": 4, "הטלפון": 0,
	} {
		if got := gaps(words); len(got) != n {
			t.Errorf("%q has the gaps %v, want %d", words, got, n)
		}
	}
}

// wideGaps returns the widths of the columns without ink between columns with ink that are as wide as a space.
func wideGaps(picture image.Image) (gaps []int) {
	const space = 5
	b, empty, begun := picture.Bounds(), 0, false
	ground := picture.At(b.Min.X+1, b.Min.Y+1)
	for x := b.Min.X; x < b.Max.X; x++ {
		ink := false
		for y := b.Min.Y; y < b.Max.Y; y++ {
			ink = ink || picture.At(x, y) != ground
		}
		switch {
		case !ink:
			empty++
		case begun && empty >= space:
			gaps = append(gaps, empty)
			fallthrough
		default:
			begun, empty = true, 0
		}
	}
	return gaps
}
