package widget

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// TestLinesAreInOrder: what is handed to the toolkit are the pieces of a line as they lie from the left, each in one
// direction and one font, whichever way the interface goes.
func TestLinesAreInOrder(t *testing.T) {
	const isolate, pop = "\u2068", "\u2069"
	for _, c := range []struct {
		words    string
		left     string // from left to right, the pieces apart
		mirrored string // from right to left
	}{
		{"Send to Pixel 9", "Send to Pixel 9", "Send to Pixel 9"},
		{"שלח", "שלח", "שלח"},
		{"מה זה?", "?|מה זה", "?|מה זה"},
		{"(שרי)", ")|שרי|(", ")|שרי|("},
		{"בעוד 5 דקות", "דקות| |5|בעוד ", "דקות| |5|בעוד "},
		{"שלח אל " + isolate + "Pixel 9" + pop, "Pixel 9|שלח אל ", "Pixel 9|שלח אל "},
		{"שלח אל " + isolate + "Sara של שרי" + pop + " עכשיו", "עכשיו| |Sara |של שרי|שלח אל ", "עכשיו| |Sara |של שרי|שלח אל "},
		{isolate + "Pixel 9" + pop, "Pixel 9", "Pixel 9"},
		{"Tabferry נעול.", "Tabferry |נעול|.", ".|נעול| |Tabferry"},
		{"Send to שרי", "Send to |שרי", "שרי| |Send to"},
		{"a · b", "a · b", "b · a"},
		{"Pixel 9 · היום", "Pixel 9 · |היום", "היום| · Pixel 9"},
		{"שרי · היום · Demo", "שרי| · |היום| · Demo", "Demo · |היום| · |שרי"},
		{"https://example.org/a?b=c", "https://example.org/a?b=c", "https://example.org/a?b=c"},
		{"👨‍👩‍👧 שלנו", "שלנו| |👨‍👩‍👧", "שלנו| |👨‍👩‍👧"},
		{"", "", ""},
	} {
		for _, mirrored := range []bool{false, true} {
			th := themed(t, c.words, "")
			th.Mirrored = mirrored
			got := strings.Join(strings.FieldsFunc(ordered(c.words, c.words), func(r rune) bool { return strings.ContainsRune(leftToRight+rightToLeft, r) }), "|")
			want := c.left
			if mirrored {
				want = c.mirrored
			}
			if got != want {
				t.Errorf("%q, mirrored %t: drawn is %q, want %q", c.words, mirrored, got, want)
			}
		}
	}
}

// TestNothingIsLostInOrder: whatever strangers write, every sign of it is drawn, once.
func TestNothingIsLostInOrder(t *testing.T) {
	signs := []rune("ab 1٣5.,?()[]·שמ\u05b8عر\u064b👨👩\u200d…\u2068\u2069\u202e\u200f\ufffc\n-")
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var words []rune
		for range random.IntN(24) {
			words = append(words, signs[random.IntN(len(signs))])
		}
		for _, mirrored := range []bool{false, true} {
			inOnePlace(t, string(words), inOrder(string(words), mirrored))
		}
	}
}

// inOnePlace compares the signs of two lines without their order and what stands for a direction.
func inOnePlace(t *testing.T, words, drawn string) {
	t.Helper()
	bag := func(s string) []rune {
		signs := slices.DeleteFunc([]rune(s), func(r rune) bool { return strings.ContainsRune("\u2068\u2069\u200e\u200f\ufffc", r) })
		slices.Sort(signs)
		return signs
	}
	if !slices.Equal(bag(words), bag(drawn)) {
		t.Errorf("%+q is drawn as %+q", words, drawn)
	}
}

// TestSpacesStayBetween: before and behind a number in Hebrew, and before a name, there is as much room as between words.
func TestSpacesStayBetween(t *testing.T) {
	for words, n := range map[string]int{
		"בעוד 5 דקות": 2, "שלח אל Demo": 2, "שלח אל \u2068Demo\u2069 עכשיו": 3, "שלח אל.": 1,
	} {
		for _, mirrored := range []bool{false, true} {
			themed(t, words, "").Mirrored = mirrored
			line := NewLine(words, theme.ColorNameForeground, theme.SizeNameHeadingText)
			w := test.NewTempWindow(t, line)
			w.Resize(fyne.NewSize(500, 60))
			if got := wideGaps(w.Canvas().Capture()); len(got) != n {
				t.Errorf("%q, mirrored %t, has the gaps %v, want %d", words, mirrored, got, n)
			}
		}
	}
}

// TestMarksTakeNoRoom: a line in order is as wide as its words.
func TestMarksTakeNoRoom(t *testing.T) {
	themed(t, "שלח", "").Mirrored = true
	style := fyne.TextStyle{}
	width := func(words string) float32 { return fyne.MeasureText(words, theme.TextSize(), style).Width }
	if with, without := width(leftToRight+rightToLeft+"."+rightToLeft+leftToRight), width("."); with != without {
		t.Errorf("a full stop is %.1f wide, among marks %.1f", without, with)
	}
}

