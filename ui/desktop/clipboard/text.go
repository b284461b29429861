//go:build !windows && !darwin

package clipboard

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/tabferry/tabferry/account/link"
)

// The forms of text beside the one that all programs ought to offer.
const (
	formLatin = "STRING"         // of X11, Latin-1
	formURLs  = "text/uri-list"  // RFC 2483
	formMoz   = "text/x-moz-url" // Firefox: a link and its title in two lines of UTF-16
)

// textForms are the forms of text, best first.
func textForms() []string {
	return []string{xUTF8, xMime, "text/plain;charset=UTF-8", "text/plain", formLatin, formMoz, formURLs}
}

// decodeText returns the text in what came in a form; other forms are left as they are.
func decodeText(form, content string) string {
	switch form {
	case formURLs:
		var lines []string
		for line := range strings.Lines(content) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "\n")
	case formMoz:
		var links []string
		for _, l := range link.InMozURL([]byte(content)) {
			links = append(links, l.URL)
		}
		return strings.Join(links, "\n")
	case formLatin, "text/plain":
		if !utf8.ValidString(content) {
			text, err := charmap.ISO8859_1.NewDecoder().String(content)
			if err != nil {
				return ""
			}
			return text
		}
	}
	return content
}
