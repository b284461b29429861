package kit

import (
	"net"
	"net/url"
	"strings"
)

// Loopback reports whether host, as [net/url.URL.Hostname] returns it, is this
// machine: the name localhost in any case (RFC 6761, section 6.3) or a loopback
// address. Nothing is looked up, so that no name server can answer for it.
func Loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// SecureURL reports whether u has a host and may be trusted with what must not be overheard: it has the
// secure scheme, or the plain one towards this machine.
func SecureURL(u *url.URL, secure, plain string) bool {
	return u.Host != "" && (u.Scheme == secure || u.Scheme == plain && Loopback(u.Hostname()))
}
