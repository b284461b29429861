package desktop

import (
	"slices"
	"strings"
	"testing"
)

// FuzzSplitCommand: a command is refused or names a program; its words, each in quotes, are split into
// the same words again, and nothing but blanks and quotes gets lost.
func FuzzSplitCommand(f *testing.F) {
	for _, command := range []string{"", " ", "firefox", `"/opt/my browser/run" --new 'a b'`, `a"b c"d ''`, `"open`, "x\u00a0y", "\x00", "a\xffb"} {
		f.Add(command)
	}
	f.Fuzz(func(t *testing.T, command string) {
		words, err := splitCommand(command)
		if err != nil {
			if words != nil {
				t.Errorf("%q is refused, and is %q", command, words)
			}
			return
		}
		if len(words) == 0 || words[0] == "" {
			t.Fatalf("%q names no program: %q", command, words)
		}
		quoted := make([]string, len(words))
		for i, word := range words {
			quote := `"`
			if strings.Contains(word, quote) {
				quote = "'"
			}
			if quoted[i] = quote + word + quote; strings.Contains(word, `"`) && strings.Contains(word, "'") {
				return // no one pair of quotes holds it
			}
		}
		again, err := splitCommand(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(again, words) {
			t.Errorf("%q is %q, and that is %q, %v", command, words, again, err)
		}
	})
}
