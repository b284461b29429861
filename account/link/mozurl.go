package link

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// InMozURL returns the addresses in what browsers put beside a copied text as text/x-moz-url, each with the
// title in the line below it, as they are written there.
//
// It is UTF-16 without a mark, and its letters are no guide: titles may have no Latin one. But an address
// begins with an ASCII letter, so the first two bytes tell. Other programs write UTF-8.
func InMozURL(content []byte) []Titled {
	text := ""
	switch {
	case len(content) < 2:
		return nil
	case bytes.HasPrefix(content, []byte("\xff\xfe")) || content[1] == 0:
		text = utf16Text(content, unicode.LittleEndian)
	case bytes.HasPrefix(content, []byte("\xfe\xff")) || content[0] == 0:
		text = utf16Text(content, unicode.BigEndian)
	default:
		text = Text(content)
	}
	var links []Titled
	lines := strings.Split(strings.TrimRight(text, "\r\n\x00"), "\n")
	for i := 0; i < len(lines); i += 2 {
		one := Titled{URL: strings.TrimSpace(lines[i])}
		if i+1 < len(lines) {
			one.Title = strings.TrimRight(lines[i+1], "\r")
		}
		if one.URL != "" {
			links = append(links, one)
		}
	}
	return links
}

// utf16Text decodes UTF-16; a mark at its beginning goes before the order.
func utf16Text(content []byte, order unicode.Endianness) string {
	text, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(content)
	if err != nil {
		return ""
	}
	return string(text)
}
