package window

import (
	"testing"
	"unicode/utf8"

	"github.com/tabferry/tabferry/assets/i18n"
)

func TestLinkInDrop(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/https:/example.org/a": "https://example.org/a",
		"/http:/example.org":            "http://example.org",
		"https://example.org/a":         "https://example.org/a",
		"/home/me/notes.txt":            "",
	} {
		if got, ok := linkInDrop(path); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", path, got, ok, want)
		}
	}
}

func TestPlainTextStaysOnOneLineAndInItsDirection(t *testing.T) {
	for text, want := range map[string]string{
		"Pixel 9":                 "Pixel 9",
		"two\nlines\tand a tab":   "two lines and a tab",
		"gpj.\u202eexe":           "gpj.exe",
		"a\u2066b\u2069c\u200fd":  "abcd",
		"bell\a and \x1b[31mred":  "bell and [31mred",
		"  spaces   everywhere  ": "spaces everywhere",
		"日本語 😀":                   "日本語 😀",
	} {
		if got := i18n.Plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if got := i18n.Plain(text); !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
	}
}
