package link

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// maxHost is the longest host that is shown whole, in characters; DNS names end at 253.
const maxHost = 253

// Read returns what to show for a link and whether it may be opened in a browser: only http and https
// with a host that can be looked up. What is shown cannot pass for something else: names that look
// like other names stand in punycode (RFC 3492). For other links host is the scheme with its colon,
// or empty.
func Read(address string) (host string, canOpen bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return "", false
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "" {
		return u.Scheme + ":", false
	}
	name, ok := showName(u.Hostname())
	if !ok || !validPort(u) {
		return u.Scheme + ":", false
	}
	if port := u.Port(); port != "" && !(u.Scheme == "http" && port == "80") && !(u.Scheme == "https" && port == "443") {
		name = net.JoinHostPort(strings.Trim(name, "[]"), port)
	}
	return name, true
}

// validPort refuses "host:" oddities that browsers and we might read differently.
func validPort(u *url.URL) bool {
	return u.Port() != "" || !strings.HasSuffix(u.Host, ":")
}

// showName returns the form of a host name that is safe to show; false when it is none.
func showName(host string) (string, bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Is6() {
			return "[" + addr.String() + "]", true
		}
		return addr.String(), true
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil || ascii == "" || len(ascii) > maxHost {
		return "", false
	}
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", false // not a name that could be looked up, for example from broken UTF-8
	}
	labels := strings.Split(ascii, ".")
	for i, label := range labels {
		if label == "" {
			return "", false
		}
		if !strings.HasPrefix(label, "xn--") {
			continue
		}
		if text, err := idna.Punycode.ToUnicode(label); err == nil && readable(text) {
			labels[i] = text
		}
	}
	return strings.Join(labels, "."), true
}
