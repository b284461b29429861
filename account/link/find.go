package link

import "strings"

// maxSearched bounds the text that is searched for links, in bytes.
const maxSearched = 1 << 20

// Find returns the [Web] links in a text, each once, in their order, and at most most of them.
// Punctuation and brackets that close a sentence around a link are not part of it.
func Find(text string, most int) []string {
	if len(text) > maxSearched {
		text = text[:maxSearched]
	}
	var links []string
	seen := map[string]bool{}
	for len(links) < most {
		start := schemeIndex(text)
		if start < 0 {
			break
		}
		rest := text[start:]
		end := strings.IndexFunc(rest, ends)
		if end < 0 {
			end = len(rest)
		}
		address := trim(rest[:end])
		text = rest[end:]
		if Web(address) && !seen[address] {
			seen[address] = true
			links = append(links, address)
		}
	}
	return links
}

// schemeIndex returns where the next http:// or https:// begins, -1 for nowhere.
func schemeIndex(text string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return -1
		}
		i += from
		for _, scheme := range []string{"https", "http"} {
			start := i - len(scheme)
			if start >= 0 && strings.EqualFold(text[start:i], scheme) && (start == 0 || !isLetter(text[start-1])) {
				return start
			}
		}
		from = i + len("://")
	}
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// ends reports whether a link among other words ends before r.
func ends(r rune) bool { return breaks(r) || strings.ContainsRune("<>\"`{}|\\^„“”«»", r) }

// trim cuts off what belongs to the sentence around a link: trailing punctuation, and a closing
// bracket that was not opened inside.
func trim(address string) string {
	for address != "" {
		last := address[len(address)-1]
		switch {
		case strings.IndexByte(".,;:!?'*_", last) >= 0:
		case last == ')' && strings.Count(address, "(") < strings.Count(address, ")"):
		case last == ']' && strings.Count(address, "[") < strings.Count(address, "]"):
		default:
			return address
		}
		address = address[:len(address)-1]
	}
	return address
}