// TestTextBreaksItsLinesInOrder: a text from right to left loses no word, and each of its lines holds the words that are
// read in it, the beginning in the first.
func TestTextBreaksItsLinesInOrder(t *testing.T) {
	const words = "אחת שתיים שלוש ארבע חמש שש שבע שמונה Tabferry תשע"
	themed(t, words, "").Mirrored = true
	text := NewText(words)
	w := test.NewTempWindow(t, text)
	w.SetPadded(false)
	fitHeight(text, 120)
	lines := strings.Split(text.label.Text, "\n")
	if len(lines) < 3 || !strings.Contains(lines[0], "אחת") || !strings.Contains(lines[len(lines)-1], "תשע") {
		t.Errorf("the lines are %q", lines)
	}
	for word := range strings.FieldsSeq(words) {
		if strings.Count(text.label.Text, word) < 1 {
			t.Errorf("%q is lost in %q", word, lines)
		}
	}
	if text.label.Alignment != fyne.TextAlignTrailing || NewHeading(words).Center().label.Alignment != fyne.TextAlignCenter {
		t.Error("the lines do not begin at the right")
	}
	if one := fyne.MeasureText("M", theme.TextSize(), fyne.TextStyle{}).Height; text.Size().Height < one*float32(len(lines)) {
		t.Errorf("%d lines have a height of %.0f", len(lines), text.Size().Height)
	}
	if text.Words() != words {
		t.Errorf("it is read as %q", text.Words())
	}
}

// TestOrderIsForTheEye: what is put in order to be drawn is told to screen readers as it is written.
func TestOrderIsForTheEye(t *testing.T) {
	const words = "בעוד 5 דקות"
	themed(t, words, "").Mirrored = true
	field, item, button := NewField("Name", words), newMenuItem(words, nil), NewButton(words, nil, func() {})
	if field.PlaceHolder == words || item.Label == words {
		t.Errorf("drawn are %q and %q", field.PlaceHolder, item.Label)
	}
	if field.read().Hint != words || spoken(item) != words || button.read().Name != words || button.Text != words {
		t.Errorf("told are %q, %q and %q", field.read().Hint, spoken(item), button.read().Name)
	}
	test.NewTempWindow(t, button)
	for _, o := range test.WidgetRenderer(button).Objects() {
		if label, ok := o.(*widget.RichText); ok && label.String() == words {
			t.Errorf("the button draws %q", label.String())
		}
	}
}

// TestKeysFollowTheDirection: the buttons of a row lie at its left where the interface goes from right to left, so that
// the Left key leads to them, and from one to the next.
func TestKeysFollowTheDirection(t *testing.T) {
	for _, mirrored := range []bool{false, true} {
		themed(t, "", "").Mirrored = mirrored
		list := NewRowList(nil)
		list.Set([]RowSpec{{ID: "1", Title: "First", Action: Action{Label: "Open", Do: func() {}}, Menu: []MenuEntry{{Label: "x"}}}})
		w := test.NewTempWindow(t, list)
		w.Resize(fyne.NewSize(400, 100))
		list.First()
		row := list.rows["1"]
		press := func(name fyne.KeyName, want fyne.Focusable) {
			t.Helper()
			w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: name})
			if w.Canvas().Focused() != want {
				t.Errorf("mirrored %t: %s leads to %v", mirrored, name, w.Canvas().Focused())
			}
		}
		on, back := fyne.KeyRight, fyne.KeyLeft
		if mirrored {
			on, back = back, on
		}
		press(back, row)
		press(on, row.button)
		press(on, row.dots)
		press(back, row.button)
		press(back, row)
		if before := row.button.Position().X < row.title.Position().X; before != mirrored {
			t.Errorf("mirrored %t: the button lies at %.0f, the title at %.0f", mirrored, row.button.Position().X, row.title.Position().X)
		}
	}
}

// TestIconsTurn: a picture that shows a direction shows the other one, under another name, and no other picture turns.
func TestIconsTurn(t *testing.T) {
	look := func(mirrored bool, name string) fyne.Resource {
		themed(t, "", "").Mirrored = mirrored
		return Icon(name, ColorMuted)
	}
	for name, want := range map[string]bool{"send": true, "login": true, "clock": false, "tick": false, "account": false, "code": false} {
		left, right := look(false, name), look(true, name)
		if turned := left.Name() != right.Name() && string(left.Content()) != string(right.Content()); turned != want {
			t.Errorf("%s turns: %t", name, turned)
		}
	}
	// What is drawn is the mirror image.
	pixels := func(mirrored bool) []int {
		icon := widget.NewIcon(look(mirrored, "send"))
		w := test.NewTempWindow(t, icon)
		w.SetPadded(false)
		w.Resize(fyne.NewSquareSize(24))
		picture := w.Canvas().Capture()
		var ink []int
		for x := range 24 {
			n := 0
			for y := range 24 {
				if picture.At(x, y) != picture.At(0, 0) {
					n++
				}
			}
			ink = append(ink, n)
		}
		return ink
	}
	if left, right := pixels(false), pixels(true); left[3] < 8 || right[20] < 8 || left[20] > 4 || right[3] > 4 {
		t.Errorf("the columns hold %v, mirrored %v", left, right)
	}
}
