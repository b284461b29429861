package link

import (
	"encoding/json"
	"strings"
	"unicode"
)

// What programs write for a terminal (ECMA-48): colours and other commands, and addresses behind words ("OSC 8").
var (
	terminalLink    = lazily(`\x1b\]8;[^;\x07\x1b\n]*;([^\x07\x1b\n]*)(?:\x07|\x1b\\)`)
	terminalCommand = lazily(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]`)
)

// withoutCommands returns a text without what nobody sees of it on a terminal. An address that stands behind
// words comes to stand before them, marked as one.
func withoutCommands(text string) string {
	if !strings.Contains(text, "\x1b") {
		return text
	}
	text = terminalLink().ReplaceAllString(text, " <$1> ")
	return terminalCommand().ReplaceAllString(strings.ReplaceAll(text, " <> ", ""), "")
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
