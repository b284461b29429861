package link

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Short returns a link as it is written, without its scheme, "www." and what stands in its query:
// for a row below the host that [Read] vouches for.
func Short(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	short := strings.TrimPrefix(u.Host, "www.") + u.EscapedPath()
	if u.RawQuery != "" {
		short += "?…"
	}
	return strings.TrimSuffix(short, "/")
}

// Label returns a link for a place where it stands alone, as in a menu: the host first, in a form
// that hides no other, then the path in readable letters. What comes after "?" or "#" may be secret
// and is only hinted at.
func Label(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	text := labelHost(u.Hostname())
	if port := u.Port(); port != "" {
		text += ":" + port
	}
	if path := u.EscapedPath(); path != "" && path != "/" {
		if plain, err := url.PathUnescape(path); err == nil && utf8.ValidString(plain) {
			path = plain
		}
		text += path
	}
	if u.RawQuery != "" || u.Fragment != "" {
		text += "…"
	}
	return text
}

// labelHost returns a host in its own letters if these are Latin ones of European languages, which
// hardly hide one behind another, else in punycode.
func labelHost(host string) string {
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return strings.TrimSpace(host)
	}
	letters, err := idna.Display.ToUnicode(ascii)
	if err != nil {
		return ascii
	}
	for _, r := range letters {
		// Up to U+017E lie ASCII, Latin-1 and Latin Extended-A; dotless i and its like do deceive.
		if r > '\u017e' || strings.ContainsRune("ıĸŀł", r) {
			return ascii
		}
	}
	return letters
}

// WithoutQuery returns a text without what may be secret in a link, for messages.
func WithoutQuery(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		return text[:i] + "…"
	}
	return text
}
