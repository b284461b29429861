package link

import (
	"strings"
	"unicode"

	"github.com/nlnwa/whatwg-url/url"
)

// Reason says why a text is no [Web] link; the faces put it into words. The empty one says that it is one.
type Reason string

// The reasons.
const (
	Fine        Reason = ""
	Nothing     Reason = "nothing"      // there is no text
	NoScheme    Reason = "no_scheme"    // it does not begin like an address
	OtherScheme Reason = "other_scheme" // not http or https
	NoHost      Reason = "no_host"      // nothing stands where the host belongs
	BadHost     Reason = "bad_host"     // no browser looks up such a host
	BadPort     Reason = "bad_port"     // the port is no number from 0 to 65535
	Control     Reason = "control"      // control characters within; browsers drop or encode some of them
	Several     Reason = "several"      // more links than one
)

// maxHost is the longest host, in ASCII: a DNS name ends at 253, and a dot may follow.
const maxHost = 254

// parts is a web link cut where browsers cut it; put together they are the link again.
type parts struct {
	head string // scheme, slashes and what stands before "@"
	host string // host and port as they are written
	tail string // path, query, fragment

	scheme string
	// name and port are as browsers read them: an ASCII name or an address in its usual form, and
	// nothing for the scheme's own port.
	name, port string
}

// around reports whether browsers leave r out at both ends of a link.
func around(r rune) bool { return r <= ' ' }

// parse reads a link by the rules of browsers (WHATWG URL): the only part of an http address that
// can be wrong is its host with the port, so nothing else is given to the parser, which also bounds
// its work. Control characters within are refused, though browsers drop tabs and line breaks there.
func parse(text string) (parts, Reason) {
	text = strings.TrimFunc(text, around)
	scheme, rest, ok := cutScheme(text)
	switch {
	case text == "":
		return parts{}, Nothing
	case !ok:
		return parts{}, NoScheme
	case scheme != "http" && scheme != "https":
		return parts{}, OtherScheme
	case strings.ContainsFunc(text, unicode.IsControl):
		return parts{}, Control
	}
	start := len(text) - len(strings.TrimLeft(rest, `/\`))
	end := len(text)
	if i := strings.IndexAny(text[start:], `/\?#`); i >= 0 {
		end = start + i
	}
	start += strings.LastIndexByte(text[start:end], '@') + 1
	p := parts{head: text[:start], host: text[start:end], tail: text[end:], scheme: scheme}
	if p.host == "" {
		return p, NoHost
	}
	if len(p.host) > 16*maxHost { // nothing so long can become short enough
		return p, BadHost
	}
	u, err := url.Parse(scheme + "://" + p.host + "/")
	if err != nil {
		if i := strings.LastIndexByte(p.host, ':'); i > 0 && i > strings.LastIndexByte(p.host, ']') {
			if _, err := url.Parse(scheme + "://" + p.host[:i] + "/"); err == nil {
				return p, BadPort
			}
		}
		return p, BadHost
	}
	p.name, p.port = u.Hostname(), u.Port()
	if len(p.name) > maxHost {
		return p, BadHost
	}
	return p, Fine
}

// cutScheme returns the scheme of an address in lower case, and what follows its colon.
func cutScheme(text string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(text, ":")
	if !ok || scheme == "" || !isLetter(scheme[0]) || strings.ContainsFunc(scheme, func(r rune) bool {
		return !(r < 0x80 && isLetter(byte(r))) && !('0' <= r && r <= '9') && !strings.ContainsRune("+-.", r) // #nosec G115 -- below 0x80
	}) {
		return "", text, false
	}
	return strings.ToLower(scheme), rest, true
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
