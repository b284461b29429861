// Package link is the one answer to "what is a link": which texts are links at all, which may be
// sent, typed, copied and opened, how a link is shown to a person, and how links are found in texts
// and files. The agent, every face and the opener ask here and decide nothing themselves.
//
// A web link is what browsers take for one: the rules are those of the WHATWG URL standard, not
// RFC 3986. Its bytes stay as they are; [ForOpener] encodes, in place, what other programs cannot
// take. Two things are refused that browsers let pass: control characters within a link, and hosts
// longer than a name can be.
//
// Nothing in it does I/O, and no result depends on anything but its arguments.
//
//   - [Web], [Check]: could a browser go there, and if not, why?
//   - [One]: the link that an argument or a field holds.
//   - [Typed], [Copied]: the same with a bare host, and for what lies on the clipboard.
//   - [Sendable]: may it be sent to a device? Devices take other schemes than http too.
//   - [Find], [InFile]: the links among other words.
//   - [Read], [ForOpener]: may it be opened here, how is its host shown, what is the opener given.
package link

import (
	"strings"
	"unicode"
)

// maxCopied is the longest copied text that is looked at for a link, in bytes; no device takes a longer one.
const maxCopied = 64 << 10

// Web reports whether browsers take text for an http or https link. Blanks and letters outside
// ASCII may stand in it; [ForOpener] encodes them.
func Web(text string) bool { return Check(text) == Fine }

// Check returns why text is no [Web] link.
func Check(text string) Reason {
	_, reason := parse(text)
	return reason
}

// One returns the link that a text is, where a person means one and nothing else: an argument, a
// field, a line of a shortcut. Blanks and invisible characters around it are not part of it, and of
// a reader view or a page's source the page is meant.
func One(text string) (string, Reason) {
	text = strings.TrimFunc(visible(text), outer)
	if page, ok := Reader(text); ok {
		return page, Fine
	}
	reason := Check(text)
	switch reason {
	case Fine, Control, BadHost: // what is wrong may be the blank or the line end between two
		if several(text) {
			reason = Several
		}
	}
	if reason != Fine {
		return "", reason
	}
	return text, Fine
}

// several reports whether another link follows within text, rather than being a part of the first.
func several(text string) bool {
	for from := 1; from < len(text); {
		i := schemeIndex(text[from:])
		if i < 0 {
			return false
		}
		if from += i; apart(text[:from]) {
			return true
		}
		from++
	}
	return false
}

// outer reports whether r around a link is not part of it for a person.
func outer(r rune) bool { return around(r) || unicode.IsSpace(r) }

// Sendable reports whether text can be sent to another device. Firefox sends and receives other
// schemes than http too; what is harmful to open is the receiver's decision, but a text without a
// scheme is a mistake.
func Sendable(text string) bool {
	scheme, rest, ok := cutScheme(strings.TrimFunc(text, around))
	if scheme == "http" || scheme == "https" {
		return Web(text)
	}
	return ok && strings.Trim(rest, "/") != "" && !strings.ContainsFunc(text, outer)
}

// Typed returns the link that a person typed into a field for one: as [One] does, and a bare host
// such as "example.org/page" gets https before it.
func Typed(text string) (string, Reason) {
	address, reason := One(text)
	text = strings.TrimFunc(visible(text), outer)
	host, _, _ := strings.Cut(text, "/")
	if reason != NoScheme && reason != OtherScheme || strings.Contains(text, "://") || strings.ContainsAny(host, "@:\\") ||
		strings.ContainsFunc(text, outer) || !strings.Contains(strings.Trim(host, "."), ".") {
		return address, reason
	}
	return One("https://" + text)
}

// Copied returns the link on the clipboard that can be offered: the only one that [Find] finds. The
// address of a pairing code is a secret, so it counts as none and is offered to nobody.
func Copied(text string) (string, bool) {
	if len(text) > maxCopied {
		return "", false
	}
	links := Find(text, 2)
	if len(links) != 1 || strings.Contains(text, "channel_key=") {
		return "", false
	}
	return links[0], true
}

// Pairing reports whether text is the address in a pairing code: its channel and key stand behind
// the "#" of an accounts server's page /pair. It says where a text belongs, not that the code is
// good: account/pairing checks that.
func Pairing(text string) bool {
	p, reason := parse(strings.TrimSpace(text))
	path, fragment, _ := strings.Cut(p.tail, "#")
	return reason == Fine && strings.HasPrefix(path, "/pair") && strings.Contains(fragment, "channel_id=")
}

// Intact reports whether text is a [Web] link that cannot have become another one on its way
// through a toolkit that decodes percent signs and joins double slashes.
func Intact(text string) bool {
	if !Web(text) || strings.Contains(text[len("http://"):], ":/") {
		return false // no link, or a link within the link has lost a slash
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || strings.ContainsRune("% <>\"`{}|\\^", r) })
}
