package link

import (
	"encoding/json"
	"strings"
	"unicode"
)

// withoutCommands returns a text without what programs write for a terminal and nobody sees there (ECMA-48):
// colours and other commands. An address that stands behind words ("OSC 8") comes to stand before them, marked
// as one.
func withoutCommands(text string) string {
	if !strings.Contains(text, "\x1b") {
		return text
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '\x1b')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		size, address := command(text[i:])
		b.WriteString(text[:i+max(1-size, 0)]) // what is no command stays
		if address != "" {
			b.WriteString(" <" + address + "> ")
		}
		text = text[i+max(size, 1):]
	}
}

// command returns how long the command is that begins a text, zero for none, and the address in it.
func command(text string) (size int, address string) {
	if strings.HasPrefix(text, "\x1b]") {
		return stringCommand(text)
	}
	parameters := strings.HasPrefix(text, "\x1b[")
	rest := strings.TrimLeftFunc(strings.TrimPrefix(text[1:], "["), func(r rune) bool {
		return ' ' <= r && r <= '/' || parameters && '0' <= r && r <= '?'
	})
	if rest == "" || rest[0] < '0' || rest[0] > '~' {
		return 0, ""
	}
	return len(text) - len(rest) + 1, ""
}

// stringCommand is command for one that holds a text, which a bell or another command ends.
func stringCommand(text string) (size int, address string) {
	end := strings.IndexAny(text[2:], "\x07\x1b\n") + 2
	switch {
	case end < 2:
		return 0, ""
	case text[end] == '\x07':
		size = end + 1
	case strings.HasPrefix(text[end:], "\x1b\\"):
		size = end + 2
	default:
		return 0, ""
	}
	if link, ok := strings.CutPrefix(text[2:end], "8;"); ok {
		_, address, _ = strings.Cut(link, ";")
	}
	return size, address
}

// quotation is a text in quotes, as JSON and most languages of programs write it.
var quotation = lazily(`"(?:[^"\\]|\\.)*"`)

// unquoted returns a line in which the quotations with links in them say what they mean: in JSON
// "https:\/\/example.org\/?a\u0026b" is a link, and \n behind one no part of it.
func unquoted(line string) string {
	if !strings.Contains(line, `\`) || !strings.Contains(line, `"`) {
		return line
	}
	return quotation().ReplaceAllStringFunc(line, func(written string) string {
		meant := ""
		if !strings.Contains(written, `\`) || json.Unmarshal([]byte(written), &meant) != nil || schemeIndex(meant) < 0 ||
			strings.ContainsFunc(meant, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
			return written
		}
		return `"` + meant + `"`
	})
}
