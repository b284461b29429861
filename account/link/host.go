package link

import (
	"strings"

	"golang.org/x/net/idna"
)

// Read returns what to show for a link and whether it may be opened in a browser: only [Web] links
// may, and the pages within reader views. What is shown is the host that browsers reach, with a port
// other than the scheme's own, and cannot pass for something else: names that look like other names
// stand in punycode (RFC 3492). For other links host is the scheme with its colon, or empty.
func Read(address string) (host string, canOpen bool) {
	if page, ok := Reader(address); ok {
		address = page
	}
	p, reason := parse(address)
	if reason != Fine {
		scheme, _, ok := cutScheme(strings.TrimFunc(address, around))
		if !ok {
			return "", false
		}
		return scheme + ":", false
	}
	return p.shown(readable), true
}

// shown returns name and port with the labels in their own letters that may stand in them.
func (p parts) shown(may func(label string) bool) string {
	labels := strings.Split(p.name, ".")
	for i, label := range labels {
		if !strings.HasPrefix(label, "xn--") {
			continue
		}
		if text, err := idna.Punycode.ToUnicode(label); err == nil && may(text) {
			labels[i] = text
		}
	}
	host := strings.Join(labels, ".")
	if p.port != "" {
		host += ":" + p.port
	}
	return host
}
