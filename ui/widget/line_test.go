package widget

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// A line that may go on below loses no word where it has the room, hangs no dot over an edge, and each of its
// lines goes in the direction of the whole.
func TestLineGoesOnBelow(t *testing.T) {
	themed(t, "הטלפוןשריבקם", "")
	const words = "Tablet · waiting: the network is away · next try 14:09 · may arrive twice"
	const several = 0
	for name, c := range map[string]struct {
		words string
		most  int
		width float32
		lines int
		whole bool
	}{
		"one line, with room":     {words, 1, 900, 1, true},
		"one line, without":       {words, 1, 200, 1, false},
		"several, with room":      {words, 6, 900, 1, true},
		"several, without":        {words, 6, 200, 3, true},
		"too few":                 {words, 2, 120, 2, false},
		"a word that is too long": {strings.Repeat("W", 60), 3, 200, 1, false},
		// How wide these letters are depends on the fonts of the machine.
		"right to left": {"הטלפון של שרי · היום בבוקר · Demo", 6, 120, several, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLine(c.words, ColorMuted, theme.SizeNameCaptionText)
			l.Most = c.most
			w := test.NewTempWindow(t, l)
			w.SetPadded(false)
			fitHeight(l, c.width)
			var shown []string
			for _, text := range l.lines {
				if text.Visible() && text.Text != "" {
					shown = append(shown, text.Text)
				}
			}
			plain := func(s string) string {
				return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ·"+leftToRight+rightToLeft, r) }), " ")
			}
			if c.lines == several && len(shown) > 1 {
				c.lines = len(shown)
			}
			if len(shown) != c.lines || (plain(strings.Join(shown, " ")) == plain(c.words)) != c.whole {
				t.Errorf("%q", shown)
			}
			for _, line := range shown {
				if strings.HasPrefix(line, "·") || strings.HasSuffix(line, "·") || strings.ContainsFunc(line, fromRight) != strings.HasPrefix(line, leftToRight+rightToLeft) {
					t.Errorf("a line is %q", line)
				}
			}
			one := fyne.MeasureText("M", theme.CaptionTextSize(), fyne.TextStyle{}).Height
			if got := l.MinSize().Height; got < one*float32(c.lines)-1 || got > one*float32(c.lines)+1 {
				t.Errorf("it is %.0f high, one line %.0f", got, one)
			}
		})
	}
}

// TestALineIsDrawnAgain after the toolkit has forgotten how: it does with what has not been on the screen for a while.
func TestALineIsDrawnAgain(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme("light"))
	l := NewLine("Words", ColorMuted, "text")
	for range 2 {
		r := l.CreateRenderer()
		r.Layout(fyne.NewSize(200, 20))
		if len(r.Objects()) != 1 || l.lines[0].Text != "Words" || r.Objects()[0] != fyne.CanvasObject(l.lines[0]) {
			t.Errorf("drawn are %d parts of %d", len(r.Objects()), len(l.lines))
		}
	}
}
