// Package inbox keeps what other devices have sent: it is written together with the account's state,
// paged, marked, deleted, bounded, and opened by itself where a person has chosen that.
package inbox

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/store"
)

// everybodys holds the entries, a table for each owner.
var everybodys = store.NewTable[localapi.InboxEntry]("inbox")

// table holds those of one owner.
type table = store.Table[localapi.InboxEntry]

// counts is how many entries there are. It is written with each change, so that a start need not wait
// until 10,000 entries were opened to count the unread ones (20 ms). Where it cannot be right it does not
// count; where it is wrong all the same, [Inbox.Check] finds out.
type counts struct {
	Total  int `json:"total"`
	Unread int `json:"unread"`
}

var everybodysCounts = store.NewCell[counts]("inbox_counts")

// Params is what an inbox may touch.
type Params struct {
	Store *store.Vault
	// Owner is whose entries these are; see [store.Table.Of].
	Owner  string
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
	table  table
	counts store.Cell[counts]
	start  localapi.Inbox // as it was at the start
	// aged is when somebody last looked for what is too old, on the monotonic clock; zero: not yet. It is
	// of writers alone.
	aged time.Duration
}

// Open finds what is stored. It opens the newest entries and no others, however many there are.
func Open(p Params) (*Inbox, error) {
	i := &Inbox{Params: p, table: everybodys.Of(p.Owner), counts: everybodysCounts.Of(p.Owner)}
	return i, p.Store.View(func(tx *store.Tx) error {
		i.start = i.known(tx)
		if len(i.start.Recent) > 0 {
			p.IDs.After(i.start.Recent[0].ID)
		}
		return nil
	})
}

// known is what is stored, by its own count where that can be right: to count the keys alone would bring all
// their pages into memory.
func (i *Inbox) known(tx *store.Tx) (inbox localapi.Inbox) {
	i.recent(tx, &inbox)
	n, ok, err := i.counts.Get(tx)
	if err != nil || !ok || len(inbox.Recent) != min(n.Total, localapi.RecentEntries) || n.Unread < 0 || n.Unread > n.Total {
		n = i.recounted(tx)
	}
	inbox.Total, inbox.Unread = n.Total, n.Unread
	return inbox
}

// keepCounts writes the counts down.
func (i *Inbox) keepCounts(tx *store.Tx, inbox localapi.Inbox) error {
	return i.counts.Put(tx, counts{inbox.Total, inbox.Unread})
}

// count looks at everything that is stored.
func (i *Inbox) count(tx *store.Tx) (inbox localapi.Inbox) {
	i.recent(tx, &inbox)
	n := i.recounted(tx)
	inbox.Total, inbox.Unread = n.Total, n.Unread
	return inbox
}

func (i *Inbox) recounted(tx *store.Tx) (n counts) {
	for _, text := range i.table.Texts(tx) {
		n.Total++
		if !isRead(text) {
			n.Unread++
		}
	}
	return n
}

// isRead reports whether a stored entry was read, without decoding it: in the JSON of a title or a link
// the quotes would have a backslash before them. Nearly always it stands at the end.
func isRead(text []byte) bool {
	if bytes.HasSuffix(text, []byte(`"read":false}`)) {
		return false
	}
	return bytes.HasSuffix(text, []byte(`"read":true}`)) || bytes.Contains(text, []byte(`"read":true`))
}

// checkAfter is how long after a start all entries are looked at. For 10,000 that takes 4 ms of the processor, a
// third of what the rest of a start takes.
const checkAfter = 2 * time.Second

// CheckLater is [Inbox.Check], once the start is over for whoever waits for it.
func (i *Inbox) CheckLater(ctx context.Context) {
	select {
	case <-time.After(checkAfter):
		i.Check(ctx)
	case <-ctx.Done():
	}
}

// Check opens every entry once, beside everything else, after a start: entries that are damaged are found
// then, and counts that are wrong; and what is kept for long enough is dropped.
func (i *Inbox) Check(ctx context.Context) {
	var found counts
	late := false
	err := i.Store.View(func(tx *store.Tx) error {
		found = i.recounted(tx)
		late = len(i.surplus(tx, &localapi.Inbox{Total: found.Total}, i.Clock.Now(), i.chosen())) > 0
		return ctx.Err()
	})
	if shown := i.shown(); err == nil && (late || found != (counts{shown.Total, shown.Unread})) {
		i.Recount(ctx)
	}
}

// Recount looks at everything anew: after entries were lost, and when other bounds were chosen.
func (i *Inbox) Recount(ctx context.Context) {
	var inbox localapi.Inbox
	err := i.Store.Write(ctx, func(tx *store.Tx) error {
		inbox = i.count(tx)
		return i.drop(tx, &inbox, i.Clock.Now(), i.chosen())
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

// MarkRead marks received entries as read. Entries that are gone are no error.
func (i *Inbox) MarkRead(ctx context.Context, ids ...string) error {
	return i.edit(ctx, ids, func(tx *store.Tx, inbox *localapi.Inbox, entry localapi.InboxEntry) error {
		if entry.Read {
			return nil
		}
		entry.Read = true
		inbox.Unread--
		return i.table.Put(tx, entry.ID, entry)
	})
}

// Delete removes received entries. Entries that are gone are no error.
func (i *Inbox) Delete(ctx context.Context, ids ...string) error {
	return i.edit(ctx, ids, func(tx *store.Tx, inbox *localapi.Inbox, entry localapi.InboxEntry) error {
		uncount(inbox, entry)
		return i.table.Delete(tx, entry.ID)
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
			entry, ok, err := i.table.Get(tx, id)
			if err == nil && ok {
				err = change(tx, &inbox, entry)
			}
			if err != nil {
				return err
			}
		}
		i.recent(tx, &inbox)
		return i.keepCounts(tx, inbox)
	}, func() { i.show(inbox) }))
}

// recent looks up the newest entries.
func (i *Inbox) recent(tx *store.Tx, inbox *localapi.Inbox) {
	inbox.Recent = judged(i.table.Page(tx, "", localapi.RecentEntries, nil))
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
	return func() { i.show(localapi.Inbox{}) }, errors.Join(i.table.Clear(tx), i.counts.Clear(tx))
}
