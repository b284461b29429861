package link_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf16"

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
		{"in a sentence in brackets", "(see https://example.org/wiki/Ferry_(boat).)", []string{"https://example.org/wiki/Ferry_(boat)"}},
		{"in quotes", `<a href="https://example.org/x">`, []string{"https://example.org/x"}},
		{"in JSON", `{"url":"https://example.org/x","n":1}`, []string{"https://example.org/x"}},
		{"each once", "https://a.example https://a.example", []string{"https://a.example"}},
		{"any case", "HTTPS://Example.org", []string{"HTTPS://Example.org"}},
		{"part of another scheme", "view-source:https://a.example xhttps://b.example", []string{"https://a.example"}},
		{"no host", "https://?path http://", nil},
		{"lines", "https://a.example\r\nhttps://b.example\n", []string{"https://a.example", "https://b.example"}},
		{"old Mac lines", "https://a.example\rhttps://b.example", []string{"https://a.example", "https://b.example"}},
		{"empty", "", nil},
		{"alone with a dot", "https://example.org/wiki/Inc.", []string{"https://example.org/wiki/Inc."}},
		{"alone with signs", "https://example.org/*_~|{}!?", []string{"https://example.org/*_~|{}!?"}},
		{"alone in Japanese", "https://ja.example/wiki/モーニング娘。", []string{"https://ja.example/wiki/モーニング娘。"}},
		{"alone with wide brackets", "https://zh.example/wiki/苹果（公司）", []string{"https://zh.example/wiki/苹果（公司）"}},
		{"alone with a file's name of words", "https://example.org/my own file.pdf", []string{"https://example.org/my own file.pdf"}},
		{"lines with signs at their ends", "https://example.org/Inc.\nhttps://example.org/Who?\n", []string{"https://example.org/Inc.", "https://example.org/Who?"}},
		{"alone in a line among prose", "Look:\nhttps://example.org/Yahoo!\nhttps://example.org/a.\nBye", []string{"https://example.org/Yahoo!", "https://example.org/a"}},
		{"a list with titles", "https://a.example/x | A title\nhttps://b.example | B", []string{"https://a.example/x", "https://b.example"}},
		{"words behind", "https://example.org/a is good", []string{"https://example.org/a"}},
		{"commas between", "https://a.example/,https://b.example/x;https://c.example", []string{"https://a.example/", "https://b.example/x", "https://c.example"}},
		{"a link within a link", "at https://web.example/2024/https://a.example/x, say", []string{"https://web.example/2024/https://a.example/x"}},
		{"pipes and braces in prose", "use https://example.org/?f=a|b&l={x} now", []string{"https://example.org/?f=a|b&l={x}"}},
		{"quotes within braces", `see https://example.org/?l={"d":"x"}&p=1, please`, []string{`https://example.org/?l={"d":"x"}&p=1`}},
		{"emphasis", "*https://a.example/x* and _https://b.example/y_ and `https://c.example/z`", []string{"https://a.example/x", "https://b.example/y", "https://c.example/z"}},
		{"an underscore at the end", "see https://example.org/Foo_ there", []string{"https://example.org/Foo_"}},
		{"Markdown", "[J](https://example.org/wiki/Who?) <https://example.org/wiki/Jeopardy!>.", []string{"https://example.org/wiki/Who?", "https://example.org/wiki/Jeopardy!"}},
		{"Chinese", "请看https://example.org/a。还有https://example.org/b，以及（https://example.org/c）、「https://example.org/d」！《https://example.org/e》", []string{"https://example.org/a", "https://example.org/b", "https://example.org/c", "https://example.org/d", "https://example.org/e"}},
		{"Chinese behind", "https://example.org/a。还有更多", []string{"https://example.org/a"}},
		{"Japanese, half width", "｢https://example.org/a｣､https://example.org/b｡", []string{"https://example.org/a", "https://example.org/b"}},
		{"Arabic", "انظر https://example.org/a، ثم https://example.org/b؛ أو https://example.org/c؟", []string{"https://example.org/a", "https://example.org/b", "https://example.org/c"}},
		{"Hindi", "देखें https://example.org/a।", []string{"https://example.org/a"}},
		{"typographic quotes", "„https://example.org/a“, ‘https://example.org/b’, «https://example.org/c», ‚https://example.org/d‘", []string{"https://example.org/a", "https://example.org/b", "https://example.org/c", "https://example.org/d"}},
		{"an apostrophe in the path", "see https://example.org/don’t-panic now", []string{"https://example.org/don’t-panic"}},
		{"invisible characters", "\u200bhttps://example.org/zw\u200b \ufeffhttps://example.org/so\u00adft\u200e https://example.org/w\u2060j", []string{"https://example.org/zw", "https://example.org/soft", "https://example.org/wj"}},
		{"a no-break space", "\u00a0https://example.org/nb\u00a0", []string{"https://example.org/nb"}},
		{"text of an unknown encoding", "\xc7\xebhttps://example.org/a\xa1\xa3", []string{"https://example.org/a"}},
		{"a reader view", "about:reader?url=https%3A%2F%2Fexample.org", []string{"https://example.org"}},
		{"a page's source", "view-source:https://example.org/a", []string{"https://example.org/a"}},
		{"colours of a terminal", "\x1b[34mhttps://example.org/a\x1b[0m", []string{"https://example.org/a"}},
		{"colours in prose", "see \x1b[1;4mhttps://example.org/a\x1b[24m, please\x1b[K", []string{"https://example.org/a"}},
		{"a colour within", "https://example.org/\x1b[01;31m\x1b[Ka\x1b[m\x1b[Kb", []string{"https://example.org/ab"}},
		{"links of a terminal", "\x1b]8;id=1;https://example.org/a\x1b\\A title\x1b]8;;\x1b\\ and \x1b]8;;https://example.org/b\ahttps://example.org/b\x1b]8;;\a", []string{"https://example.org/a", "https://example.org/b"}},
		{"the title of a terminal", "\x1b]0;https://no.example\ahttps://example.org/a", []string{"https://example.org/a"}},
		{"an escape that never ends", "\x1b]8;;https://example.org/a", []string{"https://example.org/a"}},
		{"zeros between", "https://example.org/a\x00https://example.org/b.\x00", []string{"https://example.org/a", "https://example.org/b."}},
		{"a control character within", "https://example.org/\x01x", nil},
		{"JSON with slashes escaped", `{"u":"https:\/\/example.org\/a?b=1\u0026c=2","n":"x"}`, []string{"https://example.org/a?b=1&c=2"}},
		{"a line end in quotes", `printf("see https://example.org/a\n")`, []string{"https://example.org/a"}},
		{"quotes in quotes", `"<a href=\"https://example.org/a\">"`, []string{"https://example.org/a"}},
		{"backslashes outside of quotes", `C:\x\ "https://example.org/a" \`, []string{"https://example.org/a"}},
		{"tags of a forum", "[url=https://example.org/a]title[/url] [URL]https://example.org/b[/URL], [b]https://example.org/c[/b]", []string{"https://example.org/a", "https://example.org/b", "https://example.org/c"}},
		{"a tag of a forum alone", "[url]https://example.org/a[/url]", []string{"https://example.org/a"}},
		{"brackets that words opened", "(see https://example.org/a)b [at https://example.org/?x[]=1]c ((or https://example.org/a_(b)_c))", []string{"https://example.org/a", "https://example.org/?x[]=1", "https://example.org/a_(b)_c"}},
		{"brackets of its own", "at https://example.org/?x[]=1&y[0]=2 and https://example.org/a_(b)_c", []string{"https://example.org/?x[]=1&y[0]=2", "https://example.org/a_(b)_c"}},
		{"signs between", "https://a.example/x|https://b.example/y→https://c.example/z · https://d.example", []string{"https://a.example/x", "https://b.example/y", "https://c.example/z", "https://d.example"}},
		{"emphasis that words began", "**See https://example.org/a** and _see https://example.org/b_ or ~~https://example.org/c_~~", []string{"https://example.org/a", "https://example.org/b", "https://example.org/c_"}},
		{"a star that nothing began", "2*3, https://example.org/a* or https://example.org/b_", []string{"https://example.org/a*", "https://example.org/b_"}},
		{"quotes in a query", "see https://example.org/?q='a' there", []string{"https://example.org/?q='a'"}},
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

// TestSharedTexts reads the texts that the tests of every face read: one answer everywhere.
func TestSharedTexts(t *testing.T) {
	content, err := os.ReadFile("testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []struct {
		Name, Text string
		Links      []string
	}
	if err := json.Unmarshal(content, &texts); err != nil {
		t.Fatal(err)
	}
	for _, c := range texts {
		if got := link.Find(c.Text, 99); !slices.Equal(got, c.Links) && len(got)+len(c.Links) > 0 {
			t.Errorf("%s: found %q, want %q", c.Name, got, c.Links)
		}
		for _, l := range c.Links {
			if _, open := link.Read(l); !open || !link.Sendable(l) {
				t.Errorf("%s: %q cannot be opened or sent", c.Name, l)
			}
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("see https://example.org/a, (http://b.example/c) and https://")
	f.Add("http://http://https://x")
	f.Add("\x1b]8;;https://example.org/a\ax\x1b[0m) [b]https://b.example/c)][/b] **a https://c.example/**\x00")
	f.Add(`{"a": "https:\/\/example.org\/\u0026\n"}`)
	f.Fuzz(func(t *testing.T, text string) {
		links := link.Find(text, 20)
		if len(links) > 20 {
			t.Fatalf("%d links", len(links))
		}
		for _, l := range links {
			if !link.Web(l) || !isPart(text, l) && !escapes(text) {
				t.Errorf("%q is no link in the text", l)
			}
			if again := link.Find(l, 1); len(again) == 0 || again[0] != l {
				t.Errorf("%q reads as %q alone", l, again)
			}
		}
	})
}

// escapes reports whether a text may stand for another one: it has commands to a terminal, or quotations with
// backslashes.
func escapes(text string) bool {
	return strings.Contains(text, "\x1b") || strings.Contains(text, `\`) && strings.Contains(text, `"`)
}

