package link

import (
	"html"
	"strings"
	"unicode/utf8"
)

// InCopied returns the links of a copied piece of a page, each once, with their texts as titles. It takes what programs
// put there, which write pages by the rules (WHATWG HTML, 13.3) and in UTF-8 or UTF-16; a page in another encoding has
// none, for their titles would be wrong. The reader of files, which knows what browsers make of
// pages without rules, is not for the agent: its tables are a tenth of what an agent has on its heap.
func InCopied(content []byte, most int) []Titled {
	var anchors []*anchor
	base, open := "", false // open: the last anchor's text is being read
	page := Text(content)
	if !utf8.ValidString(page) {
		return nil
	}
	for page != "" {
		text, rest, more := strings.Cut(page, "<")
		tag := ""
		if more && !beginsTag(rest) {
			text, page = text+"<", rest
		} else {
			tag, page = cutTag(rest)
		}
		if open {
			anchors[len(anchors)-1].title.WriteString(html.UnescapeString(text))
		}
		switch name, address := readTag(tag); {
		case name == "a":
			anchors, open = append(anchors, &anchor{href: address}), true
		case name == "/a":
			open = false
		case name == "base" && base == "":
			base = address
		}
	}
	return resolved(base, anchors, most)
}

// beginsTag reports whether what follows the first sign of a tag makes it one.
func beginsTag(rest string) bool {
	return rest != "" && (strings.IndexByte("!?/", rest[0]) >= 0 || 'a' <= rest[0]|0x20 && rest[0]|0x20 <= 'z')
}

// cutTag cuts a tag, of which the first sign has been read, or a comment off a page. One without an end takes all.
func cutTag(page string) (tag, rest string) {
	if strings.HasPrefix(page, "!--") {
		_, rest, _ = strings.Cut(page, "-->")
		return "", rest
	}
	quote := rune(0)
	for i, r := range page {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && r == '>':
			return page[:i], page[i+1:]
		}
	}
	return "", ""
}

// tagWord is the name of a tag, or an attribute of it with a value in quotes or without.
var tagWord = lazily(`([^\s"'=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?`)

// readTag returns the name of a tag, and the address that it has.
func readTag(tag string) (name, address string) {
	for i, word := range tagWord().FindAllStringSubmatch(tag, -1) {
		if i == 0 {
			name = strings.ToLower(word[1])
		} else if strings.EqualFold(word[1], "href") {
			return name, plainAddress(html.UnescapeString(word[2] + word[3] + word[4]))
		}
	}
	return name, ""
}
