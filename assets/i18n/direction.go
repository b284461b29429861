package i18n

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
)

// What stands between these two marks has a direction of its own, that of its first letter, and counts as one sign
// for the line around it (Unicode Standard Annex 9, 2.4).
const (
	FirstStrongIsolate    = '\u2068'
	PopDirectionalIsolate = '\u2069'
)

// RightToLeft reports whether the language is written from right to left: whether the script is that it is usually
// written in.
func (c *Catalogue) RightToLeft() bool { return fromRight(c.language) }

func fromRight(tag language.Tag) bool {
	script, _ := tag.Script()
	switch script.String() {
	case "Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa":
		return true
	}
	return false
}

// within makes a value fit to stand in a text. In a language that is written from right to left the letters of
// a name or a link would otherwise take what is beside them along to the other side. The texts of the other languages
// stay as they are: what shows them sees to it where they hold such a name.
func (c *Catalogue) within(value string) string {
	if !c.RightToLeft() || !strings.ContainsFunc(value, fromLeft) {
		return value
	}
	return string(FirstStrongIsolate) + value + string(PopDirectionalIsolate)
}

// fromLeft reports whether a character is a letter that is written from left to right.
func fromLeft(r rune) bool {
	if !unicode.IsLetter(r) {
		return false
	}
	properties, _ := bidi.LookupRune(r)
	return properties.Class() == bidi.L
}
