// Package outbox keeps what is to be sent and what was: an entry for each link and device is stored
// before the face hears of it, the sender takes them to the server in order for each device, and
// nothing is called accepted before the server said so.
package outbox

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// maxEntries bounds what is kept; the oldest goes first. Waiting sends are never dropped.
const maxEntries = 500

// table holds the entries.
var table = store.NewTable[entry]("outbox")

// entry is an outbox entry with what only the agent needs to know.
type entry struct {
	localapi.OutboxEntry
	Private bool `json:"private,omitempty"`
	// InFlight says that a request was begun whose answer is not known: found at a start, it means
	// that the tab may have arrived already.
	InFlight bool `json:"inFlight,omitempty"`
	// Failures counts the attempts in a row that came to nothing.
	Failures int `json:"failures,omitempty"`
}

// settled reports whether nothing more will happen to an entry by itself.
func (e entry) settled() bool { return e.State != localapi.SendWaiting }

// Account is what the sender asks of the account.
type Account interface {
	Devices(context.Context, ...account.ReadOption) ([]account.Device, error)
	SendTab(ctx context.Context, deviceID, title, url string, opts ...account.SendOption) (account.Delivery, error)
	CloseTabsDelivery(ctx context.Context, deviceID string, urls []string) (account.Delivery, []string, error)
}

// Params is what an outbox may touch.
type Params struct {
	Store   *store.Vault
	Board   *board.Board
	Clock   kit.Clock
	IDs     *store.IDs
	Logger  *slog.Logger
	Account Account
	Calls   *worker.Calls
	// Queued hears that a person has sent something to devices, PushOff that a device turned out to be
	// one that cannot be alerted.
	Queued  func(ctx context.Context, deviceIDs []string)
	PushOff func()
}

// Outbox owns the sent entries. Make it with [Open].
type Outbox struct {
	Params
	*worker.Worker // the sender

	mu      sync.Mutex // held over changes of the board, so that these come in the same order
	entries []entry    // newest first; replaced and never edited
}

// Open reads what is stored. Sends that were in flight when the agent last ended are marked: their
// answers are lost.
func Open(p Params) (*Outbox, error) {
	o := &Outbox{Params: p}
	o.Worker = worker.New(o.work)
	err := p.Store.View(func(tx *store.Tx) error {
		for row := range table.Newest(tx, "") {
			p.IDs.After(row.Key)
			o.entries = append(o.entries, row.Value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return o, o.markLost()
}

func (o *Outbox) markLost() error {
	var lost []entry
	for i, e := range o.entries {
		if e.InFlight {
			e.InFlight, e.MayBeTwice, e.NextTry = false, true, time.Time{}
			o.entries[i] = e
			lost = append(lost, e)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return o.Store.Update(func(tx *store.Tx) error { return put(tx, lost) })
}

func put(tx *store.Tx, entries []entry) error {
	for _, e := range entries {
		if err := table.Put(tx, e.ID, e); err != nil {
			return err
		}
	}
	return nil
}

// Show writes what is known at the beginning.
func (o *Outbox) Show(s *localapi.Snapshot) { s.Outbox = shown(o.all()) }

// shown is what a snapshot says of entries.
func shown(entries []entry) (s localapi.Outbox) {
	for _, e := range entries {
		if e.State == localapi.SendWaiting {
			s.Waiting++
		}
		if len(s.Recent) < localapi.RecentEntries {
			s.Recent = append(s.Recent, e.OutboxEntry)
		}
	}
	return s
}

func (o *Outbox) all() []entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.entries
}

// change adds entries or replaces those with the same ids, removes others, and tells the faces.
func (o *Outbox) change(put []entry, drop []string) {
	o.update(func([]entry) ([]entry, []string) { return put, drop })
}

// update is change with what depends on the present entries.
func (o *Outbox) update(edit func(entries []entry) (put []entry, drop []string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	put, drop := edit(o.entries)
	if len(put) == 0 && len(drop) == 0 {
		return
	}
	gone := make(map[string]bool, len(put)+len(drop))
	for _, e := range put {
		gone[e.ID] = true
	}
	for _, id := range drop {
		gone[id] = true
	}
	entries := slices.DeleteFunc(slices.Clone(o.entries), func(e entry) bool { return gone[e.ID] })
	entries = append(entries, put...)
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(b.ID, a.ID) })
	o.entries = entries
	o.Board.Change(func(s *localapi.Snapshot) { s.Outbox = shown(entries) })
}

// Entry returns one entry as it is now.
func (o *Outbox) Entry(id string) (localapi.OutboxEntry, error) {
	entries := o.all()
	i := slices.IndexFunc(entries, func(e entry) bool { return e.ID == id })
	if i < 0 {
		return localapi.OutboxEntry{}, board.ErrNoEntry
	}
	return entries[i].OutboxEntry, nil
}

// Entries returns all entries, newest first.
func (o *Outbox) Entries() []localapi.OutboxEntry {
	entries := []localapi.OutboxEntry{}
	for _, e := range o.all() {
		entries = append(entries, e.OutboxEntry)
	}
	return entries
}

// Forget clears everything if all is to go.
func (o *Outbox) Forget(tx *store.Tx, all bool) (then func(), err error) {
	if !all {
		return func() {}, nil
	}
	return func() {
		o.update(func(entries []entry) (_ []entry, drop []string) {
			for _, e := range entries {
				drop = append(drop, e.ID)
			}
			return nil, drop
		})
	}, table.Clear(tx)
}

// trim drops the oldest settled entries beyond the bound.
func (o *Outbox) trim(ctx context.Context) {
	ids := surplus(o.all())
	if len(ids) == 0 {
		return
	}
	err := o.Store.Write(ctx, func(tx *store.Tx) error { return table.Delete(tx, ids...) }, func() { o.change(nil, ids) })
	if err != nil {
		o.Logger.Warn("old sends could not be dropped", "error", err)
	}
}

// surplus returns the ids of settled entries beyond the bound, oldest first.
func surplus(entries []entry) []string {
	var ids []string
	for i, e := range slices.Backward(entries) {
		if len(entries)-len(ids) <= maxEntries || i < maxEntries/2 {
			break
		}
		if e.settled() {
			ids = append(ids, e.ID)
		}
	}
	return ids
}
