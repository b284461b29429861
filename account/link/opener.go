package link

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotWeb says that a text is not a link that may be opened: only http and https with a host are.
var ErrNotWeb = errors.New("not a link that can be opened: only http and https are")

// ForOpener returns a link in the form that is handed to other programs, or [ErrNotWeb]. Every byte
// that they may not take (blanks, letters outside ASCII, some signs) is percent-encoded where it
// stands, and nothing else changes: decoding these gives the bytes that came. A host outside ASCII
// goes as browsers look it up. A backslash before the query stays: to browsers it is a slash there.
func ForOpener(address string) (string, error) {
	if page, ok := Reader(address); ok {
		address = page
	}
	p, reason := parse(address)
	if reason != Fine {
		return "", ErrNotWeb
	}
	host := p.host
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x7f || escaped(byte(r)) }) { // #nosec G115 -- below 0x7f here
		host = p.name
		if p.port != "" {
			host += ":" + p.port
		}
	}
	path, rest := p.path()
	return escape(p.head, `\`) + host + escape(path, `\`) + escape(rest, ""), nil
}

// escaped reports whether a byte of a link is percent-encoded.
func escaped(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 }

// escape percent-encodes what stands in a text and is [escaped], but for what is kept.
func escape(text, kept string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if escaped(c) && strings.IndexByte(kept, c) < 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
