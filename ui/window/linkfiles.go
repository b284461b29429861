package window

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// fileKind tells what a dropped file can hold.
type fileKind int

const (
	fileOther fileKind = iota
	fileLinks          // links: .url, .webloc, .desktop, .html, .txt
	filePicture
)

// maxLinkFile bounds what is read from a dropped file, in bytes: a browser's bookmark export is a
// few megabytes. Pictures are bounded by who reads them.
const maxLinkFile = 8 << 20

// pictureFiles are the endings of pictures that may hold a code.
func pictureFiles() []string { return []string{".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"} }

// kindOfFile goes by the name's ending.
func kindOfFile(name string) fileKind {
	switch end := strings.ToLower(filepath.Ext(name)); end {
	case ".url", ".webloc", ".desktop", ".html", ".htm", ".txt", ".md":
		return fileLinks
	default:
		if slices.Contains(pictureFiles(), end) {
			return filePicture
		}
	}
	return fileOther
}

// linksInFile gives the links a file of the given name holds.
func linksInFile(name string, content []byte) []localapi.Link {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".url":
		return iniLink(content, "InternetShortcut", strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)))
	case ".desktop":
		return iniLink(content, "Desktop Entry", "")
	case ".webloc":
		return weblocLink(content)
	case ".html", ".htm":
		return htmlLinks(content)
	default:
		return findLinks(string(content))
	}
}

// iniLink reads the URL, and the Name as title, from the group of a shortcut file.
func iniLink(content []byte, group, title string) []localapi.Link {
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
	if !isLink(address) {
		return nil
	}
	return []localapi.Link{{URL: address, Title: i18n.Plain(title)}}
}

// weblocLink reads the link of a macOS link file, a property list as XML or in binary.
func weblocLink(content []byte) []localapi.Link {
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
	if !isLink(address) {
		return nil
	}
	return []localapi.Link{{URL: address}}
}

// binaryPlistLink gives the first ASCII string of a binary property list that begins like a link.
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
		if at >= 0 && content[at] == 0x5f && content[at+1] == byte(0x10|power) {
			var wide [8]byte
			copy(wide[8-width:], content[start-width:start])
			length = int(binary.BigEndian.Uint64(wide[:]))
			break
		}
	}
	if length < 0 || length > len(content)-start {
		return ""
	}
	return string(content[start : start+length])
}

// htmlLinks gives the links of a page or of a bookmark export, with their texts as titles.
func htmlLinks(content []byte) []localapi.Link {
	var links []localapi.Link
	seen := map[string]bool{}
	open := -1 // index of the link whose text is being read
	tokens := html.NewTokenizer(bytes.NewReader(content))
	for len(links) < maxLinks {
		switch tokens.Next() {
		case html.ErrorToken:
			if !errors.Is(tokens.Err(), io.EOF) && len(links) == 0 {
				return nil
			}
			return tidyTitles(links)
		case html.StartTagToken:
			if t := tokens.Token(); t.Data == "a" {
				open = -1
				if address := href(t); isLink(address) && !seen[address] {
					seen[address] = true
					links = append(links, localapi.Link{URL: address})
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
	return tidyTitles(links)
}

func tidyTitles(links []localapi.Link) []localapi.Link {
	for i := range links {
		links[i].Title = i18n.Plain(links[i].Title)
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
