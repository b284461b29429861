package link

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Find returns the [Web] links in a text, each once, in their order, and at most most of them.
//
// A link that stands alone, or alone in its line among lines that do the same, is never shortened.
// Among words it ends at a blank, at brackets and quotes that stand around it, and at the marks that
// end sentences in any script; closing marks of the sentence are not part of it. Invisible
// characters and the colours of a terminal never are. Zeros stand between texts, as line ends do.
func Find(text string, most int) []string {
	var links []string
	seen := map[string]bool{}
	add := func(address string) {
		address = strings.TrimFunc(address, around)
		if len(links) < most && !seen[address] && Web(address) {
			seen[address] = true
			links = append(links, address)
		}
	}
	text = visible(strings.ReplaceAll(text, "\x00", "\n"))
	if address, ok := alone(text); ok {
		add(address)
		return links
	}
	onlyLinks := true
	for line := range strings.Lines(text) {
		if _, ok := alone(line); !ok && strings.TrimSpace(line) != "" {
			onlyLinks = false
			break
		}
	}
	for line := range strings.Lines(text) {
		address, ok := alone(line)
		switch {
		case len(links) >= most:
			return links
		case !ok:
			inProse(line, add)
		case onlyLinks:
			add(address)
		default:
			add(strings.TrimRight(address, sentenceEnds))
		}
	}
	return links
}

// sentenceEnds end a sentence and, as the last sign, hardly ever a link.
const sentenceEnds = ".,;:"

// lazily is a pattern that is compiled when it is first needed: a program that needs none starts sooner.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// continued finds in what follows a blank that the address goes on there: signs of paths and queries
// between letters, or the ending of a file.
var continued = lazily(`(?i)^[^|–—]*[\pL\d](?:[/=&?#%][\pL\d]|\.(?:pdf|html?|docx?|xlsx?|pptx?|od[tsp]|jpe?g|png|gif|webp|svg|mp[34]|zip|txt|epub)\b)`)

// alone returns the link that a text is; false if there may be words beside it.
func alone(text string) (string, bool) {
	text = strings.TrimFunc(text, outer)
	address, reason := One(text)
	if reason != Fine {
		return "", false
	}
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 && !continued().MatchString(text[i:]) {
		return "", false
	}
	// In scripts without blanks words follow the mark that ends a sentence.
	stopped := false
	for _, r := range text {
		if stopped && r >= 0x80 && unicode.IsLetter(r) {
			return "", false
		}
		stopped = strings.ContainsRune(stops, r)
	}
	return address, true
}

// stops are the marks that end sentences or their parts in scripts other than Latin; walls are the
// brackets, quotes and separators of all scripts that no browser leaves in an address it copies.
const (
	stops = "。，、；：！？．｡､،؛؟۔।॥։።၊။។"
	walls = "（）［］｛｝＜＞「」『』｢｣《》〈〉【】〔〕〖〗“”„‟«»‹›〝〟＂＇\uFFFD<>"
)

// pairs are the signs that stand around a link, opening and closing.
var pairs = map[rune]rune{'(': ')', '[': ']', '{': '}', '<': '>', '"': '"', '\'': '\'', '`': '`', '|': '|', '*': '*', '_': '_', '~': '~', '‘': '’', '‚': '‘'}

// inProse hands out the links among the words of a line.
func inProse(line string, add func(string)) {
	line = unquoted(line)
	around := brackets{}
	for {
		start := schemeIndex(line)
		if start < 0 {
			return
		}
		before := line[:start]
		line = line[start:]
		for _, r := range before {
			around.follow(r)
		}
		opener, _ := utf8.DecodeLastRuneInString(before)
		closer := pairs[opener]
		end, another := proseEnd(line, nesting{opener: opener, closer: closer, around: around, own: brackets{}})
		address := line[:end]
		inside := closer != 0 && strings.HasPrefix(line[end:], string(closer))
		line = line[end:]
		switch {
		case inside && (opener == '<' || strings.HasSuffix(before, "](")): // marked as a link by its author
		case inside:
			address = strings.TrimRight(address, ".,")
		case another:
			address = trim(strings.TrimRightFunc(address, between))
		default:
			address = trim(withoutEmphasis(trim(address), before))
		}
		add(address)
	}
}

// proseEnd returns where a link that begins a text ends, and whether another one follows there.
func proseEnd(text string, n nesting) (end int, another bool) {
	for i, r := range text {
		wall := unicode.IsSpace(r) || r == utf8.RuneError || strings.ContainsRune(stops, r) || strings.ContainsRune(walls, r)
		another = i > 0 && (r == 'h' || r == 'H') && apart(text[:i]) && beginsLink(text[i:])
		if wall || another || n.ends(r, text[i:]) {
			return i, another
		}
	}
	return len(text), false
}

