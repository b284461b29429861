package i18n

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/language"
)

// TestRightToLeft: the direction of a language follows from its tag, so that a file of its texts is all that one needs.
func TestRightToLeft(t *testing.T) {
	for tag, want := range map[string]bool{
		"en": false, "de": false, "fr": false, "ru": false, "zh": false, "az": false, "ar": true, "ar-EG": true, "he": true, "fa": true,
		"ur": true, "ps": true, "yi": true, "ckb": true, "dv": true, "az-Arab": true, "ar-Latn": false, Pseudo: false, PseudoRight: true,
	} {
		if got := fromRight(language.Make(tag)); got != want {
			t.Errorf("%s: from the right %t", tag, got)
		}
	}
	if !New(PseudoRight).RightToLeft() || New("de").RightToLeft() {
		t.Error("a catalogue is told otherwise")
	}
	if c := New("ar-EG"); c.RightToLeft() || c.Language() != "en" {
		t.Errorf("whoever wishes Arabic, which has no texts yet, gets %s, from the right %t", c.Language(), c.RightToLeft())
	}
}

// TestPseudoRight: the language for tests that is written from right to left has every text, in letters that are, and
// is offered to nobody.
func TestPseudoRight(t *testing.T) {
	c, names := New(PseudoRight), strings.NewReplacer("Tabferry", "", "Firefox", "", "Mozilla", "")
	for _, face := range faces(t) {
		for key, forms := range read(t, face+".en.toml") {
			for _, english := range forms {
				got := pseudo(hebrew, english)
				plain := names.Replace(placeholder.ReplaceAllString(got, ""))
				if strings.ContainsFunc(plain, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Hebrew, r) }) || !slices.Equal(placeholders(got), placeholders(english)) {
					t.Errorf("%s: %q", key, got)
				}
			}
		}
	}
	if got, want := c.N("common.minutes_ago", 1), pseudo(hebrew, "1 minute ago"); got != want {
		t.Errorf("one minute: %q, want %q", got, want)
	}
	if got, want := c.Say("Go to Home now.", "x", []string{"place", "Home"}), "[גו טו \u2068Home\u2069 נוש.]"; got != want {
		t.Errorf("a sentence: %q, want %q", got, want)
	}
	if slices.Contains(Languages(), PseudoRight) {
		t.Error("people are offered the language for tests")
	}
	t.Setenv("LC_ALL", "ar_XB.UTF-8")
	t.Setenv("LANGUAGE", "")
	if got := New("").Language(); got != PseudoRight {
		t.Errorf("the environment asked for it and got %s", got)
	}
}

// TestValuesKeepTheirDirection: in a text from right to left, and only there, a value with letters from left to right
// stands between marks.
func TestValuesKeepTheirDirection(t *testing.T) {
	for _, c := range []struct{ language, value, want string }{
		{PseudoRight, "Pixel 9", "\u2068Pixel 9\u2069"},
		{PseudoRight, "הטלפון של Sara", "\u2068הטלפון של Sara\u2069"},
		{PseudoRight, "הטלפון", "הטלפון"},
		{PseudoRight, "14:05", "14:05"},
		{PseudoRight, "", ""},
		{"en", "Pixel 9", "Pixel 9"},
		{"de", "הטלפון", "הטלפון"},
	} {
		if got := New(c.language).fill("{{.X}}", []any{"X", c.value}); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.language, c.value, got, c.want)
		}
	}
}
