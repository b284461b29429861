package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/plainjson"
)

// IncomingCommand is something another device asked of this one: a
// [*TabReceived], a [*TabsClosed], or an [*UnreadableCommand].
type IncomingCommand interface {
	// CommandIndex is the server's number of the message. It rises, and is the same
	// when a message is delivered again.
	CommandIndex() int64
	// CommandSender is the id of the device that sent it; empty when the server
	// did not say.
	CommandSender() string
}

// Incoming is what every received command has.
type Incoming struct {
	// Index is the server's number of the message.
	Index int64
	// SenderID is the id of the sending device, empty when the server did not say.
	SenderID string
	// Sender is the device with that id; nil when it is no longer, or not yet, in
	// the list.
	Sender *Device
	// Reason says how the command became known.
	Reason Reason
}

// CommandIndex returns Index.
func (c Incoming) CommandIndex() int64 { return c.Index }

// CommandSender returns SenderID.
func (c Incoming) CommandSender() string { return c.SenderID }

// TabReceived is a page that another device sent.
type TabReceived struct {
	Incoming
	Payload SendTabPayload
}

// TabsClosed asks to close pages.
type TabsClosed struct {
	Incoming
	Payload CloseTabsPayload
}

// UnreadableCommand is a command that could not be read: encrypted with keys that
// are no longer ours, damaged, or of a kind that is not known here.
type UnreadableCommand struct {
	Incoming
	// Command is the name of the command as sent.
	Command string
	// Err says why: ErrCrypto when it could not be decrypted, ErrUnsupported when
	// the command is not known.
	Err error
}

// commandMemory is what the process remembers about commands.
type commandMemory struct {
	// announced is the highest index that push messages announced and that has not
	// been received since; 0 when none.
	announced int64
	// low is an announced index that is not above the last one received and that no
	// poll of this process has brought: a late push, or a count that began again; 0
	// when none.
	low int64
	// received are the indexes that polls of this process have brought.
	received map[int64]bool
	// lastReset is when command keys were last replaced, monotonic.
	lastReset *resetMark
}

// maxReceived bounds how many received indexes are remembered; a push is late by one
// or two.
const maxReceived = 1000

// took notes what a poll has brought, up to index.
func (m *commandMemory) took(batch []IncomingCommand, index int64) {
	if m.announced <= index {
		m.announced = 0
	}
	if m.received == nil || len(m.received) > maxReceived {
		m.received = make(map[int64]bool)
	}
	for _, c := range batch {
		m.received[c.CommandIndex()] = true
	}
}

// commandCiphers reads the keys for received commands, each once.
type commandCiphers struct {
	state *persisted
	known map[string]keys.CommandKeys
}

func (c *commandCiphers) get(command string) (keys.CommandKeys, bool) {
	if k, ok := c.known[command]; ok {
		return k, true
	}
	k, ok := c.state.commandKeys(command)
	if ok {
		if c.known == nil {
			c.known = make(map[string]keys.CommandKeys)
		}
		c.known[command] = k
	}
	return k, ok
}

// TabEntry is one page in a sent tab's history.
type TabEntry struct {
	Title string `json:"title"`
	URL   string `json:"url"`
	// Private asks the receiver to open the page in a private window. Senders
	// older than 2024 leave it out.
	Private bool `json:"private"`
}

// SendTabPayload is what a sent tab carries. Its strings come from another
// device and must not be trusted: check the URL before opening it.
type SendTabPayload struct {
	Entries []TabEntry `json:"entries"`
	// FlowID and StreamID tie sender and receiver together in telemetry.
	FlowID   string `json:"flowID"`
	StreamID string `json:"streamID"`
	// Current, if the sender gave it, is the entry to show; use Page.
	Current *int `json:"current,omitempty"`
}

// Page is the entry to open: the one the sender marked as current, else the
// last. ok is false when the sender sent no entry at all.
func (p SendTabPayload) Page() (entry TabEntry, ok bool) {
	if len(p.Entries) == 0 {
		return TabEntry{}, false
	}
	if p.Current != nil && *p.Current >= 0 && *p.Current < len(p.Entries) {
		return p.Entries[*p.Current], true
	}
	return p.Entries[len(p.Entries)-1], true
}

// CloseTabsPayload names the pages to close.
type CloseTabsPayload struct {
	URLs     []string `json:"urls"`
	FlowID   string   `json:"flowID"`
	StreamID string   `json:"streamID"`
}

// errPayload says that a decrypted command has not the shape its name promises.
var errPayload = newSentinel(ErrOther, "the command's content is not understood")

// parseSendTab reads the cleartext of an open-uri command. Unknown members are
// ignored; a missing list of entries is an error, an empty one is not.
func parseSendTab(text []byte) (SendTabPayload, error) {
	if p, ok := readPlainTab(text); ok {
		return p, nil
	}
	var p SendTabPayload
	if err := json.Unmarshal(text, &p); err != nil || p.Entries == nil {
		return SendTabPayload{}, errPayload
	}
	return p, nil
}

