package notify

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile are titles that some platform would interpret.
var hostile = map[string]string{
	"PowerShell subexpression": `$(Start-Process calc)`,
	"PowerShell variable":      `${env:USERNAME} $x`,
	"backtick escape":          "`n`$(calc)",
	"here-string end":          "a\n\"@\ncalc\n@\"",
	"end of CDATA":             `]]></text><text>x`,
	"markup":                   `<b>bold</b><script>alert(1)</script>`,
	"entity":                   `&lt;img src=x&gt;`,
	"AppleScript":              `" & (do shell script "id") & "`,
	"backslash":                `\" & x`,
	"option":                   `--icon=/etc/passwd`,
	"dash":                     `— -u critical`,
	"typographic quotes":       "“x” ‘y’ «z» „w“ ＂v＂ 「u」",
	"terminal escape":          "\x1b[2Jcleared",
	"bell and null":            "a\x07\x00b",
	"right-to-left override":   "exe.\u202egnp.moc",
	"zero width":               "pay\u200bpal\ufeff",
	"newlines":                 "a\r\nb\nc\td",
	"invalid UTF-8":            "a\xff\xfeb",
	"only junk":                "$`\"'<>",
	"long":                     strings.Repeat("long ", 500),
}

// shellQuotes are the quotation marks of PowerShell (about_Quoting_Rules), and the wide forms that some
// encodings of a console make of ASCII's.
const shellQuotes = "\"'‘’‚‛“”„‟＂＇"

func TestHarmlessKeepsNothingThatIsInterpreted(t *testing.T) {
	for name, title := range hostile {
		t.Run(name, func(t *testing.T) {
			got := harmless(title, 100)
			if strings.ContainsAny(got, "$`\"'<>\\\r\n\t") || strings.Contains(got, "]]>") {
				t.Errorf("%q keeps a character with a meaning", got)
			}
			for _, r := range got {
				if unicode.IsControl(r) || strings.ContainsRune(shellQuotes, r) || unicode.Is(unicode.Bidi_Control, r) {
					t.Errorf("%q keeps %U", got, r)
				}
			}
			if strings.HasPrefix(got, "-") {
				t.Errorf("%q looks like an option", got)
			}
			if utf8.RuneCountInString(got) > 100 || !utf8.ValidString(got) {
				t.Errorf("%q is too long or broken", got)
			}
			if again := harmless(got, 100); again != got {
				t.Errorf("doing it twice changes %q to %q", got, again)
			}
		})
	}
}

func TestHarmlessKeepsWords(t *testing.T) {
	for in, want := range map[string]string{
		"Ähnlich: 日本語 & Привет 🏳️‍🌈 (50%)": "Ähnlich: 日本語 & Привет 🏳️‍🌈 (50%)",
		`Don't say "no"`:              "Donʼt say ʺnoʺ",
		"Tabferry’s “tabs”":           "Tabferryʼs ʺtabsʺ",
		"« Envoyer » l'onglet":        "« Envoyer » lʼonglet",
		"Tab from Pixel\nexample.org": "Tab from Pixel example.org",
	} {
		if got := harmless(in, 100); got != want {
			t.Errorf("harmless(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEscapeMarkup(t *testing.T) {
	for name, title := range hostile {
		got := escapeMarkup(title)
		if strings.ContainsAny(got, "<>") {
			t.Errorf("%s: %q still holds markup", name, got)
		}
		back := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(got)
		if back != title {
			t.Errorf("%s: reads as %q", name, back)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	for _, title := range hostile {
		f.Add(title)
	}
	f.Fuzz(func(t *testing.T, title string) {
		got := harmless(title, 50)
		if strings.ContainsAny(got, "$`\"'<>\\\r\n\t\x00\x1b") || strings.HasPrefix(got, "-") {
			t.Errorf("%q became %q", title, got)
		}
		if utf8.RuneCountInString(got) > 50 || !utf8.ValidString(got) {
			t.Errorf("%q is too long or broken", got)
		}
		if again := harmless(got, 50); again != got {
			t.Errorf("doing it twice changes %q to %q", got, again)
		}
	})
}
