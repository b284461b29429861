package tray

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/tabferry/tabferry/assets/i18n"
)

// maxLink is the longest copied text that is taken for a link, in bytes; no device takes a longer one.
const maxLink = 64 << 10

// copiedLink gives the link that a copied text is, or nothing: the text must be one http or https
// link and nothing else. The address of a pairing code is a secret and offered to nobody.
func copiedLink(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > maxLink || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.Contains(u.Fragment, "channel_key=") {
		return ""
	}
	return text
}

// shortLink says a link in at most max characters: the host first, then the path as far as it
// fits. What comes after "?" or "#" may be secret and is only hinted at.
func shortLink(link string, max int) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	text := shownHost(u.Hostname())
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
	return i18n.OneLine(text, max)
}

// shownHost gives a host as it may be shown: in its own letters if these are Latin ones of
// European languages, which hardly hide one behind another, else in punycode.
func shownHost(host string) string {
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return i18n.Plain(host)
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
