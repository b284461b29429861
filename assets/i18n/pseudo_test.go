package i18n

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPseudo: the language for tests has every text, changes all of it but the places, makes it longer,
// and is offered to nobody.
func TestPseudo(t *testing.T) {
	c, letter, names := New(Pseudo), regexp.MustCompile(`[A-Za-z]`), strings.NewReplacer("Tabferry", "", "Firefox", "", "Mozilla", "")
	var plain, longer int
	for _, face := range faces(t) {
		for key, forms := range read(t, face+".en.toml") {
			for form, english := range forms {
				if got := pseudo(accented, english); letter.MatchString(names.Replace(placeholder.ReplaceAllString(got, ""))) || !slices.Equal(placeholders(got), placeholders(english)) {
					t.Errorf("%s: %q", key, got)
				}
				plain, longer = plain+utf8.RuneCountInString(english), longer+utf8.RuneCountInString(pseudo(accented, english))
				if form == "" {
					if got := c.T(key); names.Replace(english) != "" && (!strings.HasPrefix(got, "[") || !strings.HasSuffix(got, "]")) {
						t.Errorf("%s: %q", key, got)
					}
				}
			}
		}
	}
	if percent := 100 * longer / plain; percent < 130 || percent > 150 {
		t.Errorf("texts have %d %% of their length", percent)
	}
	if got := c.N("common.minutes_ago", 1); got != pseudo(accented, "1 minute ago") {
		t.Errorf("one minute: %q", got)
	}
	if got := c.Say("Go to Home now.", "x", []string{"place", "Home"}); got != "["+accented.Replace("Go to ")+"Home"+accented.Replace(" now.")+"]" {
		t.Errorf("a sentence: %q", got)
	}
	if slices.Contains(Languages(), Pseudo) {
		t.Error("people are offered the language for tests")
	}
	t.Setenv("LC_ALL", "en_XA.UTF-8")
	t.Setenv("LANGUAGE", "")
	if got := New("").Language(); got != Pseudo {
		t.Errorf("the environment asked for it and got %s", got)
	}
	if got := New("en-GB").Language(); got != "en" {
		t.Errorf("English is %s", got)
	}
}