// readPlainTab reads a tab of the form that senders write. Reading 9 kB with encoding/json takes as long as
// decrypting them; what has another form is left to that, which alone says what is an error.
func readPlainTab(text []byte) (p SendTabPayload, ok bool) {
	r := plainjson.Read(text)
	entry := func() {
		var e TabEntry
		r.Object(
			plainjson.Member{Name: "title", Read: func() { e.Title = r.Text() }},
			plainjson.Member{Name: "url", Read: func() { e.URL = r.Text() }},
			plainjson.Member{Name: "private", Read: func() { e.Private = r.Bool() }},
		)
		p.Entries = append(p.Entries, e)
	}
	r.Object(
		plainjson.Member{Name: "entries", Read: func() {
			p.Entries = []TabEntry{}
			r.Array(entry)
		}},
		plainjson.Member{Name: "flowID", Read: func() { p.FlowID = r.Text() }},
		plainjson.Member{Name: "streamID", Read: func() { p.StreamID = r.Text() }},
	)
	return p, r.Done() && p.Entries != nil
}

// parseCloseTabs reads the cleartext of a close-uri command.
func parseCloseTabs(text []byte) (CloseTabsPayload, error) {
	var p CloseTabsPayload
	if err := json.Unmarshal(text, &p); err != nil || p.URLs == nil {
		return CloseTabsPayload{}, errPayload
	}
	return p, nil
}

// encodePayload writes compact JSON without the HTML escapes of the default
// encoder, which would make URLs with & < > longer than the receiver counts.
func encodePayload(v any) ([]byte, error) {
	if p, tab := v.(SendTabPayload); tab {
		if text, ok := p.plain(); ok {
			return text, nil
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write command content: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// plain writes what encodePayload does, where no string needs an escape: looking at each octet for that
// takes encoding/json a quarter of the time that sealing a long tab needs.
func (p SendTabPayload) plain() (text []byte, ok bool) {
	if p.Entries == nil || p.Current != nil {
		return nil, false
	}
	size := len(`{"entries":[],"flowID":"","streamID":""}`) + len(p.FlowID) + len(p.StreamID)
	for _, e := range p.Entries {
		size += len(`{"title":"","url":"","private":false},`) + len(e.Title) + len(e.URL)
	}
	text, ok = append(make([]byte, 0, size), `{"entries":[`...), true
	put := func(before, value string) {
		if ok {
			text, ok = plainjson.AppendText(append(text, before...), value)
		}
	}
	for i, e := range p.Entries {
		if i > 0 {
			text = append(text, ',')
		}
		put(`{"title":`, e.Title)
		put(`,"url":`, e.URL)
		text = append(text, `,"private":`...)
		text = append(strconv.AppendBool(text, e.Private), '}')
	}
	text = append(text, ']')
	put(`,"flowID":`, p.FlowID)
	put(`,"streamID":`, p.StreamID)
	return append(text, '}'), ok
}

// commandKeys returns the keys with which this installation receives a command; ok
// is false when there are none or their text cannot be read.
func (s *persisted) commandKeys(command string) (k keys.CommandKeys, ok bool) {
	text, held := s.CommandKeys[command]
	if !held || k.UnmarshalText([]byte(text)) != nil {
		return keys.CommandKeys{}, false
	}
	return k, true
}

// needCommandKeys returns the keys of a command and makes them when there are none.
func (t *tx) needCommandKeys(command string) (keys.CommandKeys, error) {
	if k, ok := t.state.commandKeys(command); ok {
		return k, nil
	}
	k, err := keys.NewCommandKeys(t.a.random)
	if err != nil {
		return keys.CommandKeys{}, fmt.Errorf("%w: %w", ErrCrypto, err)
	}
	text, err := k.MarshalText()
	if err != nil {
		return keys.CommandKeys{}, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if t.state.CommandKeys == nil {
		t.state.CommandKeys = make(map[string]string)
	}
	t.state.CommandKeys[command] = string(text)
	return k, nil
}

// sealCommands builds the map of commands to publish for a set of capabilities,
// each with the public half of its keys, sealed with the sync key. Keys that are
// missing are made. Without capabilities no key is needed and the map is empty.
func (t *tx) sealCommands(caps []Capability) (map[string]string, error) {
	commands := make(map[string]string, len(caps))
	if len(caps) == 0 {
		t.state.BundleKID = ""
		return commands, nil
	}
	syncKey, err := t.state.syncKey()
	if err != nil {
		return nil, err
	}
	for _, c := range caps {
		command, ok := c.command()
		if !ok {
			return nil, fmt.Errorf("capability is not known: %w", ErrInvalidArgument)
		}
		k, err := t.needCommandKeys(command)
		if err != nil {
			return nil, err
		}
		commands[command], err = keys.SealCommandKeys(t.a.random, keys.ScopedKey(syncKey), k.Public())
		if err != nil {
			return nil, fmt.Errorf("publish command keys: %w: %w", ErrCrypto, err)
		}
	}
	t.state.BundleKID = syncKey.KID
	return commands, nil
}

// published reports whether the server has exactly these capabilities of ours, under
// keys that we hold, sealed with the sync key of today.
func (s *persisted) published(caps []Capability) bool {
	if s.LocalDevice == nil || !sameCapabilities(s.LocalDevice.Capabilities, caps) {
		return false
	}
	if len(caps) == 0 {
		return true
	}
	syncKey, err := s.syncKey()
	if err != nil || syncKey.KID != s.BundleKID {
		return false
	}
	for _, c := range caps {
		command, _ := c.command()
		if _, ok := s.commandKeys(command); !ok {
			return false
		}
	}
	return true
}
