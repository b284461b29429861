package i18n

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// zeroWidthJoiner holds the parts of an emoji together: a family, a flag.
const zeroWidthJoiner = '\u200d'

// Plain makes a text that came from elsewhere (a title, a device's name) fit to be shown as one line:
// blanks of all kinds become single spaces; control characters, which could steer a terminal, and
// characters that are invisible or reorder what is read vanish.
func Plain(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == zeroWidthJoiner:
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1 // Cf holds the bidirectional controls and the invisible characters
		default:
			return r
		}
	}, text)), " ")
}

// OneLine is Plain, cut to at most max characters, the last of which is then an ellipsis.
func OneLine(text string, max int) string {
	text = Plain(text)
	if utf8.RuneCountInString(text) <= max {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:max-1])) + "…"
}
