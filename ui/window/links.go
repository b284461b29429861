package window

import (
	"strings"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
)

// maxLinks bounds how many links one paste or drop may bring: more is no list a person can look at.
const maxLinks = 200

// findLinks returns the web links in a text, as they are sent.
func findLinks(text string) []localapi.Link {
	var links []localapi.Link
	for _, address := range link.Find(text, maxLinks) {
		links = append(links, localapi.Link{URL: address})
	}
	return links
}

// linksInFile returns the links a file of the given name holds, as they are sent.
func linksInFile(name string, content []byte) []localapi.Link {
	var links []localapi.Link
	for _, l := range link.InFile(name, content, maxLinks) {
		links = append(links, localapi.Link{URL: l.URL, Title: i18n.Plain(l.Title)})
	}
	return links
}

// linkInDrop finds the link in what the toolkit hands over for a dropped link: it takes it for the
// relative path of a file, so that the current folder stands before it and one of its slashes is
// gone. It has also been percent-decoded, which [link.Intact] looks at.
func linkInDrop(path string) (string, bool) {
	for _, scheme := range []string{"https:/", "http:/"} {
		if _, rest, ok := strings.Cut(path, "/"+scheme); ok || strings.HasPrefix(path, scheme) {
			if !ok {
				rest = strings.TrimPrefix(path, scheme)
			}
			return scheme + "/" + strings.TrimPrefix(rest, "/"), true
		}
	}
	return "", false
}

// shortLink returns a link without its scheme, for a row below its host.
func shortLink(address string) string { return i18n.Plain(link.Short(address)) }

// titleOf returns what to call a link: its title, or the link without scheme and query.
func titleOf(title, address string) string {
	if t := i18n.Plain(title); t != "" {
		return t
	}
	return shortLink(address)
}
