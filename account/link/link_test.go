package link_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/link"
)

// TestWhatALinkIs asks every question about the same texts. A want of "=" is the text itself, one
// of "" is a no.
func TestWhatALinkIs(t *testing.T) {
	for _, c := range []struct {
		name, text               string
		web, piece, send         bool
		typed, copied, opens     string
		pairing, intact, canOpen bool
	}{
		{"plain", "https://example.com/a?b=c#d", true, true, true, "=", "=", "=", false, true, true},
		{"http and a port", "http://localhost:8080", true, true, true, "=", "=", "=", false, true, true},
		{"scheme in capitals", "HTTPS://Example.com", true, true, true, "=", "=", "=", false, true, true},
		{"blanks around", " https://example.org/x\n", false, false, false, "https://example.org/x", "https://example.org/x", "", false, false, false},
		{"a blank at the end", "https://example.org/x ", true, false, false, "https://example.org/x", "https://example.org/x", "https://example.org/x%20", false, false, true},
		{"a blank within", "https://example.com/a b?c d", true, false, false, "", "", "https://example.com/a%20b?c%20d", false, false, true},
		{"a no-break space", "https://example.com/a\u00a0b", true, false, true, "", "", "https://example.com/a%C2%A0b", false, false, true},
		{"a control character of Latin-1", "https://example.com/\u0080", true, false, true, "=", "", "", false, false, true},
		{"a line break", "https://example.com/\n--help", false, false, false, "", "", "", false, false, false},
		{"already encoded", "https://example.com/%7Ea?q=%20+x", true, true, true, "=", "=", "=", false, false, true},
		{"letters outside ASCII", "https://example.com/ä?q=ö", true, true, true, "=", "=", "https://example.com/%C3%A4?q=%C3%B6", false, false, true},
		{"quotes", `https://example.com/?q="x"`, true, true, true, "=", "=", "https://example.com/?q=%22x%22", false, false, true},
		{"a link within", "https://example.org/?u=https:/two.example", true, true, true, "=", "=", "=", false, false, true},
		{"a stray per cent sign", "https://example.com/100%", false, false, false, "", "", "", false, false, false},
		{"an underscore in the host", "https://my_site.example.com/", true, true, true, "=", "=", "=", false, true, false},
		{"two links", "https://a.test https://b.test", false, false, false, "", "", "", false, false, false},
		{"among words", "see https://example.org", false, false, false, "", "", "", false, false, false},
		{"too long to be copied", "https://example.org/" + strings.Repeat("x", 70<<10), true, true, true, "=", "", "=", false, true, true},
		{"a pairing code", "https://accounts.example/pair#channel_id=a&channel_key=b", true, true, true, "=", "", "=", true, true, true},
		{"a pairing code and a line end", "https://accounts.example/pair#channel_id=a&channel_key=b\n", true, false, false, "https://accounts.example/pair#channel_id=a&channel_key=b", "", "", true, false, true},
		{"a pairing page without channel", "https://accounts.example/pair", true, true, true, "=", "=", "=", false, true, true},
		{"a channel on another page", "https://accounts.example/x#channel_id=a", true, true, true, "=", "=", "=", false, true, true},
		{"no host", "https:///path", false, false, true, "", "", "", false, false, false},
		{"only a scheme", "https://", false, false, false, "", "", "", false, false, false},
		{"a port without host", "https://:80/", false, false, true, "", "", "", false, false, false},
		{"bare host and path", "example.org/x", false, false, false, "https://example.org/x", "", "", false, false, false},
		{"bare host", "www.example.org", false, false, false, "https://www.example.org", "", "", false, false, false},
		{"a word", "example", false, false, false, "", "", "", false, false, false},
		{"two words", "two words.example", false, false, false, "", "", "", false, false, false},
		{"an address of mail", "me@example.org", false, false, false, "", "", "", false, false, false},
		{"a file", "file:///etc/passwd", false, false, true, "", "", "", false, false, false},
		{"a script", "javascript:alert(1)", false, false, true, "", "", "", false, false, false},
		{"about", "about:config", false, false, true, "", "", "", false, false, false},
		{"ftp", "ftp://example.org", false, false, true, "", "", "", false, false, false},
		{"smb", "smb://host/share", false, false, true, "", "", "", false, false, false},
		{"an option", "--help", false, false, false, "", "", "", false, false, false},
		{"a dot", ".", false, false, false, "", "", "", false, false, false},
		{"nothing", "", false, false, false, "", "", "", false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for question, a := range map[string][2]bool{
				"Web": {link.Web(c.text), c.web}, "OnePiece": {link.OnePiece(c.text), c.piece}, "Sendable": {link.Sendable(c.text), c.send},
				"Pairing": {link.Pairing(c.text), c.pairing}, "Intact": {link.Intact(c.text), c.intact},
			} {
				if a[0] != a[1] {
					t.Errorf("%s is %v", question, a[0])
				}
			}
			typed, okTyped := link.Typed(c.text)
			copied, okCopied := link.Copied(c.text)
			opens, err := link.ForOpener(c.text)
			if err != nil && !errors.Is(err, link.ErrNotWeb) {
				t.Errorf("error %v is not ErrNotWeb", err)
			}
			for _, a := range []struct {
				question, got string
				ok            bool
				want          string
			}{{"Typed", typed, okTyped, c.typed}, {"Copied", copied, okCopied, c.copied}, {"ForOpener", opens, err == nil, c.opens}} {
				if want := strings.Replace(a.want, "=", c.text, 1); a.want != "=" && (a.got != a.want || a.ok != (a.want != "")) || a.want == "=" && a.got != want {
					t.Errorf("%s is %.60q, %v; want %.60q", a.question, a.got, a.ok, a.want)
				}
			}
			if _, can := link.Read(c.text); can != c.canOpen {
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
		if !link.OnePiece(address) {
			t.Errorf("%q is taken for a copied link", address)
		}
		if got := link.Label(address); strings.Contains(got, "?") && !strings.Contains(strings.ToUpper(address), "%3F") {
			t.Errorf("%q shows its query: %q", address, got)
		}
	})
}
