package i18n

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPlain(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"as it is":            {"Überfahrt – 世界", "Überfahrt – 世界"},
		"blanks":              {"  two\t\n lines\u2028here\u00a0 ", "two lines here"},
		"blanks within":       {"  spaces   everywhere  ", "spaces everywhere"},
		"terminal controls":   {"a\x1b[31mred\x07\x9b", "a[31mred"},
		"bidirectional":       {"exe\u202egpj.\u2066x\u2069\u200f", "exegpj.x"},
		"invisible":           {"pay\u200bpal\ufeff\u00ad", "paypal"},
		"emoji stay together": {"👩\u200d🚀", "👩\u200d🚀"},
		"broken UTF-8":        {"a\xffb", "ab"},
		"nothing":             {"\u200b\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Plain(c.text); got != c.want {
				t.Errorf("Plain(%q) = %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestOneLine(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		max  int
		want string
	}{
		"fits":       {"abc", 3, "abc"},
		"too long":   {"abcd", 3, "ab…"},
		"characters": {"äöüß", 3, "äö…"},
		"blank end":  {"ab cdef", 4, "ab…"},
		"one":        {"ab", 1, "…"},
		"empty":      {"", 1, ""},
		"made plain": {"a\n\u202eb", 9, "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := OneLine(c.text, c.max); got != c.want {
				t.Errorf("OneLine(%q, %d) = %q, want %q", c.text, c.max, got, c.want)
			}
		})
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[31m\u202e b", 5)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = 1 + most&0xff
		plain := OneLine(text, most)
		if n := utf8.RuneCountInString(plain); n > most {
			t.Errorf("%d characters, want at most %d", n, most)
		}
		for _, r := range plain {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%U is left in %q", r, plain)
			}
		}
		if again := Plain(plain); again != plain {
			t.Errorf("not stable: %q, then %q", plain, again)
		}
	})
}
