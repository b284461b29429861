package link_test

import (
	"html"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/link"
)

// asFile are the links that the reader of files finds in a page, with titles as they are shown.
func asFile(page string) []link.Titled { return shown(link.InFile("x.html", []byte(page), 200)) }

func shown(links []link.Titled) []link.Titled {
	for i := range links {
		links[i].Title = link.Clean(links[i].Title)
	}
	return links
}

// TestInCopied holds what is read of a copied page against what the reader of files makes of it.
func TestInCopied(t *testing.T) {
	for name, c := range map[string]struct {
		page string
		want []link.Titled
	}{
		"a link as browsers write it": {
			`<meta http-equiv="content-type" content="text/html; charset=utf-8"><a href="https://a.example/?b=c&amp;d" title="x > y">A &lt;b&gt; <i>in</i> slants</a>`,
			[]link.Titled{{URL: "https://a.example/?b=c&d", Title: "A <b> in slants"}},
		},
		"several, among others": {
			"<html>\r\n<body>\r\n<!--StartFragment--><p>One <A\nclass='x' HREF='https://a.example/'>A\n a</A>, <a name=x>no link</a>, <a href=https://b.example/ data-href=\"y\">B&nbsp;b</a><br/> <!-- <a href=\"https://no.example/\">no</a> --></p><!--EndFragment-->",
			[]link.Titled{{URL: "https://a.example/", Title: "A a"}, {URL: "https://b.example/", Title: "B\u00a0b"}},
		},
		"relative ones":      {`<a href="?q">Q</a><base target="x" href="https://a.example/b"><base href="https://no.example/"><a href=" c ">C</a>`, []link.Titled{{URL: "https://a.example/b?q", Title: "Q"}, {URL: "https://a.example/c", Title: "C"}}},
		"one that is cut":    {`<a href="https://a.example/">A</a><a href="https://b.exa`, []link.Titled{{URL: "https://a.example/", Title: "A"}}},
		"one after another":  {`<a href="https://a.example/">A<a href="https://b.example/">B</a>`, []link.Titled{{URL: "https://a.example/", Title: "A"}, {URL: "https://b.example/", Title: "B"}}},
		"signs that mean no": {`1 < 2 <a href="https://a.example/">2 > 1 & so</a><abbr href="https://b.example/">b</abbr>`, []link.Titled{{URL: "https://a.example/", Title: "2 > 1 & so"}}},
		"no page":            {"a < b", nil},
	} {
		want := slices.Clone(c.want)
		for i := range want {
			want[i].Title = link.Clean(want[i].Title)
		}
		if got := shown(link.InCopied([]byte(c.page), 200)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if judge := asFile(c.page); !slices.Equal(judge, want) {
			t.Errorf("%s: the reader of files finds %q, want %q", name, judge, want)
		}
	}
}

// A title in an encoding of long ago would be wrong; the link is on the clipboard as text as well.
func TestInCopiedOfAnotherEncoding(t *testing.T) {
	for name, page := range map[string]string{
		"Latin-1, said":   "<meta charset=iso-8859-1><a href=\"https://a.example/\">caf\xe9</a>",
		"Latin-1, unsaid": "<a href=\"https://a.example/\">caf\xe9 <b>x</b></a>",
		"Shift JIS":       "<meta charset=shift_jis><a href=\"https://a.example/\">\x83^\x83u</a>",
	} {
		if got := link.InCopied([]byte(page), 200); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// FuzzInCopied: whatever stands in a link, it is read as the reader of files reads it, if it is written by the rules.
func FuzzInCopied(f *testing.F) {
	f.Add("https://a.example/?a=1&copy=2", "A <title> & more\u00a0'x'")
	f.Add(" HTTPS://a.example/\n#'\"", "")
	f.Fuzz(func(t *testing.T, address, title string) {
		if !utf8.ValidString(address+title) || strings.ContainsRune(address+title, 0) {
			t.Skip("not in UTF-8")
		}
		page := `<meta charset="utf-8"><a title="x" href="` + html.EscapeString(address) + `">` + html.EscapeString(title) + `</a><a href='https://b.example/'>B</a>`
		if got, want := shown(link.InCopied([]byte(page), 200)), asFile(page); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
