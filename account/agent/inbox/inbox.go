// Package inbox keeps what other devices have sent: it is written together with the account's state,
// paged, marked, deleted, bounded, and opened by itself where a person has chosen that.
package inbox

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/store"
)

// table holds the entries.
var table = store.NewTable[localapi.InboxEntry]("inbox")

// Params is what an inbox may touch.
type Params struct {
	Store  *store.Vault
	Board  *board.Board
	Clock  kit.Clock
	IDs    *store.IDs
	Logger *slog.Logger
	// Chosen are the settings at the start; later ones stand on the board.
	Chosen localapi.Settings
	// Open opens a link in a browser command ("" for the system's), for tabs from senders that the
	// person chose. Nil opens nothing.
	Open func(ctx context.Context, browser, url string) error
	// Go does something beside everything else, until the work on the store ends.
	Go func(func(ctx context.Context))
}

// Inbox owns the received entries. Make it with [Open].
type Inbox struct {
	Params
	start localapi.Inbox // as it was at the start
}

// Open counts what is stored, and drops what is kept for long enough.
func Open(p Params) (*Inbox, error) {
	i := &Inbox{Params: p}
	late := false
	err := p.Store.View(func(tx *store.Tx) error {
		i.start = count(tx)
		if len(i.start.Recent) > 0 {
			p.IDs.After(i.start.Recent[0].ID)
		}
		late = len(surplus(tx, &localapi.Inbox{Total: i.start.Total}, p.Clock.Now(), p.Chosen)) > 0
		return nil
	})
	if err != nil || !late {
		return i, err
	}
	return i, p.Store.Update(func(tx *store.Tx) error { return drop(tx, &i.start, p.Clock.Now(), p.Chosen) })
}

// count looks at everything that is stored.
func count(tx *store.Tx) (inbox localapi.Inbox) {
	recent(tx, &inbox)
	for _, text := range table.Texts(tx) {
		inbox.Total++
		if !isRead(text) {
			inbox.Unread++
		}
	}
	return inbox
}

// isRead reports whether a stored entry was read, without decoding it: in the JSON of a title or a link
// the quotes would have a backslash before them.
func isRead(text []byte) bool { return bytes.Contains(text, []byte(`"read":true`)) }

// Recount looks at everything anew: after entries were lost, and when other bounds were chosen.
func (i *Inbox) Recount(ctx context.Context) {
	var inbox localapi.Inbox
	err := i.Store.Write(ctx, func(tx *store.Tx) error {
		inbox = count(tx)
		return drop(tx, &inbox, i.Clock.Now(), i.chosen())
	}, func() { i.show(inbox) })
	if err != nil && ctx.Err() == nil {
		i.Logger.Warn("the inbox could not be counted", "error", err)
	}
}

func (i *Inbox) chosen() (chosen localapi.Settings) {
	i.Board.Read(func(s *localapi.Snapshot) { chosen = s.Settings })
	return chosen
}

// Show writes what is known at the beginning.
func (i *Inbox) Show(s *localapi.Snapshot) { s.Inbox = i.start }

// Page returns received entries, newest first.
func (i *Inbox) Page(q localapi.InboxQuery) ([]localapi.InboxEntry, error) {
	if q.Limit <= 0 {
		q.Limit = localapi.DefaultInboxPage
	}
	text := strings.ToLower(q.Text)
	keep := func(entry localapi.InboxEntry) bool {
		return !(q.Unread && entry.Read) && (text == "" || matches(entry, text))
	}
	might := func(stored []byte) bool { return !(q.Unread && isRead(stored)) && mightMatch(stored, text) }
	page := []localapi.InboxEntry{}
	err := i.Store.View(func(tx *store.Tx) error {
		page = append(page, judged(table.Search(tx, q.Before, min(q.Limit, localapi.MaxInboxPage), might, keep))...)
		return nil
	})
	if err != nil {
		return nil, board.Refusal(err)
	}
	return page, nil
}

// mightMatch tells without decoding a stored entry that text, in lower case, is not in it. JSON writes
// some characters in another way: text with such a one is looked for in the decoded entry.
func mightMatch(stored []byte, text string) bool {
	written := func(r rune) bool { return r < ' ' || strings.ContainsRune("\"\\<>&\u2028\u2029\ufffd", r) }
	return text == "" || strings.ContainsFunc(text, written) || bytes.Contains(bytes.ToLower(stored), []byte(text))
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

// MarkRead marks received entries as read. Entries that are gone are no error.
func (i *Inbox) MarkRead(ctx context.Context, ids ...string) error {
	return i.edit(ctx, ids, func(tx *store.Tx, inbox *localapi.Inbox, entry localapi.InboxEntry) error {
		if entry.Read {
			return nil
		}
		entry.Read = true
		inbox.Unread--
		return table.Put(tx, entry.ID, entry)
	})
}

// Delete removes received entries. Entries that are gone are no error.
func (i *Inbox) Delete(ctx context.Context, ids ...string) error {
	return i.edit(ctx, ids, func(tx *store.Tx, inbox *localapi.Inbox, entry localapi.InboxEntry) error {
		uncount(inbox, entry)
		return table.Delete(tx, entry.ID)
	})
}

// uncount takes an entry that goes out of the counts.
func uncount(inbox *localapi.Inbox, entry localapi.InboxEntry) {
	inbox.Total--
	if !entry.Read {
		inbox.Unread--
	}
}

// edit changes entries in one transaction and keeps the counts and the newest entries in step.
func (i *Inbox) edit(ctx context.Context, ids []string, change func(*store.Tx, *localapi.Inbox, localapi.InboxEntry) error) error {
	var inbox localapi.Inbox
	return board.Refusal(i.Store.Write(ctx, func(tx *store.Tx) error {
		inbox = i.shown()
		for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
			entry, ok, err := table.Get(tx, id)
			if err == nil && ok {
				err = change(tx, &inbox, entry)
			}
			if err != nil {
				return err
			}
		}
		recent(tx, &inbox)
		return nil
	}, func() { i.show(inbox) }))
}

// recent looks up the newest entries.
func recent(tx *store.Tx, inbox *localapi.Inbox) {
	inbox.Recent = judged(table.Page(tx, "", localapi.RecentEntries, nil))
}

// judged gives entries today's answer to what their links are: an older version may have stored
// another one.
func judged(entries []localapi.InboxEntry) []localapi.InboxEntry {
	for i, entry := range entries {
		if entry.Kind == localapi.KindTab {
			entries[i].Host, entries[i].CanOpen = link.Read(entry.URL)
		}
	}
	return entries
}

func (i *Inbox) shown() (inbox localapi.Inbox) {
	i.Board.Read(func(s *localapi.Snapshot) { inbox = s.Inbox })
	return inbox
}

func (i *Inbox) show(inbox localapi.Inbox, events ...localapi.Event) {
	i.Board.Change(func(s *localapi.Snapshot) { s.Inbox = inbox }, events...)
}

// Forget clears everything if all is to go.
func (i *Inbox) Forget(tx *store.Tx, all bool) (then func(), err error) {
	if !all {
		return func() {}, nil
	}
	return func() { i.show(localapi.Inbox{}) }, table.Clear(tx)
}
