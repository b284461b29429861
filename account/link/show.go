package link

import (
	"strings"
	"unicode/utf8"
)

// Short returns a link as it is written, without its scheme, "www." and what stands in its query:
// for a row below the host that [Read] vouches for. A host that is an address in disguise stands as
// the address.
func Short(address string) string {
	if page, ok := Reader(address); ok {
		address = page
	}
	p, reason := parse(address)
	if reason != Fine {
		return address
	}
	host := p.host
	if strings.Trim(p.name, "0123456789.") == "" {
		host = p.shown(readable)
	}
	path, rest := p.path()
	short := strings.TrimPrefix(host, "www.") + path
	if strings.HasPrefix(rest, "?") {
		short += "?…"
	}
	return strings.TrimSuffix(short, "/")
}

// Label returns a link for a place where it stands alone, as in a menu: the host first, in a form
// that hides no other, then the path in readable letters. What comes after "?" or "#" may be secret
// and is only hinted at.
func Label(address string) string {
	p, reason := parse(address)
	if reason != Fine {
		return ""
	}
	// Letters of European languages, which hardly hide one behind another, else punycode.
	text := p.shown(func(label string) bool {
		return readable(label) && !strings.ContainsFunc(label, func(r rune) bool { return r > '\u017e' })
	})
	path, rest := p.path()
	if path != "/" {
		if plain := unescape(path); utf8.ValidString(plain) {
			path = plain
		}
		text += path
	}
	if len(rest) > 1 {
		text += "…"
	}
	return text
}

// path returns the path of a link, and what follows from "?" or "#" on.
func (p parts) path() (path, rest string) {
	if i := strings.IndexAny(p.tail, "?#"); i >= 0 {
		return p.tail[:i], p.tail[i:]
	}
	return p.tail, ""
}

// WithoutQuery returns a text without what may be secret in a link, for messages.
func WithoutQuery(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		return text[:i] + "…"
	}
	return text
}
