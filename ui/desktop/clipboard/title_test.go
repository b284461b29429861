//go:build !windows && !darwin

package clipboard

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/link"
)

// utf16 writes Latin letters as browsers do there.
func utf16(text string) []byte {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

func TestTitleOf(t *testing.T) {
	const address = "https://a.example/?b=c&d"
	for name, c := range map[string]struct{ form, content, want string }{
		"Firefox":                 {formMoz, string(utf16(address + "\nA title")), "A title"},
		"the second of two":       {formMoz, string(utf16("https://b.example/\nB\n" + address + "\nA")), "A"},
		"of another link":         {formMoz, string(utf16("https://b.example/\nB")), ""},
		"of a longer link":        {formMoz, string(utf16(address + "&e\nB")), ""},
		"of the link in capitals": {formMoz, string(utf16("https://A.example/?b=c&d\nB")), ""},
		"the link again":          {formMoz, string(utf16(address + "\n" + address)), ""},
		"only blanks":             {formMoz, string(utf16(address + "\n \t ")), ""},
		"control characters":      {formMoz, string(utf16(address + "\na\x1b[31m\u202e\u0000b\tc\u200bd")), "a[31mb cd"},
		"broken UTF-8":            {formMoz, address + "\nA\xff", "A\uFFFD"},
		"too long":                {formMoz, address + "\n" + strings.Repeat("é", maxTitle), strings.Repeat("é", maxTitle/2)},
		"cut before a letter":     {formMoz, address + "\nx" + strings.Repeat("é", maxTitle), "x" + strings.Repeat("é", maxTitle/2-1)},
		"cut behind a blank":      {formMoz, address + "\n" + strings.Repeat("é", maxTitle/2-1) + "  é", strings.Repeat("é", maxTitle/2-1)},
		"a page": {
			formHTML, `<meta http-equiv="content-type" content="text/html; charset=utf-8"><a href="https://a.example/?b=c&amp;d">A &lt;title&gt; <b>in</b> bold</a>`,
			"A <title> in bold",
		},
		"a page in Japanese":     {formHTML, `<a href="` + address + `">日本語</a>`, "日本語"},
		"a page in UTF-16":       {formHTML, "\xff\xfe" + string(utf16(`<a href="`+address+`">ä</a>`)), "ä"},
		"a page of another link": {formHTML, `<a href="https://b.example/">B</a>`, ""},
		"a picture in a link":    {formHTML, `<a href="` + address + `"><img src="https://b.example/x.png" alt="x"></a>`, ""},
		"a page with a base":     {formHTML, `<base href="https://a.example/"><a href="?b=c&amp;d">A</a>`, "A"},
		"nothing":                {"", "", ""},
	} {
		if got := titleOf(address, titlesIn(c.form, []byte(c.content))); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// FuzzTitle: whatever an owner gives, a title is a line of text without control characters, no longer than it may
// be, and there is one only if the link's own address stands in what was given.
func FuzzTitle(f *testing.F) {
	const address = "https://a.example/"
	f.Add(false, utf16(address+"\nA title"))
	f.Add(false, []byte(address+"\n"+strings.Repeat("é", maxTitle)))
	f.Add(true, []byte(`<a href="https://a.example/">A <b>title</b></a>`))
	f.Add(true, []byte(`<base href="https://a.example/x"><a href="/">A`))
	f.Fuzz(func(t *testing.T, html bool, content []byte) {
		form := formMoz
		if html {
			form = formHTML
		}
		offered := titlesIn(form, content)
		title := titleOf(address, offered)
		if title == "" {
			return
		}
		if len(title) > maxTitle || !utf8.ValidString(title) || link.Clean(title) != title || strings.ContainsFunc(title, unicode.IsControl) {
			t.Errorf("the title is %q", title)
		}
		for _, l := range offered {
			if l.URL == address {
				return
			}
		}
		t.Errorf("%q is the title of none of %q", title, offered)
	})
}
