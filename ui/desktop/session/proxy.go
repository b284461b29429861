package session

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

const (
	// dialTime, keepAlive and tlsTime are those of net/http's own transport.
	dialTime  = 30 * time.Second
	keepAlive = 30 * time.Second
	tlsTime   = 10 * time.Second
	// idleTime closes unused connections well before the server or a middle box does.
	idleTime = time.Minute
	// idlePerHost keeps a connection for each of the sends that run side by side: the lean program speaks no HTTP/2.
	idlePerHost = 4
)

// Transport makes HTTP requests and WebSocket handshakes through the proxy that the environment names.
func Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTime, KeepAlive: keepAlive}
	return &http.Transport{
		Proxy: Proxy(os.Getenv), DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: tlsTime, IdleConnTimeout: idleTime, MaxIdleConnsPerHost: idlePerHost,
	}
}

// ErrProxy says that a proxy is of a kind that cannot be used. Nothing is sent past it.
var ErrProxy = errors.New("the proxy in the environment is neither http://, https:// nor socks5://")

// Proxy returns the rule of curl and most other programs: http_proxy, https_proxy and, for what they
// leave open, all_proxy; no_proxy takes hosts out. Names are in small letters or capitals. A SOCKS proxy
// (socks5, socks5h, and socks as GNOME writes it) looks names up itself: they are not asked for here.
func Proxy(getenv func(string) string) func(*http.Request) (*url.URL, error) {
	either := func(name string) string { return cmp.Or(getenv(name), getenv(strings.ToUpper(name))) }
	all := either("all_proxy")
	config := httpproxy.Config{
		HTTPProxy:  spelledOut(cmp.Or(either("http_proxy"), all)),
		HTTPSProxy: spelledOut(cmp.Or(either("https_proxy"), all)),
		NoProxy:    either("no_proxy"),
	}
	choose := config.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) {
		proxy, err := choose(r.URL)
		if proxy == nil || err != nil {
			return nil, err
		}
		switch proxy.Scheme {
		case "http", "https", "socks5", "socks5h":
			return proxy, nil
		default:
			return nil, ErrProxy
		}
	}
}

// CheckProxy says that the environment names a proxy that is refused.
func CheckProxy(getenv func(string) string) error {
	choose := Proxy(getenv)
	for _, scheme := range []string{"http", "https"} {
		if _, err := choose(&http.Request{URL: &url.URL{Scheme: scheme, Host: "example.org"}}); err != nil {
			return err
		}
	}
	return nil
}

// spelledOut gives a SOCKS proxy without a version the one that is in use, and makes one that cannot be
// read a proxy that is refused: nothing may go past it.
func spelledOut(proxy string) string {
	const socks = "socks://"
	if len(proxy) >= len(socks) && strings.EqualFold(proxy[:len(socks)], socks) {
		proxy = "socks5://" + proxy[len(socks):]
	}
	full := proxy
	if !strings.Contains(proxy, "://") {
		full = "http://" + proxy
	}
	if _, err := url.Parse(full); err != nil {
		return "unreadable://proxy"
	}
	return proxy
}