// between reports whether r, between two links, is none of the first: a bar, an arrow, a bullet.
func between(r rune) bool {
	return r == '|' || r >= 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r))
}

// brackets says how many round and square ones are open.
type brackets map[rune]int

// follow counts r; a closing one that nothing opened does not count.
func (b brackets) follow(r rune) {
	switch r {
	case '(', '[':
		b[pairs[r]]++
	case ')', ']':
		b[r] = max(b[r]-1, 0)
	}
}

// withoutEmphasis returns a link without the signs at its end that close what the same signs opened
// before words that stand before it.
func withoutEmphasis(address, before string) string {
	rest := strings.TrimRight(address, "*_~")
	if rest == address {
		return address
	}
	last := address[len(address)-1:]
	signs := address[len(strings.TrimRight(address, last)):]
	i := strings.LastIndex(before, signs)
	if i < 0 || strings.Count(before, signs)%2 == 0 || !letterAt(before[i+len(signs):]) {
		return address
	}
	if r, _ := utf8.DecodeLastRuneInString(before[:i]); unicode.IsLetter(r) || unicode.IsDigit(r) {
		return address
	}
	return strings.TrimSuffix(address, signs)
}

// nesting follows the brackets and quotes in a link.
type nesting struct {
	opener, closer rune     // what stands around the link; zero for nothing
	around         brackets // what is open before it
	own            brackets // and within it
	depth, braces  int
	last           rune
}

// ends reports whether r, which begins rest, ends the link.
func (n *nesting) ends(r rune, rest string) bool {
	last := n.last
	n.last = r
	switch {
	case r == n.closer && n.closer != 0:
		n.depth--
		return n.opener == n.closer || n.depth < 0
	case r == n.opener:
		n.depth++
	case strings.HasPrefix(rest, "[/"): // a forum's closing tag
		return true
	case n.around[r] > 0 && n.own[r] == 0:
		return true
	case strings.ContainsRune("()[]", r):
		n.own.follow(r)
	case r == '"':
		return n.braces == 0
	case r == '‘' || r == '’': // or an apostrophe within a word
		return !unicode.IsLetter(last) || !letterAt(rest[len("’"):])
	case r == '{':
		n.braces++
	case r == '}':
		n.braces--
	}
	return false
}

func letterAt(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r)
}

// apart reports whether the link that follows a text is another one than the link in the text.
func apart(before string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	return unicode.IsSpace(last) || last >= 0x80 || strings.ContainsRune(",;|<>\"'`", last)
}

// trim cuts off what belongs to the sentence around a link: trailing punctuation, and a bracket
// whose other half is not inside.
func trim(address string) string {
	open := map[rune]int{')': 0, ']': 0, '}': 0} // how many are opened and not closed
	for _, r := range address {
		if _, closes := open[r]; closes {
			open[r]--
		} else if strings.ContainsRune("([{", r) {
			open[pairs[r]]++
		}
	}
	for address != "" {
		last, size := utf8.DecodeLastRuneInString(address)
		n, closes := open[last]
		switch {
		case closes && n < 0:
			open[last]++
		case strings.ContainsRune("([{", last):
			open[pairs[last]]--
		case !strings.ContainsRune(sentenceEnds+"!?'\"`\\…—–", last) || last == '\'' && strings.Count(address, "'")%2 == 0:
			return address
		}
		address = address[:len(address)-size]
	}
	return address
}

// beginsLink reports whether a text begins with http:// or https://.
func beginsLink(text string) bool {
	scheme, _, _ := strings.Cut(text[:min(len(text), len("https://"))], "://")
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") && len(text) >= len("https://")
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

// visible returns a text without the characters that nobody sees (zero-width spaces, direction
// marks, soft hyphens, byte order marks, commands to a terminal). Joiners stay between letters of the scripts that need them.
func visible(text string) string {
	text = withoutCommands(text)
	if !strings.ContainsFunc(text, invisible) {
		return text
	}
	var b strings.Builder
	last := rune(0)
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		sign := rest[:size]
		rest = rest[size:]
		if invisible(r) {
			next, _ := utf8.DecodeRuneInString(rest)
			if joiner := r == '\u200c' || r == '\u200d'; !joiner || last < 0x80 || next < 0x80 || unicode.IsSpace(next) || invisible(next) {
				continue
			}
		}
		last = r
		b.WriteString(sign)
	}
	return b.String()
}

func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r == '\u034f' || r == '\u115f' || r == '\u3164'
}
