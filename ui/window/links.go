package window

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// maxLinks bounds how many links one paste or drop may bring: more is no list a person can look at.
const maxLinks = 200

// maxPasted bounds the text that is searched for links, in bytes.
const maxPasted = 1 << 20

// findLinks gives the http and https links in a text, each once, in their order. Punctuation and
// brackets that close a sentence around a link are not part of it.
func findLinks(text string) []localapi.Link {
	if len(text) > maxPasted {
		text = text[:maxPasted]
	}
	var links []localapi.Link
	seen := map[string]bool{}
	for len(links) < maxLinks {
		start := schemeIndex(text)
		if start < 0 {
			break
		}
		rest := text[start:]
		end := strings.IndexFunc(rest, endsLink)
		if end < 0 {
			end = len(rest)
		}
		address := trimLink(rest[:end])
		text = rest[end:]
		if isLink(address) && !seen[address] {
			seen[address] = true
			links = append(links, localapi.Link{URL: address})
		}
	}
	return links
}

// schemeIndex gives where the next http:// or https:// begins, -1 for nowhere.
func schemeIndex(text string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return -1
		}
		i += from
		for _, scheme := range []string{"https", "http"} {
			start := i - len(scheme)
			if start >= 0 && strings.EqualFold(text[start:i], scheme) && (start == 0 || !isLetter(text[start-1])) {
				return start
			}
		}
		from = i + len("://")
	}
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// endsLink tells whether a link cannot hold r.
func endsLink(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"`{}|\\^„“”«»", r)
}

// trimLink cuts off what belongs to the sentence around a link: trailing punctuation, and a
// closing bracket that was not opened inside.
func trimLink(address string) string {
	for address != "" {
		last := address[len(address)-1]
		switch {
		case strings.IndexByte(".,;:!?'*_", last) >= 0:
		case last == ')' && strings.Count(address, "(") < strings.Count(address, ")"):
		case last == ']' && strings.Count(address, "[") < strings.Count(address, "]"):
		default:
			return address
		}
		address = address[:len(address)-1]
	}
	return address
}

// isLink tells whether address is an http or https link with a host.
func isLink(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https")) && u.Hostname() != ""
}

// typedLink makes a link of what a person typed into the link field: spaces around it vanish, and
// a bare host such as "example.org/page" gets https before it.
func typedLink(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" || strings.IndexFunc(text, unicode.IsSpace) >= 0 {
		return "", false
	}
	if isLink(text) {
		return text, true
	}
	host, _, _ := strings.Cut(text, "/")
	if strings.Contains(text, "://") || strings.ContainsAny(host, "@:\\") || !strings.Contains(strings.Trim(host, "."), ".") {
		return "", false
	}
	text = "https://" + text
	return text, isLink(text)
}

// linkInDrop finds the link in what the toolkit hands over for a dropped link: it takes it for the
// relative path of a file, so that the current folder stands before it and one of its slashes is
// gone.
func linkInDrop(path string) (string, bool) {
	for _, scheme := range []string{"https:/", "http:/"} {
		if _, rest, ok := strings.Cut(path, "/"+scheme); ok || strings.HasPrefix(path, scheme) {
			if !ok {
				rest = strings.TrimPrefix(path, scheme)
			}
			return scheme + "/" + strings.TrimPrefix(rest, "/"), true
		}
	}
	return "", false
}

// droppedLink gives the link that was dropped on the window. The toolkit has percent-decoded it and
// joined double slashes, so one that shows traces of that could have become another link: it is
// refused.
func droppedLink(text string) (string, bool) {
	if !isLink(text) {
		return "", false
	}
	if strings.Contains(text[len("http://"):], ":/") {
		return "", false // a link within the link has lost a slash
	}
	for _, r := range text {
		if r == '%' || r > unicode.MaxASCII || endsLink(r) {
			return "", false
		}
	}
	return text, true
}

// shortLink gives a link without its scheme, for a row below its host.
func shortLink(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return i18n.Plain(address)
	}
	short := strings.TrimPrefix(u.Host, "www.") + u.EscapedPath()
	if u.RawQuery != "" {
		short += "?…"
	}
	return i18n.Plain(strings.TrimSuffix(short, "/"))
}
