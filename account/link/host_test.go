package link_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/tabferry/tabferry/account/link"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, address, host string
		open                bool
	}{
		{"plain", "https://www.example.com/a?b#c", "www.example.com", true},
		{"upper case", "HTTPS://WWW.Example.COM/", "www.example.com", true},
		{"its own port", "https://example.com:443/", "example.com", true},
		{"another port", "http://example.com:8080/", "example.com:8080", true},
		{"the other's port", "http://example.com:443/", "example.com:443", true},
		{"name in front", "https://www.bank.example@evil.example/", "evil.example", true},
		{"trailing dot", "https://example.com./", "example.com.", true},
		{"IPv4", "http://127.0.0.1:8000/", "127.0.0.1:8000", true},
		{"IPv6", "http://[2001:db8::1]/", "[2001:db8::1]", true},
		{"IPv6 with port", "http://[2001:db8::1]:81/", "[2001:db8::1]:81", true},
		{"German", "https://bücher.example/", "bücher.example", true},
		{"German in punycode", "https://xn--bcher-kva.example/", "bücher.example", true},
		{"Russian", "https://яндекс.рф/", "яндекс.рф", true},
		{"Japanese mixture", "https://日本語ドメイン名例.jp/", "日本語ドメイン名例.jp", true},
		{"Japanese with marks of repetition", "https://佐々木ラーメン.example/", "佐々木ラーメン.example", true},
		{"Romanian", "https://știri.example/", "știri.example", true},
		{"a script of no everyday use", "https://ᚠᚢᚦ.example/", "xn--3veem.example", true},
		{"Korean", "https://한국.example/", "한국.example", true},
		{"Hebrew", "https://דוגמה.example/", "דוגמה.example", true},
		{"all Cyrillic lookalikes", "https://аррӏе.com/", "xn--80ak6aa92e.com", true},
		{"Latin with one Cyrillic", "https://gооgle.com/", "xn--ggle-55da.com", true},
		{"Greek lookalikes", "https://ορον.example/", "xn--yxadah.example", true},
		{"dotless i", "https://mıcrosoft.example/", "xn--mcrosoft-tkb.example", true},
		{"broken punycode", "https://xn--a-\u00e4.example/", "https:", false},
		{"soft hyphen inside", "https://exam\u00adple.com/", "example.com", true},
		{"bidi override", "https://exa\u202emple.com/", "https:", false},
		{"three slashes", "https:///path", "path", true},
		{"no host", "https://?path", "https:", false},
		{"only a port", "https://:443/", "https:", false},
		{"no slashes", "https:example.com", "example.com", true},
		{"empty label", "https://a..example/", "a..example", true},
		{"space", "https://a b.example/", "https:", false},
		{"backslash", `https://good.example\@evil.example/`, "good.example", true},
		{"encoded backslash", "https://good.example%5C@evil.example/", "evil.example", true},
		{"a number", "http://2130706433/", "127.0.0.1", true},
		{"hexadecimal", "http://0x7f.1:80/", "127.0.0.1", true},
		{"octal", "http://0177.0.0.01:8080", "127.0.0.1:8080", true},
		{"IPv4 within IPv6", "http://[::ffff:127.0.0.1]/", "[::ffff:7f00:1]", true},
		{"sharp s", "https://faß.example/", "xn--fa-hia.example", true},
		{"wide letters", "https://ｅｘａｍｐｌｅ．ｃｏｍ/", "example.com", true},
		{"a reader view", "about:reader?url=https%3A%2F%2Fexample.com%2F", "example.com", true},
		{"too long", "https://" + strings.Repeat("a.", 200) + "example/", "https:", false},
		{"line break", "https://good.example\n.evil.example/", "https:", false},
		{"script", "javascript:alert(1)", "javascript:", false},
		{"file", "file:///etc/passwd", "file:", false},
		{"about", "about:config", "about:", false},
		{"data", "data:text/html,x", "data:", false},
		{"no scheme", "www.example.com", "", false},
		{"nothing", "", "", false},
	} {
		host, open := link.Read(c.address)
		if host != c.host || open != c.open {
			t.Errorf("%s: got %q, %v; want %q, %v", c.name, host, open, c.host, c.open)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                          "plain",
		"two\nlines\tand tabs":           "two lines and tabs",
		"\u202egpj.exe\u202c":            "gpj.exe",
		"\u2066isolated\u2069":           "isolated",
		"bell\a and esc \x1b[31mred":     "bell and esc [31mred",
		"a\u200b\ufeffb":                 "ab",
		"family 👨\u200d👩\u200d👧":         "family 👨\u200d👩\u200d👧",
		"  many   spaces  ":              "many spaces",
		"broken \xff utf":                "broken \uFFFD utf",
		"<b>markup is somebody's else's": "<b>markup is somebody's else's",
	} {
		if got := link.Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"https://example.com/", "https://аррӏе.com", "http://[::1]:80", "x:y", "https://xn--80ak6aa92e.com:8443/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		host, open := link.Read(address)
		if _, inside := link.Reader(address); open && !inside && !strings.HasPrefix(strings.ToLower(strings.TrimLeftFunc(address, func(r rune) bool { return r <= ' ' })), "http") {
			t.Errorf("%q may be opened", address)
		}
		if open && host == "" {
			t.Errorf("%q may be opened and shows nothing", address)
		}
		for _, r := range host {
			if unicode.In(r, unicode.Cc, unicode.Cf) || unicode.IsSpace(r) {
				t.Errorf("%q shows the character %U", address, r)
			}
		}
		if !open {
			return
		}
		// What is shown leads to the same place when it is read again.
		again, ok := link.Read("https://" + host + "/")
		if !ok || strings.TrimSuffix(again, ":443") != strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80") && again != host {
			t.Errorf("%q shows as %q, which reads as %q, %v", address, host, again, ok)
		}
	})
}

func FuzzClean(f *testing.F) {
	f.Add("a\u202eb\nc")
	f.Fuzz(func(t *testing.T, text string) {
		clean := link.Clean(text)
		if link.Clean(clean) != clean {
			t.Errorf("cleaning %q twice gives another text", text)
		}
	})
}
