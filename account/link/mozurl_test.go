package link_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"github.com/tabferry/tabferry/account/link"
)

// mozURL is how Firefox writes a text there; Chromium too.
func mozURL(t testing.TB, text string, order unicode.Endianness, mark unicode.BOMPolicy) []byte {
	t.Helper()
	content, err := unicode.UTF16(order, mark).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestInMozURL(t *testing.T) {
	const address = "https://a.example/?b=c"
	plain := func(text string) []byte { return mozURL(t, text, unicode.LittleEndian, unicode.IgnoreBOM) }
	one := func(title string) []link.Titled { return []link.Titled{{URL: address, Title: title}} }
	japanese := "　" + strings.Repeat("日本語の題名", 100) // no zero byte tells its order, and the first letter has one at the wrong place
	for name, c := range map[string]struct {
		content []byte
		want    []link.Titled
	}{
		"link and title":          {plain(address + "\nA title"), one("A title")},
		"no title":                {plain(address), one("")},
		"ended by a zero":         {plain(address + "\nA title\x00"), one("A title")},
		"lines of Windows":        {plain(address + "\r\nA title\r\n"), one("A title")},
		"a long title, not Latin": {plain(address + "\n" + japanese), one(japanese)},
		"outside the first plane": {plain(address + "\n🦊"), one("🦊")},
		"with a mark":             {mozURL(t, address+"\nä", unicode.LittleEndian, unicode.UseBOM), one("ä")},
		"high bytes first":        {mozURL(t, address+"\nä", unicode.BigEndian, unicode.IgnoreBOM), one("ä")},
		"that with a mark":        {mozURL(t, address+"\nä", unicode.BigEndian, unicode.UseBOM), one("ä")},
		"UTF-8":                   {[]byte(address + "\nÄ title"), one("Ä title")},
		"several": {
			plain(address + "\nOne\nhttps://b.example/\n\nhttps://c.example/\nThree"),
			[]link.Titled{{URL: address, Title: "One"}, {URL: "https://b.example/"}, {URL: "https://c.example/", Title: "Three"}},
		},
		"half a letter at the end": {append(plain(address+"\nA"), 'x'), one("A\uFFFD")},
		"half a pair":              {append(plain(address+"\nA"), 0x3e, 0xd8), one("A\uFFFD")},
		"nothing":                  {nil, nil},
		"one byte":                 {[]byte("h"), nil},
		"only breaks":              {plain("\n\n\n"), nil},
	} {
		if got := link.InMozURL(c.content); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// FuzzInMozURL: whatever comes, every address is a line of text and every title too; and what is written there is
// read back, with either order of bytes and with or without a mark.
func FuzzInMozURL(f *testing.F) {
	f.Add([]byte("h\x00t\x00t\x00p\x00s\x00:\x00\n\x00T\x00"), "A title")
	f.Add([]byte("https://a.example/\nT"), "　日本語")
	f.Add([]byte("\xfe\xff\x00h"), "")
	f.Fuzz(func(t *testing.T, content []byte, title string) {
		for _, l := range link.InMozURL(content) {
			if l.URL == "" || strings.TrimSpace(l.URL) != l.URL || strings.Contains(l.URL+l.Title, "\n") {
				t.Errorf("%q became %q", content, l)
			}
		}
		if !utf8.ValidString(title) || strings.ContainsAny(title, "\r\n\x00") {
			return
		}
		want := []link.Titled{{URL: "https://a.example/", Title: title}}
		for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
			for _, mark := range []unicode.BOMPolicy{unicode.IgnoreBOM, unicode.UseBOM} {
				if got := link.InMozURL(mozURL(t, want[0].URL+"\n"+title, order, mark)); !slices.Equal(got, want) {
					t.Errorf("%q is read as %q", title, got)
				}
			}
		}
	})
}
