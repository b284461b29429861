// Package inbox keeps what other devices have sent: it is written together with the account's state,
// paged, marked, deleted, bounded, and opened by itself where a person has chosen that.
package inbox

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// maxEntries bounds what is kept; the oldest goes first.
const maxEntries = 5000

// table holds the entries.
var table = store.NewTable[localapi.InboxEntry]("inbox")

// Params is what an inbox may touch.
type Params struct {
	Store  *store.Vault
	Board  *board.Board
	Clock  kit.Clock
	IDs    *store.IDs
	Logger *slog.Logger
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

// Open counts what is stored. An entry that cannot be read any more does not keep the rest from being
// shown.
func Open(p Params) (*Inbox, error) {
	i := &Inbox{Params: p}
	err := p.Store.View(func(tx *store.Tx) error {
		for row, err := range table.Newest(tx, "") {
			if err != nil && !errors.Is(err, store.ErrCorrupt) {
				return err
			}
			if err != nil {
				continue
			}
			if i.start.Total == 0 {
				p.IDs.After(row.Key)
			}
			i.start.Total++
			if !row.Value.Read {
				i.start.Unread++
			}
			if len(i.start.Recent) < localapi.RecentEntries {
				i.start.Recent = append(i.start.Recent, row.Value)
			}
		}
		return nil
	})
	return i, err
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
	page := []localapi.InboxEntry{}
	err := i.Store.View(func(tx *store.Tx) error {
		found, err := table.Page(tx, q.Before, min(q.Limit, localapi.MaxInboxPage), keep)
		page = append(page, found...)
		return err
	})
	if err != nil {
		return nil, board.Refusal(err)
	}
	return page, nil
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
		return recent(tx, &inbox)
	}, func() { i.show(inbox) }))
}

// recent looks up the newest entries.
func recent(tx *store.Tx, inbox *localapi.Inbox) (err error) {
	inbox.Recent, err = table.Page(tx, "", localapi.RecentEntries, nil)
	return err
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
