package i18n

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/tabferry/tabferry/account/agent" // and with it every part that says something
	"github.com/tabferry/tabferry/account/agent/localapi"
	_ "github.com/tabferry/tabferry/ui/extension" // the browser's host says something too
)

// Everything the agent says, it says in every language: no sentence and no hint stays English, none is
// left over, and what stands in the places of one stands in those of the other.
func TestEveryPhraseIsTranslated(t *testing.T) {
	place := regexp.MustCompile(`\{(\w+)\}`)
	english := map[string]string{}
	for _, p := range localapi.Phrases() {
		if english["agent."+p.Key] != "" {
			t.Errorf("two phrases are called %s", p.Key)
		}
		english["agent."+p.Key] = p.Text
		if p.Hint != "" {
			english["agent."+p.Key+".hint"] = p.Hint
		}
	}
	for _, lang := range Languages()[1:] {
		texts, words := read(t, "agent."+lang+".toml"), New(lang)
		for key, text := range english {
			var args, want []string
			for _, m := range place.FindAllStringSubmatch(text, -1) {
				args, want = append(args, m[1], "<"+m[1]+">"), append(want, m[1])
			}
			slices.Sort(want)
			said := words.Say(text, strings.TrimPrefix(key, "agent."), args)
			if got := placeholders(texts[key][""]); said == text || strings.Contains(said, "<no value>") || !slices.Equal(got, slices.Compact(want)) {
				t.Errorf("%s: %s is said as %q, with places %v", lang, key, said, got)
			}
		}
		for key := range maps.Keys(texts) {
			if english[key] == "" {
				t.Errorf("%s: nobody says %s", lang, key)
			}
		}
	}
	if got := New("en").Say("As it is.", "offline", nil); got != "As it is." {
		t.Errorf("English is said as %q", got)
	}
}
