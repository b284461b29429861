package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed locales/*.toml
var locales embed.FS

// supported are the languages with complete files, English first: it is what matching falls back to.
func supported() []language.Tag {
	return []language.Tag{language.English, language.German, language.French}
}

// Catalogue gives texts in one language. It does not change and may be used from several goroutines.
type Catalogue struct {
	localizer *i18n.Localizer
	language  language.Tag
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
	c := &Catalogue{language: tag}
	bundle := i18n.NewBundle(language.English)
	load(bundle, language.English)
	if tag != language.English {
		load(bundle, tag)
	}
	c.localizer = i18n.NewLocalizer(bundle, tag.String())
	return c
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

// T returns the text of key with its placeholders filled. args are either one map[string]any or
// names and values in turn: T("send.to", "Device", name).
func (c *Catalogue) T(key string, args ...any) string {
	text, err := c.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: values(args)})
	if err != nil && text == "" {
		return key
	}
	return text
}

// N returns the text of key in the plural form for count, which the text may show as {{.Count}}.
// args are as for T.
func (c *Catalogue) N(key string, count int, args ...any) string {
	data := values(args)
	data["Count"] = count
	text, err := c.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: count})
	if err != nil && text == "" {
		// The form this count asks for is not written down; "other" exists in every language.
		text, err = c.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
	}
	if err != nil && text == "" {
		return key
	}
	return text
}

// Has reports whether key has a text.
func (c *Catalogue) Has(key string) bool {
	text, err := c.localizer.Localize(&i18n.LocalizeConfig{MessageID: key})
	return err == nil || text != ""
}

// values turns the arguments of T and N into template values. A trailing name without a value is
// a mistake of the caller and shows as such in the text.
func values(args []any) map[string]any {
	data := make(map[string]any, len(args)/2+1)
	if len(args) == 1 {
		if m, ok := args[0].(map[string]any); ok {
			for k, v := range m {
				data[k] = v
			}
			return data
		}
	}
	for i := 0; i < len(args); i += 2 {
		name := fmt.Sprint(args[i])
		if i+1 == len(args) {
			data[name] = "%!(MISSING)"
			break
		}
		data[name] = args[i+1]
	}
	return data
}

// match returns the supported language nearest to the wished ones, in their order.
func match(wanted []string) language.Tag {
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

// load reads a language's files into the bundle. They are part of the program and tested: one that
// cannot be read is a fault of the build, so it panics.
func load(bundle *i18n.Bundle, tag language.Tag) {
	files, err := fs.Glob(locales, "locales/*."+tag.String()+".toml")
	if err != nil || len(files) == 0 {
		panic("i18n: no texts for " + tag.String())
	}
	for _, file := range files {
		text, err := locales.ReadFile(file)
		if err == nil {
			var messages []*i18n.Message
			if messages, err = parse(text); err == nil {
				err = bundle.AddMessages(tag, messages...)
			}
		}
		if err != nil {
			panic(fmt.Sprintf("i18n: %s: %v", path.Base(file), err))
		}
	}
}

// parse reads one file: flat keys, each a text or a table of plural forms.
func parse(text []byte) ([]*i18n.Message, error) {
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	messages := make([]*i18n.Message, 0, len(raw))
	for key, value := range raw {
		m := &i18n.Message{ID: key}
		switch value := value.(type) {
		case string:
			m.Other = value
		case map[string]any:
			for form, text := range value {
				if err := setForm(m, form, text); err != nil {
					return nil, fmt.Errorf("%s: %w", key, err)
				}
			}
		default:
			return nil, fmt.Errorf("%s is neither a text nor a table", key)
		}
		if strings.TrimSpace(m.Other) == "" {
			return nil, fmt.Errorf("%s has no text", key)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// setForm sets one plural form of a message.
func setForm(m *i18n.Message, form string, value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("form %q is not a text", form)
	}
	switch form {
	case "zero":
		m.Zero = text
	case "one":
		m.One = text
	case "two":
		m.Two = text
	case "few":
		m.Few = text
	case "many":
		m.Many = text
	case "other":
		m.Other = text
	default:
		return fmt.Errorf("no plural category %q", form)
	}
	return nil
}

// Say returns a sentence of the agent, which comes with its English and a key, in this language; args
// are names and values in turn. One that this language does not have stays English.
func (c *Catalogue) Say(english, key string, args []string) string {
	if c.language == language.English || key == "" {
		return english
	}
	data := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		data[args[i]] = args[i+1]
	}
	text, err := c.localizer.Localize(&i18n.LocalizeConfig{MessageID: "agent." + key, TemplateData: data})
	if err != nil {
		return english
	}
	return text
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
