package inbox

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// Page returns received entries, newest first.
func (i *Inbox) Page(q localapi.InboxQuery) ([]localapi.InboxEntry, error) {
	if q.Limit <= 0 {
		q.Limit = localapi.DefaultInboxPage
	}
	s := newSearch(q)
	page := []localapi.InboxEntry{}
	err := i.Store.View(func(tx *store.Tx) error {
		page = append(page, judged(i.table.Search(tx, q.Before, min(q.Limit, localapi.MaxInboxPage), s.might, s.keep))...)
		return nil
	})
	if err != nil {
		return nil, board.Refusal(err)
	}
	return page, nil
}

// search is what is looked for in a run through the entries.
type search struct {
	text   []byte // in lower case
	unread bool
	// shown says that JSON writes some of the text in another way than it is shown, so that only decoded
	// entries tell.
	shown bool
	low   []byte // a stored entry in lower case; used again for the next
}

func newSearch(q localapi.InboxQuery) *search {
	text := strings.ToLower(q.Text)
	written := func(r rune) bool { return r < ' ' || strings.ContainsRune("\"\\<>&\u2028\u2029\ufffd", r) }
	return &search{text: []byte(text), unread: q.Unread, shown: strings.ContainsFunc(text, written)}
}

// might tells without decoding a stored entry that it is not one of those.
func (s *search) might(stored []byte) bool {
	if s.unread && isRead(stored) {
		return false
	}
	if len(s.text) == 0 || s.shown {
		return true
	}
	s.low = appendLower(s.low[:0], stored)
	return bytes.Contains(s.low, s.text)
}

func (s *search) keep(entry localapi.InboxEntry) bool {
	return !(s.unread && entry.Read) && (len(s.text) == 0 || matches(entry, string(s.text)))
}

// matches looks for text, in lower case, in what a person sees of an entry.
func matches(entry localapi.InboxEntry, text string) bool {
	for _, field := range append([]string{entry.From, entry.Title, entry.URL, entry.Host}, entry.URLs...) {
		if strings.Contains(strings.ToLower(field), text) {
			return true
		}
	}
	return false
}

// appendLower appends text as [bytes.ToLower] makes it. A stored entry is mostly ASCII: of that it takes
// eight letters at a time.
func appendLower(low, text []byte) []byte {
	for len(text) > 0 {
		if len(text) >= 8 {
			if word := binary.LittleEndian.Uint64(text); word&eachHigh == 0 {
				low, text = binary.LittleEndian.AppendUint64(low, lowerASCII(word)), text[8:]
				continue
			}
		}
		r, size := utf8.DecodeRune(text)
		low, text = utf8.AppendRune(low, unicode.ToLower(r)), text[size:]
	}
	return low
}

// eachByte has a 1 in every byte of a word, eachHigh the bit that ASCII leaves free.
const (
	eachByte = 0x0101010101010101
	eachHigh = 0x80 * eachByte
)

// lowerASCII gives eight letters of ASCII in lower case. A sum reaches the high bit of its byte from a letter
// on: from A, and from what comes after Z.
func lowerASCII(word uint64) uint64 {
	upper := (word + (0x80-'A')*eachByte) &^ (word + (0x80-'Z'-1)*eachByte) & eachHigh
	return word | upper>>2
}
