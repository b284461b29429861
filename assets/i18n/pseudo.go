package i18n

import (
	"regexp"
	"strings"
)

// Pseudo is a language for tests: English with every letter accented, words about 40 % longer, in
// brackets; only names stay, as in every language. What shows a plain letter there does not come from a translation, and what loses a bracket is
// cut. No setting offers it; [New] takes it, and so does the environment (LC_ALL=en_XA.UTF-8).
const Pseudo = "en-XA"

// accented has a letter for each plain one, and a second one where words are to become longer.
var accented = strings.NewReplacer(
	"Tabferry", "Tabferry", "Firefox", "Firefox", "Mozilla", "Mozilla",
	"a", "àå", "b", "ƀ", "c", "ç", "d", "ð", "e", "éë", "f", "ƒ", "g", "ĝ", "h", "ĥ", "i", "îï", "j", "ĵ", "k", "ķ", "l", "ļ", "m", "ɱ",
	"n", "ñ", "o", "öø", "p", "þ", "q", "ǫ", "r", "ŕ", "s", "š", "t", "ţŧ", "u", "ûü", "v", "ṽ", "w", "ŵ", "x", "ẋ", "y", "ý", "z", "ž",
	"A", "Å", "B", "Ɓ", "C", "Ç", "D", "Ð", "E", "É", "F", "Ƒ", "G", "Ĝ", "H", "Ĥ", "I", "Î", "J", "Ĵ", "K", "Ķ", "L", "Ļ", "M", "Ḿ",
	"N", "Ñ", "O", "Ö", "P", "Þ", "Q", "Ǫ", "R", "Ŕ", "S", "Š", "T", "Ţ", "U", "Û", "V", "Ṽ", "W", "Ŵ", "X", "Ẋ", "Y", "Ý", "Z", "Ž",
)

var place = regexp.MustCompile(`\{\{[^}]*\}\}`)

// pseudo is a text of a file in the language for tests; its places stay as they are.
func pseudo(text string) string {
	if accented.Replace(text) == text { // nothing, or a name
		return text
	}
	var b strings.Builder
	b.WriteByte('[')
	rest := text
	for _, at := range place.FindAllStringIndex(text, -1) {
		from := len(text) - len(rest)
		b.WriteString(accented.Replace(text[from:at[0]]))
		b.WriteString(text[at[0]:at[1]])
		rest = text[at[1]:]
	}
	b.WriteString(accented.Replace(rest))
	b.WriteByte(']')
	return b.String()
}

// pseudoSentence is a sentence of the agent in the language for tests; what stands in its places stays as
// it is.
func pseudoSentence(english string, args []string) string {
	for i := 1; i < len(args); i += 2 {
		if args[i] != "" {
			english = strings.ReplaceAll(english, args[i], "{{"+args[i]+"}}")
		}
	}
	return strings.NewReplacer("{{", "", "}}", "").Replace(pseudo(english))
}
