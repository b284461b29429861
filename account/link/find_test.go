package link_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/link"
)

func TestFind(t *testing.T) {
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
			if got := link.Find(c.text, 200); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if n := len(link.Find(strings.Repeat("https://a.example/xxx ", 3), 200)); n != 1 {
		t.Errorf("%d links, want one", n)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("see https://example.org/a, (http://b.example/c) and https://")
	f.Add("http://http://https://x")
	f.Fuzz(func(t *testing.T, text string) {
		links := link.Find(text, 20)
		if len(links) > 20 {
			t.Fatalf("%d links", len(links))
		}
		for _, l := range links {
			if !link.Web(l) || !strings.Contains(text, l) {
				t.Errorf("%q is no link in the text", l)
			}
			if again := link.Find(l, 1); len(again) == 0 || again[0] != l {
				t.Errorf("%q reads as %q alone", l, again)
			}
		}
	})
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

func TestInFile(t *testing.T) {
	long := "https://example.org/" + strings.Repeat("x", 300)
	for _, c := range []struct {
		name, file, content string
		want                []link.Titled
	}{
		{"shortcut", "Ferry.url", "[InternetShortcut]\r\nURL=https://example.org/a\r\nIconIndex=0\r\n", []link.Titled{{URL: "https://example.org/a", Title: "Ferry"}}},
		{"shortcut without link", "x.url", "[Other]\nURL=https://example.org\n", nil},
		{"desktop entry", "x.desktop", "[Desktop Entry]\nType=Link\nName=A ferry\nURL=https://example.org/a\n[Desktop Action x]\nName=Other\n", []link.Titled{{URL: "https://example.org/a", Title: "A ferry"}}},
		{"desktop entry of a program", "x.desktop", "[Desktop Entry]\nExec=rm -rf\nURL=file:///x\n", nil},
		{"webloc", "x.webloc", `<?xml version="1.0"?><plist version="1.0"><dict><key>URL</key><string>https://example.org/a?b=1&amp;c=2</string></dict></plist>`, []link.Titled{{URL: "https://example.org/a?b=1&c=2"}}},
		{"binary webloc", "x.webloc", string(binaryPlist("https://example.org/a")), []link.Titled{{URL: "https://example.org/a"}}},
		{"short binary webloc", "x.webloc", string(binaryPlist("http://a.b/c")), []link.Titled{{URL: "http://a.b/c"}}},
		{"long binary webloc", "x.webloc", string(binaryPlist(long)), []link.Titled{{URL: long}}},
		{"cut binary webloc", "x.webloc", string(binaryPlist("https://example.org/a")[:30]), nil},
		{"page", "x.html", `<p><a href="https://a.example/">An <b>important</b> page</a> <a href="#top">top</a> <A HREF='http://b.example'>B</A>`, []link.Titled{{URL: "https://a.example/", Title: "An important page"}, {URL: "http://b.example", Title: "B"}}},
		{"text", "notes.txt", "one https://a.example two", []link.Titled{{URL: "https://a.example"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !link.IsFile(c.file) {
				t.Error("is no file with links")
			}
			if got := link.InFile(c.file, []byte(c.content), 200); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzInFile(f *testing.F) {
	f.Add("x.webloc", binaryPlist("https://example.org/a"))
	f.Add("x.html", []byte(`<a href="https://a.example/">x</a>`))
	f.Add("x.url", []byte("[InternetShortcut]\nURL=https://example.org\n"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		for _, l := range link.InFile(name, content, 200) {
			if !link.Web(l.URL) {
				t.Errorf("%q is no link", l.URL)
			}
		}
	})
}
