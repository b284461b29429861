//go:build !race

package window

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// piece is a text on the screen, and what of the screen it may use.
type piece struct {
	*canvas.Text
	whole    string // of the line, where it may be cut
	at       fyne.Position
	from, to fyne.Position
}

// pieces returns the texts of what lies on top.
func (h *harness) pieces() (found []piece) {
	var look func(o fyne.CanvasObject, whole string, at, from, to fyne.Position)
	look = func(o fyne.CanvasObject, whole string, at, from, to fyne.Position) {
		if o == nil || !o.Visible() {
			return
		}
		at = at.Add(o.Position())
		var parts []fyne.CanvasObject
		switch o := o.(type) {
		case *canvas.Text:
			if o.Alignment == fyne.TextAlignTrailing { // of a line from right to left
				at.X += max(0, o.Size().Width-o.MinSize().Width)
			}
			if o.Text != "" {
				found = append(found, piece{o, whole, at, from, to})
			}
		case *fyne.Container:
			parts = o.Objects
		case fyne.Widget:
			parts = test.WidgetRenderer(o).Objects()
			switch o := o.(type) {
			case *widget.Line:
				whole = o.Text
			case *widget.Choice:
				whole = o.Selected
			case *container.Scroll, *widget.Scroll:
				from = fyne.NewPos(max(from.X, at.X), max(from.Y, at.Y))
				to = fyne.NewPos(min(to.X, at.X+o.Size().Width), min(to.Y, at.Y+o.Size().Height))
			}
		}
		for _, part := range parts {
			look(part, whole, at, from, to)
		}
	}
	roots := h.roots()
	size := h.w.win.Canvas().Size()
	look(roots[len(roots)-1], "", fyne.Position{}, fyne.Position{}, fyne.NewPos(size.Width, size.Height))
	return found
}

// inSight reports whether a text is not scrolled away, not even in part.
func (p piece) inSight() bool {
	return p.at.Y >= p.from.Y && p.at.Y+p.Size().Height <= p.to.Y && p.at.X < p.to.X
}

// cut says in which way a text is not to be read as a whole, if it is. Data may end early.
func (p piece) cut(data string) string {
	drawn := strings.Trim(p.Text.Text, "\u200e\u200f")
	switch wide := p.MinSize().Width; {
	case strings.HasPrefix(drawn, "…") && strings.ContainsFunc(drawn, isHebrew): // the end of a line from right to left
		return "ends early"
	case strings.HasSuffix(drawn, "…") && p.whole != "" && !strings.HasSuffix(p.whole, p.Text.Text) && !strings.Contains(data, p.whole):
		return "ends early"
	case wide > p.Size().Width+1:
		return fmt.Sprintf("wants %.0f and has %.0f", wide, p.Size().Width)
	case strings.Contains(data, p.Text.Text): // in a field it moves along with what is typed
	case p.at.X+wide > p.to.X+1 || p.at.X < p.from.X-1:
		return fmt.Sprintf("goes from %.0f to %.0f, seen is %.0f to %.0f", p.at.X, p.at.X+wide, p.from.X, p.to.X)
	}
	return ""
}

func isHebrew(r rune) bool { return unicode.Is(unicode.Hebrew, r) }

// over reports whether two texts lie on each other.
func (p piece) over(q piece) bool {
	const slack = 3 // what letters leave free of their line
	end := func(p piece) float32 { return min(p.at.X+p.MinSize().Width, p.to.X) }
	return p.at.X+slack < end(q) && q.at.X+slack < end(p) &&
		p.at.Y+slack < q.at.Y+q.Size().Height && q.at.Y+slack < p.at.Y+p.Size().Height
}

var plainWord = regexp.MustCompile(`[A-Za-z]{2,}`)

// typed is what scenes type, paste and draw beside what the agent says, and names that no language
// changes.
const typed = "Tabferry Firefox Mozilla Page page nowhere https://one.example/a https://two.example/b https://three.example/c " +
	"https://en.wikipedia.org/wiki/Ferry Ferry: a boat that carries people and things https://exa%20mple.org/ " +
	"https://accounts.firefox.com https://github.com/tabferry/tabferry/issues"

// data is everything that the scene's agent says and the scene's person types.
func (h *harness) data() string {
	h.t.Helper()
	known, err := json.Marshal(h.snap)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(known) + typed
}

// TestEveryTextIsTranslated shows every scene in a language without plain letters: whatever has one there
// is no translation, unless it is data.
func TestEveryTextIsTranslated(t *testing.T) {
	words := i18n.New(i18n.Pseudo)
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			s.drawnIn(t, words, fyne.NewSize(760, 540), func(h *harness) {
				data := h.data()
				for _, p := range h.pieces() {
					if at := slices.IndexFunc(plainWord.FindAllString(p.Text.Text, -1), func(word string) bool { return !strings.Contains(data, word) }); at >= 0 {
						t.Errorf("%q is no translation", p.Text.Text)
					}
				}
			})
		})
	}
}

// TestEveryTextIsWhole shows every scene in long languages and looks for texts that are cut, reach out of
// their place, or lie over each other.
func TestEveryTextIsWhole(t *testing.T) {
	for _, language := range []string{i18n.Pseudo, i18n.PseudoRight, "de", "fr"} {
		words, sizes := i18n.New(language), []fyne.Size{fyne.NewSize(760, 540), fyne.NewSize(480, 400)}
		if language == i18n.Pseudo || language == i18n.PseudoRight {
			sizes = sizes[:1] // the least size holds what the languages have that there are
		}
		for _, size := range sizes {
			for _, s := range scenes() {
				t.Run(fmt.Sprintf("%s/%.0f/%s", language, size.Width, s.name), func(t *testing.T) {
					s.drawnIn(t, words, size, func(h *harness) {
						data := h.data()
						var seen []piece
						for _, p := range h.pieces() {
							if h.underToast(p.Text) || !p.inSight() {
								continue
							}
							if how := p.cut(data); how != "" {
								t.Errorf("%q %s", p.Text.Text, how)
							}
							if at := slices.IndexFunc(seen, p.over); at >= 0 {
								t.Errorf("%q lies over %q", p.Text.Text, seen[at].Text.Text)
							}
							seen = append(seen, p)
						}
					})
				})
			}
		}
	}
}

// drawnIn shows a scene in a language.
func (s scene) drawnIn(t *testing.T, words *i18n.Catalogue, size fyne.Size, look func(h *harness)) {
	t.Helper()
	inBubble(t, func(p *Params) { p.Words = func(string) *i18n.Catalogue { return words } }, func(h *harness) {
		h.w.win.Resize(size)
		s.enter(h, widget.AppearanceSharpDark) // whose name is the longest
		relayout(h)
		s.act(h)
		relayout(h)
		look(h)
	})
}
