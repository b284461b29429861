package i18n

import (
	"regexp"
	"strings"
	"sync"
)

// The languages for tests, by the tags that CLDR has for such. No setting offers them; [New] takes them, and so does
// the environment (LC_ALL=en_XA.UTF-8).
const (
	// Pseudo is English with every letter accented, words about 40 % longer, in brackets; only names stay, as in every
	// language. What shows a plain letter there does not come from a translation, and what loses a bracket is cut.
	Pseudo = "en-XA"
	// PseudoRight is English in Hebrew letters, in brackets: it is written from right to left, as its tag says, for
	// it is one of Arabic.
	PseudoRight = "ar-XB"
)

// lettersOf returns what a language for tests puts in the place of letters, nil if it is none.
func lettersOf(language string) *strings.Replacer {
	switch language {
	case Pseudo:
		return accented
	case PseudoRight:
		return hebrew
	}
	return nil
}

// hebrew has a letter for each plain one, by its sound where there is one.
var hebrew = strings.NewReplacer(
	"Tabferry", "Tabferry", "Firefox", "Firefox", "Mozilla", "Mozilla",
	"a", "א", "b", "ב", "c", "כ", "d", "ד", "e", "ע", "f", "פ", "g", "ג", "h", "ה", "i", "י", "j", "י", "k", "ק", "l", "ל", "m", "מ",
	"n", "נ", "o", "ו", "p", "פ", "q", "ק", "r", "ר", "s", "ס", "t", "ט", "u", "ו", "v", "ב", "w", "ש", "x", "צ", "y", "ח", "z", "ז",
	"A", "א", "B", "ב", "C", "כ", "D", "ד", "E", "ע", "F", "פ", "G", "ג", "H", "ה", "I", "י", "J", "י", "K", "ק", "L", "ל", "M", "מ",
	"N", "נ", "O", "ו", "P", "פ", "Q", "ק", "R", "ר", "S", "ס", "T", "ט", "U", "ו", "V", "ב", "W", "ש", "X", "צ", "Y", "ח", "Z", "ז",
)

// accented has a letter for each plain one, and a second one where words are to become longer.
var accented = strings.NewReplacer(
	"Tabferry", "Tabferry", "Firefox", "Firefox", "Mozilla", "Mozilla",
	"a", "àå", "b", "ƀ", "c", "ç", "d", "ð", "e", "éë", "f", "ƒ", "g", "ĝ", "h", "ĥ", "i", "îï", "j", "ĵ", "k", "ķ", "l", "ļ", "m", "ɱ",
	"n", "ñ", "o", "öø", "p", "þ", "q", "ǫ", "r", "ŕ", "s", "š", "t", "ţŧ", "u", "ûü", "v", "ṽ", "w", "ŵ", "x", "ẋ", "y", "ý", "z", "ž",
	"A", "Å", "B", "Ɓ", "C", "Ç", "D", "Ð", "E", "É", "F", "Ƒ", "G", "Ĝ", "H", "Ĥ", "I", "Î", "J", "Ĵ", "K", "Ķ", "L", "Ļ", "M", "Ḿ",
	"N", "Ñ", "O", "Ö", "P", "Þ", "Q", "Ǫ", "R", "Ŕ", "S", "Š", "T", "Ţ", "U", "Û", "V", "Ṽ", "W", "Ŵ", "X", "Ẋ", "Y", "Ý", "Z", "Ž",
)

var place = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{[^}]*\}\}`) })

// pseudo is a text of a file in a language for tests; its places stay as they are.
func pseudo(letters *strings.Replacer, text string) string {
	if letters.Replace(text) == text { // nothing, or a name
		return text
	}
	var b strings.Builder
	b.WriteByte('[')
	rest := text
	for _, at := range place().FindAllStringIndex(text, -1) {
		from := len(text) - len(rest)
		b.WriteString(letters.Replace(text[from:at[0]]))
		b.WriteString(text[at[0]:at[1]])
		rest = text[at[1]:]
	}
	b.WriteString(letters.Replace(rest))
	b.WriteByte(']')
	return b.String()
}

// pseudoSentence is a sentence of the agent in a language for tests; what stands in its places stays as it is.
func (c *Catalogue) pseudoSentence(letters *strings.Replacer, english string, args []string) string {
	var values []any
	for i := 0; i+1 < len(args); i += 2 {
		if args[i+1] != "" {
			english = strings.ReplaceAll(english, args[i+1], "{{."+args[i]+"}}")
			values = append(values, args[i], args[i+1])
		}
	}
	return c.fill(pseudo(letters, english), values)
}
