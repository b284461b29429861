package session_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

func TestProxy(t *testing.T) {
	const socks, web = "socks5://127.0.0.1:1080", "http://10.0.0.1:3128"
	for name, c := range map[string]struct {
		env  map[string]string
		url  string
		want string // empty for none, "!" for a refusal
	}{
		"none":                   {nil, "https://a.example/", ""},
		"all":                    {map[string]string{"ALL_PROXY": socks}, "https://a.example/", socks},
		"all, small":             {map[string]string{"all_proxy": socks}, "http://a.example/", socks},
		"as GNOME writes it":     {map[string]string{"ALL_PROXY": "socks://127.0.0.1:1080/"}, "https://a.example/", socks + "/"},
		"in capitals":            {map[string]string{"all_proxy": "SOCKS://127.0.0.1:1080"}, "https://a.example/", socks},
		"socks5h":                {map[string]string{"ALL_PROXY": "socks5h://127.0.0.1:1080"}, "https://a.example/", "socks5h://127.0.0.1:1080"},
		"https before all":       {map[string]string{"ALL_PROXY": socks, "https_proxy": web}, "https://a.example/", web},
		"http for http only":     {map[string]string{"http_proxy": web}, "https://a.example/", ""},
		"socks in https_proxy":   {map[string]string{"https_proxy": "socks://127.0.0.1:1080"}, "https://a.example/", socks},
		"no_proxy":               {map[string]string{"ALL_PROXY": socks, "NO_PROXY": "a.example,10.0.0.0/8"}, "https://sub.a.example/", ""},
		"no_proxy of a net":      {map[string]string{"ALL_PROXY": socks, "no_proxy": "10.0.0.0/8"}, "https://10.1.2.3/", ""},
		"no_proxy for all":       {map[string]string{"ALL_PROXY": socks, "no_proxy": "*"}, "https://a.example/", ""},
		"no_proxy for others":    {map[string]string{"ALL_PROXY": socks, "no_proxy": "b.example"}, "https://a.example/", socks},
		"this machine":           {map[string]string{"ALL_PROXY": socks}, "http://127.0.0.1:1/", ""},
		"bare host":              {map[string]string{"https_proxy": "10.0.0.1:3128"}, "https://a.example/", web},
		"of a kind nobody knows": {map[string]string{"ALL_PROXY": "socks4://127.0.0.1:1080"}, "https://a.example/", "!"},
		"unreadable":             {map[string]string{"ALL_PROXY": "http://[::1"}, "https://a.example/", "!"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		u, err := session.Proxy(func(name string) string { return c.env[name] })(r)
		got := ""
		switch {
		case err != nil:
			got = "!"
		case u != nil:
			got = u.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, c.want, err)
		}
		if err := session.CheckProxy(func(name string) string { return c.env[name] }); (err != nil) != (c.want == "!") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSOCKSProxyLooksNamesUp: whatever is asked for, by request or by WebSocket, the proxy gets the name
// itself, as SOCKS5 has it (RFC 1928), and never an HTTP CONNECT.
func TestSOCKSProxyLooksNamesUp(t *testing.T) {
	for _, variable := range []string{"ALL_PROXY", "https_proxy"} {
		for _, scheme := range []string{"socks", "socks5", "socks5h"} {
			t.Run(variable+" "+scheme, func(t *testing.T) {
				asked := make(chan string, 2)
				for _, name := range []string{"ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
					t.Setenv(name, "")
				}
				t.Setenv(variable, scheme+"://"+socksProxy(t, asked))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				client := &http.Client{Transport: session.Transport()}
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://nowhere.invalid/", nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := client.Do(r); err == nil {
					t.Error("the proxy refuses everything")
				}
				_, _, err = websocket.Dial(ctx, "wss://push.invalid/", &websocket.DialOptions{HTTPClient: client})
				if err == nil {
					t.Error("the proxy refuses everything")
				}
				for _, want := range []string{"nowhere.invalid:443", "push.invalid:443"} {
					if got := <-asked; got != want {
						t.Errorf("the proxy was asked for %q, want %q", got, want)
					}
				}
			})
		}
	}
}

// socksProxy refuses every connection, and tells what it was asked for.
func socksProxy(t *testing.T, asked chan<- string) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			asked <- refuse(conn)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

func refuse(conn net.Conn) string {
	in := bufio.NewReader(conn)
	greeting := make([]byte, 2)
	if _, err := io.ReadFull(in, greeting); err != nil || greeting[0] != 5 {
		return "no SOCKS5: " + string(greeting)
	}
	if _, err := in.Discard(int(greeting[1])); err != nil {
		return err.Error()
	}
	if _, err := conn.Write([]byte{5, 0}); err != nil {
		return err.Error()
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(in, head); err != nil || head[3] != 3 {
		return "no name"
	}
	name := make([]byte, int(head[4])+2)
	if _, err := io.ReadFull(in, name); err != nil {
		return err.Error()
	}
	_, _ = conn.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0}) // host unreachable
	return fmt.Sprintf("%s:%d", name[:head[4]], binary.BigEndian.Uint16(name[head[4]:]))
}
