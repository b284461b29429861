package link_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/link"
)

// TestWhatALinkIs asks every question about the same texts. A want of "=" is the text itself, one
// of "" is a no; why is the reason that One gives.
func TestWhatALinkIs(t *testing.T) {
	for _, c := range []struct {
		name, text           string
		why                  link.Reason
		web, send            bool
		one, typed, copied   string
		opens                string
		pairing, intact, can bool
	}{
		{"plain", "https://example.com/a?b=c#d", "", true, true, "=", "=", "=", "=", false, true, true},
		{"http and a port", "http://localhost:8080", "", true, true, "=", "=", "=", "=", false, true, true},
		{"scheme in capitals", "HTTPS://Example.com", "", true, true, "=", "=", "=", "=", false, true, true},
		{"blanks around", " https://example.org/x\n", "", true, true, "https://example.org/x", "https://example.org/x", "https://example.org/x", "https://example.org/x", false, false, true},
		{"a blank at the end", "https://example.org/x ", "", true, true, "https://example.org/x", "https://example.org/x", "https://example.org/x", "https://example.org/x", false, false, true},
		{"a blank within", "https://example.com/a b?c d", "", true, true, "=", "=", "=", "https://example.com/a%20b?c%20d", false, false, true},
		{"a no-break space", "https://example.com/a\u00a0b", "", true, true, "=", "=", "https://example.com/a", "https://example.com/a%C2%A0b", false, false, true},
		{"a control character of Latin-1", "https://example.com/\u0080", "control", false, false, "", "", "", "", false, false, false},
		{"a line break", "https://example.com/\n--help", "control", false, false, "", "", "https://example.com/", "", false, false, false},
		{"already encoded", "https://example.com/%7Ea?q=%20+x", "", true, true, "=", "=", "=", "=", false, false, true},
		{"letters outside ASCII", "https://example.com/ä?q=ö", "", true, true, "=", "=", "=", "https://example.com/%C3%A4?q=%C3%B6", false, false, true},
		{"a letter outside ASCII and an escape", "https://example.com/日本/AC%2FDC", "", true, true, "=", "=", "=", "https://example.com/%E6%97%A5%E6%9C%AC/AC%2FDC", false, false, true},
		{"a text fragment", "https://example.com/x#:~:text=é%2Cb%2Dc,d", "", true, true, "=", "=", "=", "https://example.com/x#:~:text=%C3%A9%2Cb%2Dc,d", false, false, true},
		{"an escaped ampersand", "https://example.com/#/é?x=a%26b", "", true, true, "=", "=", "=", "https://example.com/#/%C3%A9?x=a%26b", false, false, true},
		{"a final number sign", "https://example.com/é#", "", true, true, "=", "=", "=", "https://example.com/%C3%A9#", false, false, true},
		{"a final question mark", "https://example.com/é?", "", true, true, "=", "=", "=", "https://example.com/%C3%A9?", false, false, true},
		{"a Russian host", "https://почта.рф/я", "", true, true, "=", "=", "=", "https://xn--80a1acny.xn--p1ai/%D1%8F", false, false, true},
		{"a Russian host with name and port", "https://me:pä@почта.рф:8443", "", true, true, "=", "=", "=", "https://me:p%C3%A4@xn--80a1acny.xn--p1ai:8443", false, false, true},
		{"quotes", `https://example.com/?q="x"`, "", true, true, "=", "=", "=", "https://example.com/?q=%22x%22", false, false, true},
		{"signs that only browsers allow", "https://example.com/^{x}`|\\y?|{}#|", "", true, true, "=", "=", "=", "https://example.com/%5E%7Bx%7D%60%7C\\y?%7C%7B%7D#%7C", false, false, true},
		{"a backslash in the query", `https://example.com?a\b`, "", true, true, "=", "=", "=", "https://example.com?a%5Cb", false, false, true},
		{"broken UTF-8", "https://example.com/\xff", "", true, true, "=", "=", "=", "https://example.com/%FF", false, false, true},
		{"a link within", "https://example.org/?u=https:/two.example", "", true, true, "=", "=", "=", "=", false, false, true},
		{"a whole link within", "https://example.org/-/*https://two.example", "", true, true, "=", "=", "=", "=", false, false, true},
		{"a stray per cent sign", "https://example.com/100%", "", true, true, "=", "=", "=", "=", false, false, true},
		{"a stray per cent sign in the fragment", "https://example.com/a#100%", "", true, true, "=", "=", "=", "=", false, false, true},
		{"an underscore in the host", "https://my_site.example.com/", "", true, true, "=", "=", "=", "=", false, true, true},
		{"hyphens at three and four", "https://r5---sn-4g5e6nsz.example.com/", "", true, true, "=", "=", "=", "=", false, true, true},
		{"an empty port", "https://example.com:/x", "", true, true, "=", "=", "=", "=", false, false, true},
		{"a port too high", "https://example.com:65536/x", "bad_port", false, false, "", "", "", "", false, false, false},
		{"a port of letters", "https://example.com:x/", "bad_port", false, false, "", "", "", "", false, false, false},
		{"a number for a host", "http://2130706433/", "", true, true, "=", "=", "=", "=", false, true, true},
		{"a number too high", "http://4294967296/", "bad_host", false, false, "", "", "", "", false, false, false},
		{"a blank in the host", "https://a b.example/", "bad_host", false, false, "", "", "https://a", "", false, false, false},
		{"two links in two lines", "https://a.test/\nhttps://b.test/", "several", false, false, "", "", "", "", false, false, false},
		{"a page's source", "view-source:https://example.org/a?b", "", false, true, "https://example.org/a?b", "https://example.org/a?b", "https://example.org/a?b", "https://example.org/a?b", false, false, true},
		{"a file's source", "view-source:file:///etc/passwd", "other_scheme", false, true, "", "", "", "", false, false, false},
		{"a source's source", "view-source:view-source:https://example.org/", "other_scheme", false, true, "", "", "https://example.org/", "", false, false, false},
		{"two links", "https://a.test https://b.test", "several", false, false, "", "", "", "", false, false, false},
		{"two links with paths", "https://a.test/ https://b.test", "several", true, true, "", "", "", "https://a.test/%20https://b.test", false, false, true},
		{"among words", "see https://example.org", "no_scheme", false, false, "", "", "https://example.org", "", false, false, false},
		{"invisible characters around", "\ufeffhttps://example.org/zw\u200b\u200e", "", false, false, "https://example.org/zw", "https://example.org/zw", "https://example.org/zw", "", false, false, false},
		{"a Persian joiner", "https://example.org/می\u200cخواهم", "", true, true, "=", "=", "=", "https://example.org/%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85", false, false, true},
		{"too long to be copied", "https://example.org/" + strings.Repeat("x", 70<<10), "", true, true, "=", "=", "", "=", false, true, true},
		{"a pairing code", "https://accounts.example/pair#channel_id=a&channel_key=b", "", true, true, "=", "=", "", "=", true, true, true},
		{"a pairing code and a line end", "https://accounts.example/pair#channel_id=a&channel_key=b\n", "", true, true, "https://accounts.example/pair#channel_id=a&channel_key=b", "https://accounts.example/pair#channel_id=a&channel_key=b", "", "https://accounts.example/pair#channel_id=a&channel_key=b", true, true, true},
		{"a pairing page without channel", "https://accounts.example/pair", "", true, true, "=", "=", "=", "=", false, true, true},
		{"a channel on another page", "https://accounts.example/x#channel_id=a", "", true, true, "=", "=", "=", "=", false, true, true},
		{"three slashes", "https:///path", "", true, true, "=", "=", "=", "=", false, true, true},
		{"no slashes", "https:example.com", "", true, true, "=", "=", "=", "=", false, true, true},
		{"only a scheme", "https://", "no_host", false, false, "", "", "", "", false, false, false},
		{"a port without host", "https://:80/", "bad_host", false, false, "", "", "", "", false, false, false},
		{"a reader view", "about:reader?url=https%3A%2F%2Fexample.org%2Fa%252Fb", "", false, true, "https://example.org/a%2Fb", "https://example.org/a%2Fb", "https://example.org/a%2Fb", "https://example.org/a%2Fb", false, false, true},
		{"a reader view of a phone", "moz-extension://0b/readerview.html?id=1&url=https%3A%2F%2Fexample.org%2F%3Fa%3Db#x", "", false, true, "https://example.org/?a=b", "https://example.org/?a=b", "https://example.org/?a=b", "https://example.org/?a=b", false, false, true},
		{"a reader view of a script", "about:reader?url=javascript%3Aalert(1)", "other_scheme", false, true, "", "", "", "", false, false, false},
		{"bare host and path", "example.org/x", "no_scheme", false, false, "", "https://example.org/x", "", "", false, false, false},
		{"bare host", "www.example.org", "no_scheme", false, false, "", "https://www.example.org", "", "", false, false, false},
		{"a word", "example", "no_scheme", false, false, "", "", "", "", false, false, false},
		{"two words", "two words.example", "no_scheme", false, false, "", "", "", "", false, false, false},
		{"an address of mail", "me@example.org", "no_scheme", false, false, "", "", "", "", false, false, false},
		{"a file", "file:///etc/passwd", "other_scheme", false, true, "", "", "", "", false, false, false},
		{"a script", "javascript:alert(1)", "other_scheme", false, true, "", "", "", "", false, false, false},
		{"about", "about:config", "other_scheme", false, true, "", "", "", "", false, false, false},
		{"ftp", "ftp://example.org", "other_scheme", false, true, "", "", "", "", false, false, false},
		{"smb", "smb://host/share", "other_scheme", false, true, "", "", "", "", false, false, false},
		{"an option", "--help", "no_scheme", false, false, "", "", "", "", false, false, false},
		{"a dot", ".", "no_scheme", false, false, "", "", "", "", false, false, false},
		{"nothing", "", "nothing", false, false, "", "", "", "", false, false, false},
		{"only blanks", " \n", "nothing", false, false, "", "", "", "", false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for question, a := range map[string][2]bool{
				"Web": {link.Web(c.text), c.web}, "Sendable": {link.Sendable(c.text), c.send},
				"Pairing": {link.Pairing(c.text), c.pairing}, "Intact": {link.Intact(c.text), c.intact},
			} {
				if a[0] != a[1] {
					t.Errorf("%s is %v", question, a[0])
				}
			}
			one, why := link.One(c.text)
			if why != c.why {
				t.Errorf("refused for %q, want %q", why, c.why)
			}
			typed, _ := link.Typed(c.text)
			copied, _ := link.Copied(c.text)
			opens, err := link.ForOpener(c.text)
			if err != nil && !errors.Is(err, link.ErrNotWeb) {
				t.Errorf("error %v is not ErrNotWeb", err)
			}
			for _, a := range [][3]string{{"One", one, c.one}, {"Typed", typed, c.typed}, {"Copied", copied, c.copied}, {"ForOpener", opens, c.opens}} {
				if a[2] == "=" {
					a[2] = c.text
				}
				if a[1] != a[2] {
					t.Errorf("%s is %.80q; want %.80q", a[0], a[1], a[2])
				}
			}
			if _, can := link.Read(c.text); can != c.can {
				t.Errorf("Read says %v", can)
			}
		})
	}
}

