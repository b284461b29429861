package i18n

import (
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/feature/plural"
)

// asTOML reads a file with a library for all of TOML.
func asTOML(text string) (texts, error) {
	var raw map[string]any
	if _, err := toml.Decode(text, &raw); err != nil {
		return nil, err
	}
	read := texts{}
	for key, value := range raw {
		switch value := value.(type) {
		case string:
			read[key] = value
		case map[string]any:
			for form, text := range value {
				read[strings.TrimSuffix(key+formMark+form, formMark+"other")] = text.(string)
			}
		}
	}
	return read, nil
}

// TestFilesAreReadAsTOML reads every file, so that none can be a fault that is found when it is asked for.
func TestFilesAreReadAsTOML(t *testing.T) {
	names, err := locales.ReadDir("locales")
	if err != nil || len(names) < 15 {
		t.Fatal(len(names), err)
	}
	for _, name := range names {
		file, err := locales.ReadFile(path.Join("locales", name.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(string(file))
		if err != nil {
			t.Errorf("%s: %v", name.Name(), err)
			continue
		}
		if want, err := asTOML(string(file)); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %d texts, as TOML %d, %v", name.Name(), len(got), len(want), err)
		}
	}
}

func TestWhatIsNoFileOfTexts(t *testing.T) {
	for name, file := range map[string]string{
		"no key":            "= \"a\"",
		"no text":           "\"a.b\" = ",
		"blank text":        "\"a.b\" = \" \"",
		"number":            "\"a.b\" = 1",
		"comment behind":    "\"a.b\" = \"c\" # d",
		"twice":             "\"a.b\" = \"c\"\n\"a.b\" = \"d\"",
		"other escape":      "\"a.b\" = \"c\\n\"",
		"bare quotation":    "\"a.b\" = \"c\"d\"",
		"no end of line":    "\"a.b\" = \"c\"\r",
		"tabulator":         "\"a.b\" = \"c\td\"",
		"broken UTF-8":      "\"a.b\" = \"c\xff\"",
		"form without head": "one = \"c\"",
		"form twice":        "[\"a.b\"]\none = \"c\"\none = \"d\"\nother = \"e\"",
		"unknown form":      "[\"a.b\"]\ntwo = \"c\"\nother = \"d\"",
		"no other":          "[\"a.b\"]\none = \"c\"",
		"no other, more":    "[\"a.b\"]\none = \"c\"\n[\"a.c\"]\nother = \"d\"",
		"text in a head":    "[\"a.b\"]\nother = \"c\"\n\"a.c\" = \"d\"",
		"head of a text":    "\"a.b\" = \"c\"\n[\"a.b\"]\nother = \"d\"",
		"key with a form":   "\"a.b#one\" = \"c\"",
	} {
		if got, err := parse(file); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzParse: what is taken is TOML and says the same there.
func FuzzParse(f *testing.F) {
	f.Add("# c\n\"a.b\" = \"x \\\"y\\\" \\\\\"\r\n\n[\"a.c\"]\none = \"1\"\nother = \"2\"\n")
	f.Fuzz(func(t *testing.T, file string) {
		got, err := parse(file)
		if err != nil {
			return
		}
		if want, err := asTOML(file); err != nil || !maps.Equal(got, want) {
			t.Errorf("%v, as TOML %v, %v", got, want, err)
		}
	})
}

// TestPluralRules compares the rule that is written down with CLDR's.
func TestPluralRules(t *testing.T) {
	names := map[plural.Form]string{plural.Other: "", plural.One: "one"}
	for _, tag := range supported() {
		c := newCatalogue(tag)
		for _, count := range []int{0, 1, 2, 5, 10, 11, 99, 100, 101, 999_999, 1_000_000, 1_000_001, 2_000_000, 10_000_000} {
			if want, known := names[plural.Cardinal.MatchPlural(tag, count, 0, 0, 0, 0)]; !known || c.plural(count) != want {
				t.Errorf("%v %d: %q, want %q", tag, count, c.plural(count), want)
			}
		}
	}
}

// A language costs what is asked for: the file of a face, once, and nothing for the others.
func TestAFileIsReadOnceAndWhenItIsNeeded(t *testing.T) {
	c := New("de")
	if len(c.files) != 0 {
		t.Errorf("%d files are read before anything is asked for", len(c.files))
	}
	for range 3 {
		c.T("notify.show")
		c.N("common.minutes_ago", 2)
		c.Say("There is no connection.", "offline", nil)
	}
	if len(c.files) != 3 || len(c.english.files) != 0 {
		t.Errorf("%d files are read for three faces, and %d English ones", len(c.files), len(c.english.files))
	}
	if n := testing.AllocsPerRun(100, func() { c.T("notify.show") }); n > 0 {
		t.Errorf("a text costs %v allocations", n)
	}
}