// isPart reports whether a link's characters stand in text, maybe with invisible ones among them.
func isPart(text, address string) bool {
	if _, ok := link.Reader(strings.TrimSpace(text)); ok {
		return true
	}
	seen := func(r rune) bool { return !unicode.Is(unicode.Cf, r) && !strings.ContainsRune("\u034f\u115f\u3164", r) }
	only := func(text string) string {
		return strings.Map(func(r rune) rune {
			if seen(r) {
				return r
			}
			return -1
		}, text)
	}
	return strings.Contains(only(text), only(address))
}

// binaryPlist is a list with the entries given, key and value in turn, as macOS writes it.
func binaryPlist(texts ...string) []byte {
	list := append([]byte("bplist00"), 0xd0|byte(len(texts)/2))
	offsets := []byte{8}
	for _, first := range []int{0, 1} {
		for i := first; i < len(texts); i += 2 {
			list = append(list, byte(i+1))
		}
	}
	for _, text := range texts {
		offsets = append(offsets, byte(len(list)))
		kind, bytes, n := byte(0x50), []byte(text), len(text)
		if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
			units := utf16.Encode([]rune(text))
			kind, bytes, n = 0x60, nil, len(units)
			for _, u := range units {
				bytes = binary.BigEndian.AppendUint16(bytes, u)
			}
		}
		switch {
		case n < 15:
			list = append(list, kind|byte(n))
		case n < 256:
			list = append(list, kind|0x0f, 0x10, byte(n))
		default:
			list = binary.BigEndian.AppendUint16(append(list, kind|0x0f, 0x11), uint16(n))
		}
		list = append(list, bytes...)
	}
	table := len(list)
	list = append(append(list, offsets...), 0, 0, 0, 0, 0, 0, 1, 1)
	list = binary.BigEndian.AppendUint64(list, uint64(len(offsets)))
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(list, 0), uint64(table))
}

