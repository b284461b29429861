package link

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean takes control, format and bidi characters out of text from another device, and turns breaks
// into spaces. It is for titles and names that stand in one line.
func Clean(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return ' '
		case r == '\u200c' || r == '\u200d':
			return r // joiners: several scripts and emoji need them
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		default:
			return r
		}
	}, text)
	return strings.Join(strings.Fields(clean), " ")
}
