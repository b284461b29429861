package i18n

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// supported are the languages with complete files, English first: it is what matching falls back to.
func supported() []language.Tag {
	return []language.Tag{language.English, language.German, language.French}
}

// Catalogue gives texts in one language. It does not change and may be used from several goroutines.
type Catalogue struct {
	language language.Tag
	english  *Catalogue // for what the language lacks; nil in English

	mu    sync.Mutex
	files map[string]texts // by face
}

// New returns the catalogue of the supported language nearest to lang, a BCP 47 tag such as "de-AT".
// An empty lang asks the environment (on Unix LC_ALL, LC_MESSAGES, LANG and LANGUAGE as gettext
// reads them, on Windows the user's display languages). English is the last resort.
func New(lang string) *Catalogue {
	wanted := []string{lang}
	if lang == "" {
		wanted = systemLanguages()
	}
	tag := match(wanted)
	c := newCatalogue(tag)
	if tag != language.English {
		c.english = newCatalogue(language.English)
	}
	return c
}

func newCatalogue(tag language.Tag) *Catalogue {
	return &Catalogue{language: tag, files: map[string]texts{}}
}

// Languages returns the tags of the languages with complete texts, for a choice in the settings.
func Languages() []string {
	var tags []string
	for _, t := range supported() {
		tags = append(tags, t.String())
	}
	return tags
}

// Language returns the tag of the language that texts come in: "en", "de" or "fr".
func (c *Catalogue) Language() string { return c.language.String() }

// T returns the text of key with its placeholders filled. args are names and values in turn:
// T("send.to", "Device", name).
func (c *Catalogue) T(key string, args ...any) string {
	text, ok := c.find(key, "")
	if !ok {
		return key
	}
	return c.fill(text, args)
}

// N returns the text of key in the plural form for count, which the text may show as {{.Count}}.
// args are as for T.
func (c *Catalogue) N(key string, count int, args ...any) string {
	text, ok := c.find(key, c.plural(count))
	if !ok {
		return key
	}
	return c.fill(text, append([]any{"Count", count}, args...))
}

// Has reports whether key has a text.
func (c *Catalogue) Has(key string) bool {
	_, ok := c.find(key, "")
	return ok
}

// Say returns a sentence of the agent, which comes with its English and a key, in this language; args
// are names and values in turn. One that this language does not have stays English.
func (c *Catalogue) Say(english, key string, args []string) string {
	if c.language == language.English || key == "" {
		return english
	}
	if letters := lettersOf(c.Language()); letters != nil {
		return c.pseudoSentence(letters, english, args)
	}
	text, ok := c.own("agent."+key, "")
	if !ok {
		return english
	}
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg
	}
	return c.fill(text, values)
}

// find returns a text in this language, or in English where this one lacks it. form is a plural category;
// where it is not written down, the text is that of "other", which every text has.
func (c *Catalogue) find(key, form string) (string, bool) {
	text, ok := c.own(key, form)
	if !ok && c.english != nil {
		return c.english.own(key, form)
	}
	return text, ok
}

// own is find in this language alone.
func (c *Catalogue) own(key, form string) (string, bool) {
	face, _, _ := strings.Cut(key, ".")
	c.mu.Lock()
	defer c.mu.Unlock()
	file, known := c.files[face]
	if !known {
		file = load(face, c.language)
		c.files[face] = file
	}
	if form != "" {
		if text, ok := file[key+formMark+form]; ok {
			return text, true
		}
	}
	text, ok := file[key]
	return text, ok
}

// fill puts values into the places of a text. A name without a value is a mistake of the caller and shows
// as such.
func (c *Catalogue) fill(text string, args []any) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{.")
		name, after, closed := strings.Cut(rest, "}}")
		if !found || !closed {
			break
		}
		b.WriteString(before)
		b.WriteString(c.within(value(name, args)))
		text = after
	}
	if b.Len() == 0 {
		return text
	}
	b.WriteString(text)
	return b.String()
}

func value(name string, args []any) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return fmt.Sprint(args[i+1])
		}
	}
	return "<no value>"
}

// plural returns the category of a count (CLDR, Language Plural Rules) where it is another than "other".
// That French has one of its own for full millions no text makes use of.
func (c *Catalogue) plural(count int) string {
	if count == 1 || count == 0 && c.language == language.French {
		return "one"
	}
	return ""
}

// match returns the supported language nearest to the wished ones, in their order.
func match(wanted []string) language.Tag {
	if len(wanted) > 0 && lettersOf(wanted[0]) != nil {
		return language.Make(wanted[0])
	}
	var tags []language.Tag
	for _, w := range wanted {
		if t, err := language.Parse(w); err == nil {
			tags = append(tags, t)
		}
	}
	all := supported()
	_, i, confidence := language.NewMatcher(all).Match(tags...)
	if confidence == language.No {
		return language.English
	}
	return all[i]
}

// Speaker says sentences in changing languages. The zero value is ready; it may be used from several
// goroutines.
type Speaker struct {
	mu         sync.Mutex
	catalogues map[string]*Catalogue
}

// In returns the catalogue of a language, empty for the system's. Each is made once.
func (s *Speaker) In(language string) *Catalogue {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.catalogues[language]
	if c == nil {
		c = New(language)
		if s.catalogues == nil {
			s.catalogues = map[string]*Catalogue{}
		}
		s.catalogues[language] = c
	}
	return c
}
