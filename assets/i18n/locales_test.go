package i18n

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// file is one locale file: key to form to text; a plain text is its form "".
type file map[string]map[string]string

func read(t *testing.T, name string) file {
	t.Helper()
	text, err := locales.ReadFile("locales/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	f := file{}
	for key, value := range raw {
		forms := map[string]string{}
		switch value := value.(type) {
		case string:
			forms[""] = value
		case map[string]any:
			for form, text := range value {
				s, ok := text.(string)
				if !ok {
					t.Fatalf("%s: %s.%s is no text: nested tables need quoted keys", name, key, form)
				}
				forms[form] = s
			}
		default:
			t.Fatalf("%s: %s is no text", name, key)
		}
		f[key] = forms
	}
	return f
}

// faces returns the first parts of all file names.
func faces(t *testing.T) []string {
	t.Helper()
	entries, err := locales.ReadDir("locales")
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	for _, e := range entries {
		parts := strings.Split(e.Name(), ".")
		if len(parts) != 3 || !slices.Contains(Languages(), parts[1]) {
			t.Errorf("%s: want FACE.LANGUAGE.toml with a supported language", e.Name())
		}
		if parts[0] != "agent" { // its English stands in the program: TestEveryPhraseIsTranslated
			set[parts[0]] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

var placeholder = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

func placeholders(text string) []string {
	set := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		set[m[1]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func TestEveryLanguageHasTheSameKeysFormsAndPlaceholders(t *testing.T) {
	for _, face := range faces(t) {
		english := read(t, face+".en.toml")
		for key, forms := range english {
			if !strings.HasPrefix(key, face+".") {
				t.Errorf("%s: key %q does not begin with %q", face, key, face+".")
			}
			checkForms(t, path.Join(face, "en", key), forms)
		}
		for _, lang := range Languages()[1:] {
			other := read(t, face+"."+lang+".toml")
			for key, forms := range english {
				got, ok := other[key]
				if !ok {
					t.Errorf("%s.%s: key %q is missing", face, lang, key)
					continue
				}
				name := path.Join(face, lang, key)
				checkForms(t, name, got)
				if (len(forms) > 1) != (len(got) > 1) {
					t.Errorf("%s: plural in one language only", name)
				}
				if a, b := allPlaceholders(forms), allPlaceholders(got); !slices.Equal(a, b) {
					t.Errorf("%s: placeholders %v, want %v", name, b, a)
				}
			}
			for key := range other {
				if _, ok := english[key]; !ok {
					t.Errorf("%s.%s: key %q is unknown in English", face, lang, key)
				}
			}
		}
	}
}

// checkForms wants a plain text, or the forms one and other; braces must be placeholders.
func checkForms(t *testing.T, name string, forms map[string]string) {
	t.Helper()
	if _, plain := forms[""]; !plain {
		for _, form := range []string{"one", "other"} {
			if forms[form] == "" {
				t.Errorf("%s: plural form %q is missing", name, form)
			}
		}
		for form := range forms {
			if !slices.Contains([]string{"one", "other"}, form) {
				t.Errorf("%s: plural form %q does not exist in our languages", name, form)
			}
		}
	}
	for form, text := range forms {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s: form %q is empty", name, form)
		}
		if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
			t.Errorf("%s: %q holds a brace that is no placeholder", name, text)
		}
	}
}

func allPlaceholders(forms map[string]string) []string {
	set := map[string]bool{}
	for _, text := range forms {
		for _, p := range placeholders(text) {
			set[p] = true
		}
	}
	delete(set, "Count") // "one tab" may be said without the number
	return slices.Sorted(maps.Keys(set))
}

// same are the words that a language shares with English.
var same = map[string][]string{
	"de": {
		"System", "Push: {{.Facts}}", "ID", "LINK", "LINKS", "NAME", "BROWSER", "TABFERRY", "Tabferry", "Offline", "Demo", "April", "August",
		"September", "November", "Passphrase", "Link", "Server", "Version", "Tabferry in {{.Browser}}", "{{.Text}}: {{.Problem}}",
	},
	"fr": {
		"Options", "Application", "ID", "TYPE", "TABFERRY", "EXTENSION", "Tabferry", "Notifications", "Contact", "Version",
		"{{.Day}} {{.Month}}", "{{.Day}} {{.Month}} {{.Year}}", "options", "SYNOPSIS", "DESCRIPTION", "OPTIONS",
	},
}

// TestNothingIsLeftInEnglish: a text that was copied and never translated is as good as missing.
func TestNothingIsLeftInEnglish(t *testing.T) {
	for _, lang := range Languages()[1:] {
		unused := map[string]bool{}
		for _, word := range same[lang] {
			unused[word] = true
		}
		for _, face := range faces(t) {
			other := read(t, face+"."+lang+".toml")
			for key, forms := range read(t, face+".en.toml") {
				for form, text := range forms {
					if other[key][form] != text {
						continue
					}
					if !slices.Contains(same[lang], text) {
						t.Errorf("%s: %s is still English: %q", lang, key, text)
					}
					delete(unused, text)
				}
			}
		}
		for word := range unused {
			t.Errorf("%s: nothing says %q as in English", lang, word)
		}
	}
}
