package localapi

import (
	"errors"
	"slices"
	"strings"
)

// Said is what a face needs to say a sentence in its own language: a key of its catalogue, and what
// stands in the places of the sentence. Args are names and values in turn. A hint has the key of its
// sentence with ".hint" behind. The zero value is a sentence that comes in English only.
type Said struct {
	Key  string   `json:"key"`
	Args []string `json:"args,omitempty"`
}

// IsZero reports whether there is nothing to say, or no key to say it by.
func (s Said) IsZero() bool { return s.Key == "" }

// Sentence is one sentence for people: its English, for scripts, and how a face says it.
type Sentence struct {
	Text string
	Said Said
}

// Parts returns both, for the two fields that hold them.
func (s Sentence) Parts() (string, Said) { return s.Text, s.Said }

// Phrase is a sentence below the faces, as it is written in the program, and what a person may do
// next. Names in braces are places for arguments. Make it with [NewPhrase].
type Phrase struct{ Key, Text, Hint string }

// NewPhrase makes a phrase; hint may be empty. No list of phrases is kept, which every program that starts would have to
// make: the test of the translations finds them in the sources, where each part is a constant.
func NewPhrase(key, text, hint string) Phrase { return Phrase{key, text, hint} }

// Say fills the places; args are names and values in turn.
func (p Phrase) Say(args ...string) Sentence {
	return Sentence{fill(p.Text, args), Said{p.Key, args}}
}

// Refuse makes a refusal of the phrase.
func (p Phrase) Refuse(code Code, args ...string) *Error {
	return &Error{Code: code, Message: fill(p.Text, args), Hint: fill(p.Hint, args), Said: Said{p.Key, args}}
}

func fill(text string, args []string) string {
	for i := 0; i+1 < len(args); i += 2 {
		text = strings.ReplaceAll(text, "{"+args[i]+"}", args[i+1])
	}
	return text
}

// Speak makes the client hand out every sentence in a face's own words: say is asked for each one that
// has a key, with the language of the newest settings (empty for the system's). It is for the time
// before the first call.
func (c *Client) Speak(say func(language string, s Sentence) string) { c.say = say }

// speak puts the sentences of what v points to into the face's words. What they came from is left as it is, because
// in one process it is shared.
func (c *Client) speak(v any) {
	if c.say == nil {
		return
	}
	switch v := v.(type) {
	case *Snapshot:
		c.snapshot(v)
	case *Summary:
		c.state(v.Language, &v.Account, &v.Connection, &v.Storage, &v.Devices)
	case *Update:
		c.snapshot(&v.Snapshot)
		v.Events = slices.Clone(v.Events)
		for i := range v.Events {
			c.event(&v.Events[i])
		}
	case *OutboxEntry:
		c.put(&v.Reason, v.ReasonSaid)
	case *[]OutboxEntry:
		*v = c.outbox(*v)
	case *[]InboxEntry:
		*v = c.inbox(*v)
	}
}

// spokenError is an error in the face's words.
func (c *Client) spokenError(err error) error {
	var e *Error
	if c.say == nil || !errors.As(err, &e) || e.Said.IsZero() {
		return err
	}
	spoken := *e
	c.put(&spoken.Message, e.Said)
	c.put(&spoken.Hint, Said{e.Said.Key + ".hint", e.Said.Args})
	return &spoken
}

// put puts a sentence into the face's words.
func (c *Client) put(text *string, said Said) {
	if *text != "" && !said.IsZero() {
		language, _ := c.language.Load().(string)
		*text = c.say(language, Sentence{*text, said})
	}
}

func (c *Client) state(language string, a *Account, n *Connection, s *Storage, devices *ListState) {
	c.language.Store(language)
	c.put(&a.Cause, a.CauseSaid)
	c.put(&n.Problem, n.ProblemSaid)
	c.put(&s.Problem, s.ProblemSaid)
	c.put(&devices.Problem, devices.ProblemSaid)
}

func (c *Client) snapshot(s *Snapshot) {
	c.state(s.Settings.Language, &s.Account, &s.Connection, &s.Storage, &s.Devices.ListState)
	c.put(&s.Clients.Problem, s.Clients.ProblemSaid)
	s.Inbox.Recent = c.inbox(s.Inbox.Recent)
	s.Outbox.Recent = c.outbox(s.Outbox.Recent)
	if s.Pairing != nil {
		spoken := *s.Pairing
		c.put(&spoken.Problem, spoken.ProblemSaid)
		s.Pairing = &spoken
	}
}

func (c *Client) event(e *Event) {
	e.Entries = c.inbox(e.Entries)
	if e.Send != nil {
		spoken := *e.Send
		c.put(&spoken.Reason, spoken.ReasonSaid)
		e.Send = &spoken
	}
}

func (c *Client) inbox(entries []InboxEntry) []InboxEntry {
	return spoken(c, entries, func(e *InboxEntry) (*string, Said) { return &e.Reason, e.ReasonSaid })
}

func (c *Client) outbox(entries []OutboxEntry) []OutboxEntry {
	return spoken(c, entries, func(e *OutboxEntry) (*string, Said) { return &e.Reason, e.ReasonSaid })
}

// spoken returns entries with their reasons in the face's words, in a copy; where no entry gives one there is none.
// The newest fifty tabs go to each face in the agent's process with each update.
func spoken[T any](c *Client, entries []T, reason func(*T) (*string, Said)) []T {
	copied := false
	for i := range entries {
		if _, said := reason(&entries[i]); said.IsZero() {
			continue
		}
		if !copied {
			entries, copied = slices.Clone(entries), true
		}
		c.put(reason(&entries[i]))
	}
	return entries
}
