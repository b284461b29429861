package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// manual is the page in a language.
func manual(t *testing.T, language string) string {
	t.Helper()
	var text bytes.Buffer
	if err := write(&text, i18n.New(language), "1.2.3", "2026-01-02"); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestManualSpeaksEveryLanguage: the page has the same parts in every language, and none says a sentence
// in English. In the language for tests whatever has a plain letter is a name, a command or an option.
func TestManualSpeaksEveryLanguage(t *testing.T) {
	english := manual(t, "en")
	requests := regexp.MustCompile(`(?m)^\.(TH|SH|SS|TP|B|PP|nf|fi)\b`)
	sentence := regexp.MustCompile(`\b[a-z]+ [a-z]+ [a-z]+ [a-z]+\b`)
	for _, language := range i18n.Languages()[1:] {
		text := manual(t, language)
		if want, got := requests.FindAllString(english, -1), requests.FindAllString(text, -1); strings.Join(want, "") != strings.Join(got, "") {
			t.Errorf("%s: other parts than in English, %d for %d", language, len(got), len(want))
		}
	}
	for _, line := range strings.Split(manual(t, i18n.Pseudo), "\n") {
		if found := sentence.FindString(line); found != "" && !strings.HasPrefix(line, "  tabferry ") { // an example
			t.Errorf("%q is no translation: %q", found, line)
		}
	}
}

// TestManualIsComplete: every command has its part, with every option of its own in it.
func TestManualIsComplete(t *testing.T) {
	for _, language := range i18n.Languages() {
		text := manual(t, language)
		n := 0
		var walk func(*cobra.Command)
		walk = func(parent *cobra.Command) {
			for _, c := range parent.Commands() {
				walk(c)
				if c.Hidden || cli.Group(c) {
					continue
				}
				_, part, ok := strings.Cut(text, ".SS "+heading(c)+"\n")
				if !ok {
					t.Errorf("%s: %s is missing", language, c.CommandPath())
					continue
				}
				part, _, _ = strings.Cut(part, "\n.S")
				n++
				c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
					if f.Name != "help" && !f.Hidden && !strings.Contains(part, `\fB`+plain("--"+f.Name)+`\fR`) {
						t.Errorf("%s: %s lacks --%s", language, c.CommandPath(), f.Name)
					}
				})
			}
		}
		walk(cli.Tree(cli.Params{Words: i18n.New(language)}))
		if n < 40 {
			t.Errorf("%s: only %d commands", language, n)
		}
	}
}
