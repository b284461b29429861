package link

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// ErrNotWeb says that a text is not a link that may be opened: only http and https with a host are.
var ErrNotWeb = errors.New("not a link that can be opened: only http and https are")

// ForOpener returns a link in the form that is handed to other programs, or [ErrNotWeb]. What
// cannot be part of a link (blanks, letters outside ASCII) is percent-encoded.
func ForOpener(address string) (string, error) {
	u, ok := parseWeb(address)
	if !ok || strings.ContainsFunc(address, unicode.IsControl) {
		return "", ErrNotWeb
	}
	if !strings.ContainsFunc(address, func(r rune) bool { return r >= 0x7f || escaped(byte(r)) }) { // #nosec G115 -- below 0x7f here
		return address, nil
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	return u.String(), nil
}

// escaped reports whether a byte of a link is percent-encoded.
func escaped(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 }

// escapeQuery percent-encodes what url.URL leaves as it is in a query.
func escapeQuery(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if escaped(c) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
