package bounded

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// mostAddresses is how many addresses a limit tells apart at once. A stranger with more of them pushes
// others out of the map, which costs nobody anything: who is not in it has all attempts.
const mostAddresses = 4096

// Limit counts attempts by address: Burst of them at once, and one more with each Every.
type Limit struct {
	clock kit.Clock
	burst float64
	every time.Duration
	spent Map[string, spent]
}

// spent is how many attempts were gone at a monotonic time.
type spent struct {
	count float64
	at    time.Duration
}

// NewLimit returns a limit under which nobody has tried anything.
func NewLimit(clock kit.Clock, burst int, every time.Duration) *Limit {
	return &Limit{clock: clock, burst: float64(burst), every: every, spent: Map[string, spent]{Most: mostAddresses}}
}

// Take takes one attempt, and returns how long to wait where there is none left.
func (l *Limit) Take(address string) (wait time.Duration) {
	l.spent.Edit(address, func(s spent, known bool) (spent, bool) {
		s = l.since(s, known)
		if s.count+1 > l.burst {
			wait = time.Duration((s.count + 1 - l.burst) * float64(l.every))
			return s, true
		}
		s.count++
		return s, true
	})
	return wait
}

// Return gives an attempt back that was none of a stranger.
func (l *Limit) Return(address string) {
	l.spent.Edit(address, func(s spent, known bool) (spent, bool) {
		s = l.since(s, known)
		s.count--
		return s, s.count > 0
	})
}

// since is what is still gone now.
func (l *Limit) since(s spent, known bool) spent {
	now := l.clock.Monotonic()
	if !known {
		return spent{0, now}
	}
	return spent{max(0, s.count-float64(now-s.at)/float64(l.every)), now}
}

// Len is how many addresses are told apart.
func (l *Limit) Len() int { return l.spent.Len() }

// Address is the address a request comes from: of a host, or for IPv6 of its network, since a host has
// the whole of a /64.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return network(host)
}

// Forwarded is Address behind a reverse proxy on this machine: what the proxy says, in the last
// X-Forwarded-For. From anybody else the field says nothing.
func Forwarded(r *http.Request) string {
	direct := Address(r)
	fields := r.Header.Values("X-Forwarded-For")
	if len(fields) == 0 || !kit.Loopback(direct) {
		return direct
	}
	list := strings.Split(fields[len(fields)-1], ",")
	if _, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err != nil {
		return direct
	}
	return network(strings.TrimSpace(list[len(list)-1]))
}

func network(host string) string {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() || ip.IsLoopback() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return host
	}
	return prefix.String()
}
