package notify

import (
	"strings"

	"github.com/tabferry/tabferry/assets/i18n"
)

// The longest texts that are shown, in characters: desktops cut at about these lengths anyway,
// and Windows refuses toasts over 5 kB (toast schema).
const (
	maxDevice = 60
	maxTitle  = 120
	maxHost   = 80
	maxText   = 400
)

// escapeMarkup escapes a body for servers that announce "body-markup" (Desktop Notifications
// Specification, "Markup"); without that capability it must stay as it is.
func escapeMarkup(s string) string { return markup.Replace(s) }

// markup is made ready when it is first used: 6 kB.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// likenesses stand for the quotation marks that shells know: ASCII's and, to PowerShell, the typographic
// ones of English and German. They are letters (Unicode, "Spacing Modifier Letters") and look the same.
var likenesses = map[rune]rune{
	'\'': 'ʼ', '‘': 'ʼ', '’': 'ʼ', '‚': 'ʼ', '‛': 'ʼ', '＇': 'ʼ',
	'"': 'ʺ', '“': 'ʺ', '”': 'ʺ', '„': 'ʺ', '‟': 'ʺ', '＂': 'ʺ',
}

// harmless takes out what a shell, PowerShell, AppleScript or XML could interpret. beeep puts texts
// into a PowerShell here-string, a CDATA section and command lines, none of which it guards, so
// everything with a meaning there goes: $, backtick, angle brackets (and with them "]]>"),
// backslashes, line ends, and dashes at the beginning, which look like options. Quotation marks
// become letters that look like them: "Tabferry's" is not "Tabferrys".
func harmless(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case strings.ContainsRune("$`<>\\", r):
			return -1
		}
		if like, ok := likenesses[r]; ok {
			return like
		}
		return r
	}, s)
	return strings.TrimLeft(i18n.OneLine(s, max), "-–— ")
}
