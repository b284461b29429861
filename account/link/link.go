// Package link is the one answer to "what is a link": which texts are links at all, which may be
// sent, typed, copied and opened, how a link is shown to a person, and how links are found in texts
// and files. The agent, every face and the opener ask here and decide nothing themselves.
//
// Nothing in it does I/O, and no result depends on anything but its arguments.
//
// Where links come from asks for different strictness, so there are several questions:
//
//   - [Web]: could a browser go there? Blanks may stand in it.
//   - [OnePiece]: the same for an argument or a line of input, where a blank means a mistake.
//   - [Sendable]: may it be sent to a device? Devices take other schemes than http too.
//   - [Typed], [Copied]: what a person wrote into a field, what lies on the clipboard.
//   - [Find], [InFile]: the links among other words.
//   - [Read], [ForOpener]: may it be opened here, how is its host shown, what is the opener given.
package link

import (
	"net/url"
	"strings"
	"unicode"
)

// maxCopied is the longest copied text that is taken for a link, in bytes; no device takes a longer one.
const maxCopied = 64 << 10

// Web reports whether text is an http or https link with a host. Bookmark files and other devices
// write blanks and letters outside ASCII into links, so these are let through; [ForOpener] encodes
// them.
func Web(text string) bool {
	_, ok := parseWeb(text)
	return ok
}

func parseWeb(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, false
	}
	return u, true
}

// OnePiece reports whether text is a [Web] link without blanks and control characters.
func OnePiece(text string) bool { return !strings.ContainsFunc(text, breaks) && Web(text) }

// breaks reports whether r separates words or steers a terminal.
func breaks(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// Sendable reports whether text can be sent to another device. Firefox sends and receives other
// schemes than http too; what is harmful to open is the receiver's decision, but a text without a
// scheme is a mistake.
func Sendable(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "") && !strings.ContainsAny(text, " \t\r\n")
}

// Typed returns the link that a person typed into a field for one: blanks around it vanish, and a
// bare host such as "example.org/page" gets https before it.
func Typed(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsFunc(text, unicode.IsSpace) {
		return "", false
	}
	if Web(text) {
		return text, true
	}
	host, _, _ := strings.Cut(text, "/")
	if strings.Contains(text, "://") || strings.ContainsAny(host, "@:\\") || !strings.Contains(strings.Trim(host, "."), ".") {
		return "", false
	}
	text = "https://" + text
	return text, Web(text)
}

// Copied returns the link that a copied text is: one web link and nothing else. The address of a
// pairing code is a secret, so it counts as none and is offered to nobody.
func Copied(text string) (string, bool) {
	text = strings.TrimSpace(text)
	u, ok := parseWeb(text)
	if !ok || len(text) > maxCopied || strings.ContainsFunc(text, breaks) || strings.Contains(u.Fragment, "channel_key=") {
		return "", false
	}
	return text, true
}

// Pairing reports whether text is the address in a pairing code: its channel and key stand behind
// the "#" of an accounts server's page /pair. It says where a text belongs, not that the code is
// good: account/pairing checks that.
func Pairing(text string) bool {
	u, ok := parseWeb(strings.TrimSpace(text))
	return ok && strings.HasPrefix(u.Path, "/pair") && strings.Contains(u.Fragment, "channel_id=")
}

// Intact reports whether text is a [Web] link that cannot have become another one on its way
// through a toolkit that decodes percent signs and joins double slashes.
func Intact(text string) bool {
	if !Web(text) || strings.Contains(text[len("http://"):], ":/") {
		return false // no link, or a link within the link has lost a slash
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r == '%' || r > unicode.MaxASCII || ends(r) })
}
