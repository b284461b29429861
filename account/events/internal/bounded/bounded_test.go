package bounded_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/events/internal/bounded"
	"github.com/tabferry/tabferry/account/internal/kit"
)

func TestMapForgetsWhatWasUsedLeast(t *testing.T) {
	m := bounded.Map[string, int]{Most: 3}
	for i, key := range []string{"a", "b", "c"} {
		m.Put(key, i)
	}
	m.Get("a")
	m.Put("d", 3)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if _, known := m.Get(key); known != want {
			t.Errorf("%s: %v, want %v", key, known, want)
		}
	}
	m.Edit("a", func(v int, known bool) (int, bool) { return 0, false })
	if _, known := m.Get("a"); known || m.Len() != 2 {
		t.Errorf("a removed entry is there, of %d", m.Len())
	}
	m.Edit("never", func(v int, known bool) (int, bool) { return 0, known })
	for i := range 10_000 {
		m.Put(fmt.Sprint(i), i)
	}
	if m.Len() != 3 {
		t.Errorf("%d entries, want 3", m.Len())
	}
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bounded.NewLimit(kit.System(), 3, time.Second)
		for range 3 {
			if wait := l.Take("a"); wait != 0 {
				t.Errorf("a wait of %v within the burst", wait)
			}
		}
		if wait := l.Take("a"); wait != time.Second {
			t.Errorf("beyond the burst: %v", wait)
		}
		if wait := l.Take("b"); wait != 0 {
			t.Errorf("another address: %v", wait)
		}
		l.Return("b")
		l.Return("b")
		time.Sleep(500 * time.Millisecond)
		if wait := l.Take("a"); wait != 500*time.Millisecond {
			t.Errorf("half a second later: %v", wait)
		}
		time.Sleep(time.Hour)
		for range 3 {
			l.Take("a")
		}
		if wait := l.Take("a"); wait != time.Second {
			t.Errorf("an hour makes more than the burst: %v", wait)
		}
		if l.Len() != 1 {
			t.Errorf("%d addresses; one that has given all back is not worth keeping", l.Len())
		}
	})
}

func TestAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		direct    string
		behind    string
	}{
		"a host":            {"192.0.2.1:99", nil, "192.0.2.1", "192.0.2.1"},
		"a host that lies":  {"192.0.2.1:99", []string{"198.51.100.1"}, "192.0.2.1", "192.0.2.1"},
		"by the proxy":      {"127.0.0.1:99", []string{"198.51.100.1"}, "127.0.0.1", "198.51.100.1"},
		"by several":        {"[::1]:99", []string{"10.0.0.1", "evil, 198.51.100.1"}, "::1", "198.51.100.1"},
		"the proxy is odd":  {"127.0.0.1:99", []string{"unknown"}, "127.0.0.1", "127.0.0.1"},
		"an IPv6 network":   {"[2001:db8:1:2:3:4:5:6]:99", nil, "2001:db8:1:2::/64", "2001:db8:1:2::/64"},
		"IPv4 in IPv6":      {"[::ffff:192.0.2.1]:99", nil, "192.0.2.1", "192.0.2.1"},
		"IPv6 by the proxy": {"127.0.0.1:99", []string{"2001:db8:1:2::9"}, "127.0.0.1", "2001:db8:1:2::/64"},
		"a socket":          {"@", nil, "@", "@"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := bounded.Address(r); got != c.direct {
			t.Errorf("%s: %s, want %s", name, got, c.direct)
		}
		if got := bounded.Forwarded(r); got != c.behind {
			t.Errorf("%s behind a proxy: %s, want %s", name, got, c.behind)
		}
	}
}
