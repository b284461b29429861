package kit

import (
	"net"
	"strings"
)

// Loopback reports whether host, as [net/url.URL.Hostname] returns it, is this
// machine: the name localhost in any case (RFC 6761, section 6.3) or a loopback
// address. Nothing is looked up, so that no name server can answer for it.
func Loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
