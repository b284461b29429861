package link

import (
	"net/url"
	"strings"
)

// readers are the beginnings of the addresses that browsers give to a page in their reader view; the
// page stands in the parameter url.
var readers = [...]string{"about:reader?", "moz-extension://", "chrome-extension://", "chrome-distiller://"}

// source begins the address of a page's source in all browsers.
const source = "view-source:"

// Reader returns the page within the address of a reader view, or of a page's source.
func Reader(address string) (page string, ok bool) {
	address = strings.TrimFunc(address, around)
	if len(address) > len(source) && strings.EqualFold(address[:len(source)], source) && Web(address[len(source):]) {
		return strings.TrimFunc(address[len(source):], around), true
	}
	for _, start := range readers {
		if len(address) < len(start) || !strings.EqualFold(address[:len(start)], start) {
			continue
		}
		_, query, _ := strings.Cut(address, "?")
		query, _, _ = strings.Cut(query, "#")
		for pair := range strings.SplitSeq(query, "&") {
			value, isPage := strings.CutPrefix(pair, "url=")
			if page, err := url.QueryUnescape(value); isPage && err == nil && Web(page) {
				return page, true
			}
		}
	}
	return "", false
}

// FilePath returns the path in a file: address of this computer.
func FilePath(address string) (path string, ok bool) {
	scheme, rest, _ := cutScheme(address)
	if scheme != "file" {
		return "", false
	}
	if host, found := strings.CutPrefix(rest, "//"); found {
		rest = strings.TrimPrefix(host, "localhost")
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	if path = unescape(rest); !strings.HasPrefix(path, "/") || strings.ContainsRune(path, 0) {
		return "", false
	}
	if len(path) > 2 && path[2] == ':' && isLetter(path[1]) {
		path = path[1:] // a drive of Windows
	}
	return path, true
}

// unescape decodes the percent-encoded bytes of a text and leaves a percent sign that is none alone.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if one, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(one)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