func utf16Text(text string, order binary.AppendByteOrder) (wide string) {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
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
		{"binary webloc", "x.webloc", string(binaryPlist("URL", "https://example.org/a")), []link.Titled{{URL: "https://example.org/a"}}},
		{"short binary webloc", "x.webloc", string(binaryPlist("URL", "http://a.b/c")), []link.Titled{{URL: "http://a.b/c"}}},
		{"long binary webloc", "x.webloc", string(binaryPlist("URL", long)), []link.Titled{{URL: long}}},
		{"cut binary webloc", "x.webloc", string(binaryPlist("URL", "https://example.org/a")[:30]), nil},
		{"page", "x.html", `<p><a href="https://a.example/">An <b>important</b> page</a> <a href="#top">top</a> <A HREF='http://b.example'>B</A>`, []link.Titled{{URL: "https://a.example/", Title: "An important page"}, {URL: "http://b.example", Title: "B"}}},
		{"binary webloc outside ASCII", "x.webloc", string(binaryPlist("URL", "https://example.org/é")), []link.Titled{{URL: "https://example.org/é"}}},
		{"binary webloc with another link first", "x.webloc", string(binaryPlist("Icon", "https://other.example/", "URL", "https://example.org/a")), []link.Titled{{URL: "https://example.org/a"}}},
		{"webloc in UTF-16", "x.webloc", utf16Text("\ufeff<?xml version=\"1.0\" encoding=\"UTF-16\"?><plist><dict><key>URL</key><string>https://example.org/é</string></dict></plist>", binary.BigEndian), []link.Titled{{URL: "https://example.org/é"}}},
		{"webloc in an old encoding", "x.webloc", "<?xml version='1.0' encoding='windows-1252'?><plist><dict><key>URL</key><string>https://example.org/\xe9</string></dict></plist>", []link.Titled{{URL: "https://example.org/é"}}},
		{"webloc that is no longer in UTF-16", "x.webloc", `<?xml version="1.0" encoding="UTF-16"?><plist><dict><key>Name</key><string>é</string><key> URL </key><string><![CDATA[https://example.org/?a&b]]></string></dict></plist>`, []link.Titled{{URL: "https://example.org/?a&b"}}},
		{"webloc of something else", "x.webloc", `<?xml version="1.0"?><plist><array><string>https://example.org/</string></array></plist>`, nil},
		{"shortcut in capitals", "Ferry.URL", "[INTERNETSHORTCUT]\r\nUrl = https://example.org/a\r\n", []link.Titled{{URL: "https://example.org/a", Title: "Ferry"}}},
		{"shortcut outside the old encoding", "Ferry.url", "[InternetShortcut.A]\r\nURL=https://example.org/?\r\n[InternetShortcut]\r\nURL=https://example.org/?\r\n[InternetShortcut.W]\r\nURL=https://example.org/+ZeVnLA-?a+-b\r\n", []link.Titled{{URL: "https://example.org/日本?a+b", Title: "Ferry"}}},
		{"shortcut in UTF-16", "Ferry.url", utf16Text("\ufeff[InternetShortcut]\r\nURL=https://example.org/é\r\n", binary.LittleEndian), []link.Titled{{URL: "https://example.org/é", Title: "Ferry"}}},
		{"shortcut with blanks in the address", "Ferry.url", "[InternetShortcut]\nURL=https://example.org/a b\n", []link.Titled{{URL: "https://example.org/a b", Title: "Ferry"}}},
		{"desktop entry of KDE", "x.desktop", "[Desktop Entry]\nName=A\\sferry\nName[de]=Fähre\nURL[$e]=https://example.org/$$a\n", []link.Titled{{URL: "https://example.org/$a", Title: "A ferry"}}},
		{"a reader view in a shortcut", "R.url", "[InternetShortcut]\nURL=about:reader?url=https%3A%2F%2Fexample.org\n", []link.Titled{{URL: "https://example.org", Title: "R"}}},
		{"page with base", "x.html", `<a href="a b.html">A</a><base href="https://example.org/dir/"><base href="https://other.example"><a href="?q=é">Q</a><a href="#top">T</a><a href="mailto:x">M</a><a href="https://[bad/">B</a>`, []link.Titled{{URL: "https://example.org/dir/a%20b.html", Title: "A"}, {URL: "https://example.org/dir/?q=%C3%A9", Title: "Q"}}},
		{"page without base", "x.htm", `<a href="page.html">P</a><a href="//example.net/x">N</a>`, []link.Titled{{URL: "https://example.net/x", Title: "N"}}},
		{"page with scripts", "x.html", `<script>"<a href='https://no.example'>"</script><!-- <a href="https://no2.example"> --><a href="https://example.org/">S</a>`, []link.Titled{{URL: "https://example.org/", Title: "S"}}},
		{"page with a tag in a title", "x.html", `<a href="https://a.example/">About <textarea> tags</a><a href="https://b.example/">B</a>`, []link.Titled{{URL: "https://a.example/", Title: "About <textarea> tags"}, {URL: "https://b.example/", Title: "B"}}},
		{"page with a broken line in an address", "x.html", "<a href=' https://a.example/long\r\n\tpath '>A</a><area href=https://b.example>", []link.Titled{{URL: "https://a.example/longpath", Title: "A"}, {URL: "https://b.example"}}},
		{"page in Shift_JIS", "x.html", "<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'><a href='https://example.org/'>\x93\xfa\x96{</a>", []link.Titled{{URL: "https://example.org/", Title: "日本"}}},
		{"page in UTF-16 without mark", "x.html", utf16Text("<a href='https://example.org/'>é日</a> and some more text in Latin letters", binary.LittleEndian), []link.Titled{{URL: "https://example.org/", Title: "é日"}}},
		{"text in UTF-16 without mark, hardly Latin", "x.txt", utf16Text(strings.Repeat("Русский текст без метки, ", 30)+"https://example.org/я", binary.LittleEndian), []link.Titled{{URL: "https://example.org/я"}}},
		{"Chinese in UTF-16 without mark", "x.txt", utf16Text("请看https://example.org/a。还有更多", binary.BigEndian), []link.Titled{{URL: "https://example.org/a"}}},
		{"page in UTF-8 that does not say so", "x.html", "<a href='https://example.org/'>" + strings.Repeat("x", 2000) + "é</a>", []link.Titled{{URL: "https://example.org/", Title: strings.Repeat("x", 2000) + "é"}}},
		{"page in Latin-1 that does not say so", "x.html", "<a href='https://example.org/'>\xe9</a>", []link.Titled{{URL: "https://example.org/", Title: "é"}}},
		{"bookmarks with all that swallows", "x.html", netscape + `<DT><A HREF="https://example.org/1" ICON="data:image/png;base64,AA==">a <!-- b</A>
<DT><A HREF="https://example.org/2">a <plaintext> &amp; b</A><DD>some <title> text
<DT><A HREF="https://example.org/3" TAGS="open>not closed</A>
<DT><A FEEDURL="x" HREF="https://example.org/4?a=1&amp;b=2">never closed
<DT><a href='https://example.org/5'><![CDATA[ <style></a>
<DT><A HREF="javascript:void(0)">J</A><DT><A HREF="https://example.org/100%">P</A>`, []link.Titled{{URL: "https://example.org/1", Title: "a <!-- b"}, {URL: "https://example.org/2", Title: "a <plaintext> & b"}, {URL: "https://example.org/3"}, {URL: "https://example.org/4?a=1&b=2", Title: "never closed"}, {URL: "https://example.org/5", Title: "<![CDATA[ <style>"}, {URL: "https://example.org/100%", Title: "P"}}},
		{"text in UTF-16 without mark", "notes.txt", utf16Text("one https://a.example two", binary.BigEndian), []link.Titled{{URL: "https://a.example"}}},
		{"text in Big5", "notes.md", "\xbd\xd0https://a.example/x\xa1C", []link.Titled{{URL: "https://a.example/x"}}},
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

const netscape = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=UTF-8\">\n<DL><p>\n"

// TestReportedFiles reads the files of the reports, as they came.
func TestReportedFiles(t *testing.T) {
	for name, want := range map[string][]link.Titled{
		"binary-unicode.webloc":       {{URL: "https://example.org/日本"}},
		"bookmarks-script-descr.html": {{URL: "https://example.org/1", Title: "One"}, {URL: "https://example.org/2", Title: "Two"}, {URL: "https://example.org/3", Title: "Three"}},
		"bookmarks-script-title.html": {{URL: "https://example.org/1", Title: "One"}, {URL: "https://example.org/2", Title: "About the <script> tag"}, {URL: "https://example.org/3", Title: "Three"}, {URL: "https://example.org/4", Title: "Four"}},
		"cjk.txt":                     {{URL: "https://example.org/a"}, {URL: "https://example.org/b"}, {URL: "https://example.org/c"}, {URL: "https://example.org/d"}, {URL: "https://example.org/e"}},
		"kde-dolphin.desktop":         {{URL: "https://example.org/a?x=1&y=2", Title: "Example page"}},
		"notepad-utf16le.txt":         {{URL: "https://example.org/1"}, {URL: "https://example.org/2"}},
		"page-base.html":              {{URL: "https://example.org/dir/page.html", Title: "P"}, {URL: "https://example.org/root", Title: "R"}, {URL: "https://example.net/x", Title: "N"}},
		"page-cp1251.html":            {{URL: "https://example.org/ru", Title: "Привет"}},
		"pipe.txt":                    {{URL: "https://example.org/css?family=Roboto|Open+Sans:400"}, {URL: `https://example.org/explore?left={"datasource":"x"}&panes=1`}, {URL: "https://example.org/a`b"}, {URL: `https://example.org/c\d`}, {URL: "https://example.org/x^y"}},
		"trailing.md":                 {{URL: "https://example.org/wiki/Yahoo!"}, {URL: "https://example.org/wiki/Foo_"}, {URL: "https://example.org/q?a=*"}, {URL: "https://example.org/x?"}, {URL: "https://example.org/wiki/Jeopardy!"}, {URL: "https://example.org/wiki/Who?"}},
		"win-lower.url":               {{URL: "https://example.org/a?x=1&y=2", Title: "win-lower"}},
		"xml-title-first.webloc":      {{URL: "https://example.org/a?x=1&y=2"}},
		"zerowidth.txt":               {{URL: "https://example.org/zw"}, {URL: "https://example.org/nb"}, {URL: "https://example.org/softhyphen"}, {URL: "https://example.org/lrm"}, {URL: "https://example.org/wj"}},
	} {
		content, err := os.ReadFile("testdata/files/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := link.InFile(name, content, 200); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	content, err := os.ReadFile("testdata/files/bookmarks-1500.html")
	if got := len(link.InFile("b.html", content, 9999)); err != nil || got != 1500 {
		t.Errorf("%d of 1500 bookmarks, %v", got, err)
	}
}

// TestLargeExport reads an export of the size that browsers write with pictures inside.
func TestLargeExport(t *testing.T) {
	picture := strings.Repeat("iVBORw0K", 2500)
	var b strings.Builder
	b.WriteString(netscape)
	for i := range 1500 {
		fmt.Fprintf(&b, "<DT><A HREF=\"https://example.org/%d\" ICON=\"data:image/png;base64,%s\">Page %d</A>\n", i, picture, i)
	}
	start := time.Now()
	links := link.InFile("b.html", []byte(b.String()), 9999)
	if len(links) != 1500 || links[1499] != (link.Titled{URL: "https://example.org/1499", Title: "Page 1499"}) {
		t.Errorf("%d links", len(links))
	}
	t.Logf("%d bytes in %v", b.Len(), time.Since(start))
}

func FuzzInFile(f *testing.F) {
	f.Add("x.webloc", binaryPlist("Title", "é", "URL", "https://example.org/a"))
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
