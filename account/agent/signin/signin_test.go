package signin

import (
	"net/url"
	"strings"
	"testing"
)

func TestRedirects(t *testing.T) {
	for redirect, want := range map[string]bool{
		"http://127.0.0.1:8080/x": true, "http://localhost:1/": true, "http://[::1]:99/a": true, "http://127.9.9.9:1": true,
		"http://127.0.0.1/x": false, "https://127.0.0.1:8080/x": false, "http://example.com:80/": false, "http://10.0.0.1:80/": false,
		"urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel": false, "": false, "http://localhost.evil.example:1/": false,
	} {
		u, err := url.Parse(redirect)
		if got := err == nil && toThisMachine(u); got != want {
			t.Errorf("%q: %v", redirect, got)
		}
	}
	if got := withEmail("https://a.example/?x=1", "a+b@example.com"); got != "https://a.example/?x=1&email=a%2Bb%40example.com" {
		t.Errorf("with an address: %q", got)
	}
	for _, page := range []string{"https://a.example/?email=other@example.com", "https://a.example/"} {
		if got := withEmail(page, map[bool]string{true: "a@example.com", false: ""}[strings.Contains(page, "email")]); got != page {
			t.Errorf("%q becomes %q", page, got)
		}
	}
}
