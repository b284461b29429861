package link

import (
	"bytes"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

// Titled is a link with the title that a file gives it, as it is written there.
type Titled struct{ URL, Title string }

// IsFile reports whether a file of this name can hold links: shortcuts of the three desktops, pages
// and bookmark exports, texts.
func IsFile(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".url", ".webloc", ".desktop", ".html", ".htm", ".xhtml", ".txt", ".md":
		return true
	}
	return false
}

// InFile returns the [Web] links that a file of the given name holds, at most most of them. It reads
// what the three desktops and their programs write, whichever encoding they write it in.
func InFile(name string, content []byte, most int) []Titled {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".url":
		return fromShortcut(Text(content), strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)))
	case ".desktop":
		return fromDesktopEntry(Text(content))
	case ".webloc":
		return fromPlist(content)
	case ".html", ".htm", ".xhtml":
		page := decodedPage(content)
		if isBookmarks(page) {
			return fromBookmarks(page, most)
		}
		return fromPage(page, most)
	}
	var links []Titled
	for _, address := range Find(Text(content), most) {
		links = append(links, Titled{URL: address})
	}
	return links
}

// Text returns a text that is UTF-8 or, with or without its mark, UTF-16. In any other encoding
// the addresses are ASCII all the same, and [Find] knows what is broken around them.
func Text(content []byte) string {
	order := unicode.LittleEndian
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")):
	case bytes.HasPrefix(content, []byte("\xfe\xff")):
		order = unicode.BigEndian
	default:
		// Whatever letters the text has, the signs of a link are ASCII: every other byte is zero.
		i := bytes.Index(content, []byte(":\x00/\x00/"))
		if i < 0 {
			return string(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))
		}
		if i%2 == 1 {
			order = unicode.BigEndian
		}
	}
	return utf16Text(content, order)
}

// decodedPage returns an HTML page in UTF-8, by its mark or the encoding it names; one that names none,
// or Latin-1 out of habit, may be UTF-8 all the same.
func decodedPage(content []byte) string {
	text := Text(content)
	encoding, name, _ := charset.DetermineEncoding(content, "")
	if name == "utf-8" || len(text) != len(content) || name == "windows-1252" && utf8.Valid(content) {
		return text
	}
	if page, err := encoding.NewDecoder().Bytes(content); err == nil {
		return string(page)
	}
	return text
}
