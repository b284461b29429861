package window

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

func addresses(links []localapi.Link) []string {
	var list []string
	for _, l := range links {
		list = append(list, l.URL)
	}
	return list
}

func TestFindLinks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"one", "https://example.org/a?b=c#d", []string{"https://example.org/a?b=c#d"}},
		{"none", "just words, and ftp://files.example", nil},
		{"in a sentence", "See https://example.org/a, or http://two.example!", []string{"https://example.org/a", "http://two.example"}},
		{"in brackets", "(https://example.org/wiki/Ferry_(boat))", []string{"https://example.org/wiki/Ferry_(boat)"}},
		{"in quotes", `<a href="https://example.org/x">`, []string{"https://example.org/x"}},
		{"each once", "https://a.example https://a.example", []string{"https://a.example"}},
		{"any case", "HTTPS://Example.org", []string{"HTTPS://Example.org"}},
		{"part of another scheme", "view-source:https://a.example xhttps://b.example", []string{"https://a.example"}},
		{"no host", "https:///path http://", nil},
		{"lines", "https://a.example\r\nhttps://b.example\n", []string{"https://a.example", "https://b.example"}},
		{"empty", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := addresses(findLinks(c.text)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if n := len(findLinks(strings.Repeat("https://a.example/"+strings.Repeat("x", 3)+" ", 3))); n != 1 {
		t.Errorf("%d links, want one", n)
	}
}

func FuzzFindLinks(f *testing.F) {
	f.Add("see https://example.org/a, (http://b.example/c) and https://")
	f.Add("http://http://https://x")
	f.Fuzz(func(t *testing.T, text string) {
		links := findLinks(text)
		if len(links) > maxLinks {
			t.Fatalf("%d links", len(links))
		}
		for _, l := range links {
			if !isLink(l.URL) || !strings.Contains(text, l.URL) {
				t.Errorf("%q is no link in the text", l.URL)
			}
			if again := addresses(findLinks(l.URL)); len(again) == 0 || again[0] != l.URL {
				t.Errorf("%q reads as %q alone", l.URL, again)
			}
		}
	})
}

func TestTypedLink(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{" https://example.org/x ", "https://example.org/x"},
		{"example.org/x", "https://example.org/x"},
		{"www.example.org", "https://www.example.org"},
		{"example", ""},
		{"two words.example", ""},
		{"me@example.org", ""},
		{"file:///etc/hosts", ""},
		{"javascript:alert(1)", ""},
		{"ftp://example.org", ""},
		{".", ""},
		{"", ""},
	} {
		got, ok := typedLink(c.text)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.text, got, ok, c.want)
		}
	}
}

func TestDroppedLinksThatMayHaveChangedAreRefused(t *testing.T) {
	for text, want := range map[string]bool{
		"https://example.org/a?b=c":                 true,
		"https://example.org/a%20b":                 false,
		"https://example.org/a b":                   false,
		"https://example.org/grüße":                 false,
		"https://example.org/\"x\"":                 false,
		"file:///home/a/picture.png":                false,
		"https://example.org/?u=https:/two.example": false,
	} {
		if _, ok := droppedLink(text); ok != want {
			t.Errorf("%q: %v, want %v", text, ok, want)
		}
	}
}

func TestLinkInDrop(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/https:/example.org/a": "https://example.org/a",
		"/http:/example.org":            "http://example.org",
		"https://example.org/a":         "https://example.org/a",
		"/home/me/notes.txt":            "",
	} {
		if got, ok := linkInDrop(path); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", path, got, ok, want)
		}
	}
}

func binaryPlist(address string) []byte {
	head := []byte("bplist00\xd1\x01\x02SURL")
	switch n := len(address); {
	case n < 15:
		head = append(head, 0x50|byte(n))
	case n < 256:
		head = append(head, 0x5f, 0x10, byte(n))
	default:
		head = binary.BigEndian.AppendUint16(append(head, 0x5f, 0x11), uint16(n))
	}
	return append(append(head, address...), "\x08\x0b\x0f"...)
}

func TestLinksInFiles(t *testing.T) {
	long := "https://example.org/" + strings.Repeat("x", 300)
	for _, c := range []struct {
		name, file, content string
		want                []localapi.Link
	}{
		{"shortcut", "Ferry.url", "[InternetShortcut]\r\nURL=https://example.org/a\r\nIconIndex=0\r\n", []localapi.Link{{URL: "https://example.org/a", Title: "Ferry"}}},
		{"shortcut without link", "x.url", "[Other]\nURL=https://example.org\n", nil},
		{"desktop entry", "x.desktop", "[Desktop Entry]\nType=Link\nName=A ferry\nURL=https://example.org/a\n[Desktop Action x]\nName=Other\n", []localapi.Link{{URL: "https://example.org/a", Title: "A ferry"}}},
		{"desktop entry of a program", "x.desktop", "[Desktop Entry]\nExec=rm -rf\nURL=file:///x\n", nil},
		{"webloc", "x.webloc", `<?xml version="1.0"?><plist version="1.0"><dict><key>URL</key><string>https://example.org/a?b=1&amp;c=2</string></dict></plist>`, []localapi.Link{{URL: "https://example.org/a?b=1&c=2"}}},
		{"binary webloc", "x.webloc", string(binaryPlist("https://example.org/a")), []localapi.Link{{URL: "https://example.org/a"}}},
		{"short binary webloc", "x.webloc", string(binaryPlist("http://a.b/c")), []localapi.Link{{URL: "http://a.b/c"}}},
		{"long binary webloc", "x.webloc", string(binaryPlist(long)), []localapi.Link{{URL: long}}},
		{"cut binary webloc", "x.webloc", string(binaryPlist("https://example.org/a")[:30]), nil},
		{"page", "x.html", `<p><a href="https://a.example/">An <b>important</b> page</a> <a href="#top">top</a> <A HREF='http://b.example'>B</A>`, []localapi.Link{{URL: "https://a.example/", Title: "An important page"}, {URL: "http://b.example", Title: "B"}}},
		{"text", "notes.txt", "one https://a.example two", []localapi.Link{{URL: "https://a.example"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := linksInFile(c.file, []byte(c.content)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzLinksInFile(f *testing.F) {
	f.Add("x.webloc", binaryPlist("https://example.org/a"))
	f.Add("x.html", []byte(`<a href="https://a.example/">x</a>`))
	f.Add("x.url", []byte("[InternetShortcut]\nURL=https://example.org\n"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		for _, l := range linksInFile(name, content) {
			if !isLink(l.URL) {
				t.Errorf("%q is no link", l.URL)
			}
			if strings.ContainsAny(l.Title, "\n\r\u202e") {
				t.Errorf("the title %q is not plain", l.Title)
			}
		}
	})
}

func TestPlainTextStaysOnOneLineAndInItsDirection(t *testing.T) {
	for text, want := range map[string]string{
		"Pixel 9":                 "Pixel 9",
		"two\nlines\tand a tab":   "two lines and a tab",
		"gpj.\u202eexe":           "gpj.exe",
		"a\u2066b\u2069c\u200fd":  "abcd",
		"bell\a and \x1b[31mred":  "bell and [31mred",
		"  spaces   everywhere  ": "spaces everywhere",
		"日本語 😀":                   "日本語 😀",
	} {
		if got := i18n.Plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if got := i18n.Plain(text); !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
	}
}

func TestShortLink(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.example.org/":      "example.org",
		"https://example.org/a/b?c=d#e": "example.org/a/b?…",
		"http://example.org:8080/x":     "example.org:8080/x",
	} {
		if got := shortLink(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}