func TestShown(t *testing.T) {
	for _, c := range []struct{ address, short, label string }{
		{"https://example.org", "example.org", "example.org"},
		{"https://www.example.org/", "example.org", "www.example.org"},
		{"https://example.org:8443/x", "example.org:8443/x", "example.org:8443/x"},
		{"https://user:password@example.org/x", "example.org/x", "example.org/x"},
		{"https://example.org/?token=secret", "example.org/?…", "example.org…"},
		{"https://example.org/a/b?c=d#e", "example.org/a/b?…", "example.org/a/b…"},
		{"https://example.org/a#secret", "example.org/a", "example.org/a…"},
		{"https://example.org/%C3%A4%20b", "example.org/%C3%A4%20b", "example.org/ä b"},
		{"https://bücher.example/", "bücher.example", "bücher.example"},
		{"https://аррӏе.example/", "аррӏе.example", "xn--80ak6aa92e.example"},
		{"https://paypaı.example/", "paypaı.example", "xn--paypa-r4a.example"},
		{"https://a_b.example/x", "a_b.example/x", "a_b.example/x"},
		{"http://2130706433/x", "127.0.0.1/x", "127.0.0.1/x"},
		{"https://example.org/100%", "example.org/100%", "example.org/100%"},
		{"no link %", "no link %", ""},
	} {
		if short, label := link.Short(c.address), link.Label(c.address); short != c.short || label != c.label {
			t.Errorf("%q: %q and %q, want %q and %q", c.address, short, label, c.short, c.label)
		}
	}
	for text, want := range map[string]string{"https://a.test/x?secret=1": "https://a.test/x…", "a#secret": "a…", "words": "words"} {
		if got := link.WithoutQuery(text); got != want {
			t.Errorf("%q without its query is %q", text, got)
		}
	}
}

func FuzzLabel(f *testing.F) {
	f.Add("https://example.org/a?b#c")
	f.Add("https://xn--80ak6aa92e.example/%ff%0a")
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := link.Copied(text)
		if !ok {
			return
		}
		if !link.Web(address) {
			t.Errorf("%q is taken for a copied link", address)
		}
		if got := link.Label(address); strings.Contains(got, "?") && !strings.Contains(strings.ToUpper(address), "%3F") {
			t.Errorf("%q shows its query: %q", address, got)
		}
	})
}
