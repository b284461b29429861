package role

import (
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// speaking has a face's client say what the agent says in the language of the settings.
func speaking(c *localapi.Client, words *i18n.Speaker) *localapi.Client {
	say := sayIn(words)
	c.Speak(func(language string, s localapi.Sentence) string {
		text, _ := say(language, s)
		return text
	})
	return c
}

// sayIn says a sentence in a language, empty for the system's, and names the one it became.
func sayIn(words *i18n.Speaker) func(language string, s localapi.Sentence) (text, tag string) {
	return func(language string, s localapi.Sentence) (text, tag string) {
		in := words.In(language)
		return in.Say(s.Text, s.Said.Key, s.Said.Args), in.Language()
	}
}
