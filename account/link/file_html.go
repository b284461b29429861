package link

import (
	"strings"

	"github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/html"
)

// maxRef bounds a relative link of a page, in bytes, and with it the parser's work.
const maxRef = 8 << 10

// The signs of bookmark exports (the Netscape format that all browsers write).
var (
	bookmarksStart = lazily(`(?i)^\s*<!DOCTYPE NETSCAPE-Bookmark-file|<dt>\s*<a\s`)
	entryStart     = lazily(`(?i)<a\s`)
	entryEnd       = lazily(`(?i)</a\s*>|<dt>|<dd>|[\r\n]`)
	entryHref      = lazily(`(?i)\shref\s*=\s*["']?([^"'\s>]+)`)
)

func isBookmarks(page string) bool { return bookmarksStart().MatchString(page[:min(len(page), 4<<10)]) }

// fromBookmarks reads a bookmark export. It is no HTML that a parser of HTML can be trusted with:
// titles hold tags that were never escaped, which would swallow the entries behind them. Each entry
// is therefore read by itself.
func fromBookmarks(page string, most int) []Titled {
	c := collector{most: most, seen: map[string]bool{}}
	starts := entryStart().FindAllStringIndex(page, -1)
	for i, start := range starts {
		entry := page[start[0]:]
		if i+1 < len(starts) {
			entry = page[start[0]:starts[i+1][0]]
		}
		tokens := html.NewTokenizer(strings.NewReader(entry))
		address, title := "", ""
		if tokens.Next() == html.StartTagToken {
			title = entry[len(tokens.Raw()):]
			address = href(tokens.Token())
		} else if m := entryHref().FindStringSubmatch(entry); m != nil { // a quote that is not closed
			address = html.UnescapeString(m[1])
		}
		if end := entryEnd().FindStringIndex(title); end != nil {
			title = title[:end[0]]
		}
		c.add(address, html.UnescapeString(title))
	}
	return c.links
}

// anchor is a link of a page as it is written.
type anchor struct {
	href  string
	title strings.Builder
}

// fromPage reads the links of a page, each once, with their texts as titles.
func fromPage(page string, most int) []Titled {
	var anchors []*anchor
	var base string
	open := false // the last anchor's text is being read
	tokens := html.NewTokenizer(strings.NewReader(page))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		raw := string(tokens.Raw())
		t := tokens.Token()
		switch {
		case kind == html.TextToken && open:
			anchors[len(anchors)-1].title.WriteString(t.Data)
		case kind == html.EndTagToken && t.Data == "a":
			open = false
		case kind != html.StartTagToken && kind != html.SelfClosingTagToken:
		case t.Data == "base" && base == "":
			base = href(t)
		case t.Data == "a" || t.Data == "area":
			anchors = append(anchors, &anchor{href: href(t)})
			open = t.Data == "a"
		case open && rawText(t.Data): // hardly meant as markup, where it would swallow the rest of the page
			anchors[len(anchors)-1].title.WriteString(raw)
			tokens.NextIsNotRawText()
		}
	}
	return resolved(base, anchors, most)
}

func resolved(base string, anchors []*anchor, most int) []Titled {
	c := collector{most: most, seen: map[string]bool{}}
	if Web(base) {
		c.base = base
	}
	for _, a := range anchors {
		c.add(a.href, a.title.String())
	}
	return c.links
}

// rawText reports whether a tag begins something that is no HTML.
func rawText(tag string) bool {
	switch tag {
	case "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext":
		return true
	}
	return false
}

// collector collects links, each once.
type collector struct {
	most  int
	base  string
	seen  map[string]bool
	links []Titled
}

func (c *collector) add(address, title string) {
	if len(c.links) >= c.most {
		return
	}
	if !Web(address) {
		address = c.resolve(address)
	}
	if Web(address) && !c.seen[address] {
		c.seen[address] = true
		c.links = append(c.links, Titled{URL: address, Title: title})
	}
}

// resolve returns the address that a relative link of a page means. Without a base only one that names
// its host means anything elsewhere.
func (c *collector) resolve(ref string) string {
	if _, _, absolute := cutScheme(ref); absolute || ref == "" || ref[0] == '#' || len(ref) > maxRef {
		return ""
	}
	scheme, _, based := cutScheme(c.base)
	switch {
	case strings.HasPrefix(ref, "//") && based:
		return scheme + ":" + ref
	case strings.HasPrefix(ref, "//"):
		return "https:" + ref
	case !based:
		return ""
	}
	u, err := url.ParseRef(c.base, ref)
	if err != nil {
		return ""
	}
	return u.Href(false)
}

// href returns the address of a tag.
func href(t html.Token) string {
	for _, a := range t.Attr {
		if a.Key == "href" {
			return plainAddress(a.Val)
		}
	}
	return ""
}

// plainAddress is an address without the blanks around and the line breaks that HTML allows.
func plainAddress(value string) string {
	return strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimSpace(value))
}
