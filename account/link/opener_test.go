package link_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/tabferry/tabferry/account/link"
)

// FuzzForOpener states what a link goes through: every byte that is handed over is the one that came
// or its escape, browsers go to the same page with both, and all questions refuse the same texts.
func FuzzForOpener(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/日本/AC%2FDC", "https://example.com/x#:~:text=é%2Cb%2Dc,d", "https://пример.рф/a b?c=%26#", `http:\\a\b@c.example\d?e\f`,
		"https://example.com/100%", "https://u:pä@[::1]:80/{|}", "https:///x", "http://2130706433", " https://a_b.example:/\xff ",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		out, err := link.ForOpener(address)
		host, open := link.Read(address)
		if page, ok := link.Reader(address); ok {
			if again, _ := link.ForOpener(page); again != out || !open {
				t.Errorf("%q and the page within go two ways", address)
			}
			return
		}
		refused := link.Check(address) != link.Fine
		if link.Web(address) == refused || open == refused || (err != nil) != refused {
			t.Fatalf("%q: two answers", address)
		}
		if one, why := link.One(address); why == link.Fine && !link.Web(one) {
			t.Errorf("%q is read as %q, which is no link", address, one)
		}
		for _, found := range link.Find(address, 9) {
			if !link.Web(found) || !link.Sendable(found) {
				t.Errorf("%q: found %q, which is refused", address, found)
			}
		}
		if refused {
			if typed, why := link.Typed(address); why == link.Fine && !link.Web(typed) {
				t.Errorf("%q can be typed", address)
			}
			return
		}
		came := strings.TrimFunc(address, func(r rune) bool { return r <= ' ' })
		cut := regexp.MustCompile(`(?s)^([A-Za-z]+:[/\\]*(?:[^/\\?#]*@)?)([^/\\?#]*)(.*)$`)
		a, b := cut.FindStringSubmatch(came), cut.FindStringSubmatch(out)
		if a == nil || b == nil || !inPlace(a[1], b[1]) || !inPlace(a[3], b[3]) {
			t.Fatalf("%q is opened as %q", address, out)
		}
		if again, _ := link.Read(out); again != host || a[2] != b[2] && !strings.ContainsFunc(a[2], special) {
			t.Errorf("%q leads to %q, and opened to %q", address, host, again)
		}
		if strings.ContainsFunc(out, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q is opened as %q", address, out)
		}
		if utf8.ValidString(came) && href(came) != href(out) {
			t.Errorf("%q is %q to browsers, opened %q", address, href(came), href(out))
		}
	})
}

// special reports whether openers may not take r.
func special(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }

// inPlace reports whether out is in with special bytes percent-encoded and nothing else changed.
func inPlace(in, out string) bool {
	for _, c := range []byte(in) {
		switch {
		case out == "":
			return false
		case out[0] == c:
			out = out[1:]
		case len(out) >= 3 && (c >= 0x80 || special(rune(c))):
			one, err := url.PathUnescape(out[:3])
			if err != nil || one != string([]byte{c}) {
				return false
			}
			out = out[3:]
		default:
			return false
		}
	}
	return out == ""
}

// href is where a browser goes, with all escapes decoded that are some.
func href(address string) string {
	u, err := whatwg.Parse(address)
	if err != nil {
		return err.Error()
	}
	return regexp.MustCompile(`%[0-9a-fA-F]{2}`).ReplaceAllStringFunc(u.Href(false), func(e string) string {
		one, _ := url.PathUnescape(e)
		return one
	})
}

// TestReportedLinks reads the links of the reports: kind, way, link, what is right, what was wrong.
func TestReportedLinks(t *testing.T) {
	content, err := os.ReadFile("testdata/links.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		address, right := f[2], strings.TrimPrefix(f[3], "…")
		opened, err := link.ForOpener(address)
		switch f[0] {
		case "K1", "K2":
			if _, open := link.Read(address); !open || !link.Sendable(address) || err != nil || opened != address {
				t.Errorf("%s is opened as %q, %v", address, opened, err)
			}
		case "K3":
			if err != nil || !strings.HasSuffix(opened, right) {
				t.Errorf("%s is opened as %q, want …%s", address, opened, right)
			}
		case "K4":
			if found := link.Find(address, 9); len(found) != 1 || found[0] != address {
				t.Errorf("%s is found as %q", address, found)
			}
		case "K9":
			if path, ok := link.FilePath(address); !ok || path != strings.TrimPrefix(address, "file://") {
				t.Errorf("%s is the file %q", address, path)
			}
		}
	}
}

func TestFilePath(t *testing.T) {
	for address, want := range map[string]string{
		"file:///home/u/a%20b%C3%A9.url": "/home/u/a bé.url", "FILE://localhost/x#y": "/x", "file:/x?y": "/x", "file:///C:/x.url": "C:/x.url",
		"file:///100%": "/100%", "file://server/share": "", "file:x": "", "https://x/": "", "file:///a%00b": "",
	} {
		if got, ok := link.FilePath(address); got != want || ok != (want != "") {
			t.Errorf("%s is %q", address, got)
		}
	}
}
