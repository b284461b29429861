package role

import (
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// speaking has a face's client say what the agent says in the language of the settings.
func speaking(c *localapi.Client) *localapi.Client {
	say := sayIn(new(i18n.Speaker))
	c.Speak(func(language string, s localapi.Sentence) string {
		text, _ := say(language, s)
		return text
	})
	return c
}

// sayIn says a sentence in a language, empty for the system's, and names the one it became.
func sayIn(speaker *i18n.Speaker) func(language string, s localapi.Sentence) (text, tag string) {
	return func(language string, s localapi.Sentence) (text, tag string) {
		words := speaker.In(language)
		return words.Say(s.Text, s.Said.Key, s.Said.Args), words.Language()
	}
}
