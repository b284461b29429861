package link

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"path/filepath"
	"strings"

	"golang.org/x/net/html"
)

// Titled is a link with the title that a file gives it, as it is written there.
type Titled struct{ URL, Title string }

// IsFile reports whether a file of this name can hold links: shortcuts of the three desktops, pages
// and bookmark exports, texts.
func IsFile(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".url", ".webloc", ".desktop", ".html", ".htm", ".txt", ".md":
		return true
	}
	return false
}

// InFile returns the [Web] links that a file of the given name holds, at most most of them.
func InFile(name string, content []byte, most int) []Titled {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".url":
		return fromINI(content, "InternetShortcut", strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)))
	case ".desktop":
		return fromINI(content, "Desktop Entry", "")
	case ".webloc":
		return fromPlist(content)
	case ".html", ".htm":
		return fromHTML(content, most)
	}
	var links []Titled
	for _, address := range Find(string(content), most) {
		links = append(links, Titled{URL: address})
	}
	return links
}

// fromINI reads the URL, and the Name as title, from the group of a shortcut file.
func fromINI(content []byte, group, title string) []Titled {
	inside := false
	var address string
	for line := range strings.Lines(strings.TrimPrefix(string(content), "\ufeff")) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inside = strings.EqualFold(line, "["+group+"]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !inside || !ok {
			continue
		}
		switch strings.TrimSpace(key) {
		case "URL":
			address = strings.TrimSpace(value)
		case "Name":
			title = strings.TrimSpace(value)
		}
	}
	if !Web(address) {
		return nil
	}
	return []Titled{{URL: address, Title: title}}
}

// fromPlist reads the link of a macOS link file, a property list as XML or in binary.
func fromPlist(content []byte) []Titled {
	address := binaryPlistLink(content)
	if !bytes.HasPrefix(content, []byte("bplist00")) {
		var list struct {
			Strings []string `xml:"dict>string"`
		}
		if err := xml.Unmarshal(content, &list); err != nil || len(list.Strings) == 0 {
			return nil
		}
		address = strings.TrimSpace(list.Strings[0])
	}
	if !Web(address) {
		return nil
	}
	return []Titled{{URL: address}}
}

// binaryPlistLink returns the first ASCII string of a binary property list that begins like a link.
// Such a string is a marker 0x5n with its length n below 15, or 0x5f followed by an integer object
// 0x10, 0x11 or 0x12 of one, two or four bytes that holds the length.
func binaryPlistLink(content []byte) string {
	start := bytes.Index(content, []byte("http"))
	if start < 2 {
		return ""
	}
	length := -1
	if marker := content[start-1]; marker&0xf0 == 0x50 && marker != 0x5f {
		length = int(marker & 0x0f)
	}
	for power, width := range []int{1, 2, 4} {
		at := start - width - 2
		if at >= 0 && content[at] == 0x5f && content[at+1] == byte(0x10|power) { // #nosec G115 -- power is below four
			var wide [8]byte
			copy(wide[8-width:], content[start-width:start])
			length = int(binary.BigEndian.Uint64(wide[:])) // #nosec G115 -- checked below
			break
		}
	}
	if length < 0 || length > len(content)-start {
		return ""
	}
	return string(content[start : start+length])
}

// fromHTML reads the links of a page or of a bookmark export, each once, with their texts as titles.
func fromHTML(content []byte, most int) []Titled {
	var links []Titled
	seen := map[string]bool{}
	open := -1 // index of the link whose text is being read
	tokens := html.NewTokenizer(bytes.NewReader(content))
	for len(links) < most {
		switch tokens.Next() {
		case html.ErrorToken:
			return links
		case html.StartTagToken:
			if t := tokens.Token(); t.Data == "a" {
				open = -1
				if address := href(t); Web(address) && !seen[address] {
					seen[address] = true
					links = append(links, Titled{URL: address})
					open = len(links) - 1
				}
			}
		case html.TextToken:
			if open >= 0 {
				links[open].Title += tokens.Token().Data
			}
		case html.EndTagToken:
			if t := tokens.Token(); t.Data == "a" {
				open = -1
			}
		}
	}
	return links
}

func href(t html.Token) string {
	for _, a := range t.Attr {
		if a.Key == "href" {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}
