package account

import (
	"bytes"
	"encoding/json"
	"fmt"
)

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
	var p SendTabPayload
	if err := json.Unmarshal(text, &p); err != nil || p.Entries == nil {
		return SendTabPayload{}, errPayload
	}
	return p, nil
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
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write command content: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
