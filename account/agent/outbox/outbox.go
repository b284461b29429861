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

// everybodys holds the entries, a table for each owner.
var everybodys = store.NewTable[entry]("outbox")

// Account is what the sender asks of the account.
type Account interface {
	Devices(context.Context, ...account.ReadOption) ([]account.Device, error)
	SendTab(ctx context.Context, deviceID, title, url string, opts ...account.SendOption) (account.Delivery, error)
	CloseTabsDelivery(ctx context.Context, deviceID string, urls []string) (account.Delivery, []string, error)
}

// Store is where the entries are kept; see [store.Vault].
type Store interface {
	View(f func(*store.Tx) error) error
	Write(ctx context.Context, change func(*store.Tx) error, then func()) error
}

// Params is what an outbox may touch.
type Params struct {
	Store Store
	// Owner is whose entries these are; see [store.Table.Of].
	Owner   string
	Board   *board.Board
	Clock   kit.Clock
	IDs     *store.IDs
	Logger  *slog.Logger
	Account Account
	Calls   *worker.Calls
	// Queued notes, in the transaction that stores a send, that a person has sent something to devices; then is
	// called once that is stored.
	Queued func(tx *store.Tx, deviceIDs []string) (then func(), err error)
	// Undone hears that something of it was taken back, PushOff after each send that the server could not alert
	// the device, Gone that the server does not know it any more.
	Undone        func(ctx context.Context, deviceIDs []string)
	PushOff, Gone func(deviceID string)
}

// Outbox owns the sent entries. Make it with [Open].
//
// Memory rules and the store is its copy, but for what is settled and not among the newest: that is in the store
// alone. A change is stored first and counts then. Two changes happen
// all the same if the store does not take them, and are stored as soon as it does: that an attempt has
// ended, whose outcome the server knows, and that a refused send leaves nothing behind. Until then a
// crash would repeat the attempt, so that it is marked.
type Outbox struct {
	Params
	*worker.Worker // the sender
	running        sync.WaitGroup
	table          store.Table[entry]

	pen  chan struct{}   // holds a token while lanes have something stored
	late context.Context // ends recordTime after Run's

	mu    sync.Mutex // held over changes of the board, so that these come in the same order
	model model
	life  context.Context // Run's, nil when it does not run
	turn  chan struct{}   // closed when something has changed
	busy  int             // lanes being served
	notes []*note         // what lanes wait to have stored
	// unsaved are entries whose end is not stored, stray ones that may be stored and should not; owed is
	// when storing that is tried again, trouble why it failed.
	unsaved, stray []string
	owed           time.Duration
	trouble        localapi.Sentence
}

func (o *Outbox) now() time.Time { return o.Clock.Now().UTC() }

func (o *Outbox) put(tx *store.Tx, items []item) error {
	for _, it := range items {
		if err := o.table.Put(tx, it.ID, it.entry); err != nil {
			return err
		}
	}
	return nil
}

// Show writes what is known at the beginning.
func (o *Outbox) Show(s *localapi.Snapshot) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.Outbox = o.model.shown(o.trouble)
}

// change adds or replaces items, removes others, and tells the faces.
func (o *Outbox) change(put []item, drop []string) {
	if len(put) == 0 && len(drop) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range put {
		o.model.put(it)
	}
	o.model.drop(drop)
	o.model.letGo()
	o.publish()
}

// publish shows the entries. The lock is held.
func (o *Outbox) publish() {
	close(o.turn)
	o.turn = make(chan struct{})
	shown := o.model.shown(o.trouble)
	o.Board.Change(func(s *localapi.Snapshot) { s.Outbox = shown })
}

// Sending reports whether a request is under way. Its end changes what is shown.
func (o *Outbox) Sending() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.model.lanes {
		if slices.ContainsFunc(l.queue, func(it *item) bool { return it.InFlight }) {
			return true
		}
	}
	return false
}

// Entry returns one entry as it is now.
func (o *Outbox) Entry(id string) (localapi.OutboxEntry, error) {
	found, err := o.known([]string{id})
	if err == nil && found[0].ID == "" {
		err = board.ErrNoEntry
	}
	return found[0], err
}

// Settled waits until none of the entries waits for the server any more, or ctx ends, and returns them as
// they are then: those that somebody has deleted meanwhile as they were.
func (o *Outbox) Settled(ctx context.Context, entries []localapi.OutboxEntry) []localapi.OutboxEntry {
	for first := 0; ctx.Err() == nil; {
		o.mu.Lock()
		for first < len(entries) && !o.waits(entries[first].ID) {
			first++
		}
		turn := o.turn
		o.mu.Unlock()
		if first == len(entries) {
			break
		}
		select {
		case <-turn:
		case <-ctx.Done():
		}
	}
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	found, err := o.known(ids)
	if err != nil {
		o.Logger.Error("what became of a send could not be read", "error", err)
	}
	for i, e := range found {
		if e.ID != "" {
			entries[i] = e
		}
	}
	return entries
}

// waits reports whether an entry is not settled. The lock is held.
func (o *Outbox) waits(id string) bool {
	it, ok := o.model.get(id)
	return ok && !it.settled()
}

// Entries returns all entries, newest first.
func (o *Outbox) Entries() ([]localapi.OutboxEntry, error) {
	entries, err := o.known(o.ids())
	return slices.DeleteFunc(entries, func(e localapi.OutboxEntry) bool { return e.ID == "" }), err
}

// ids returns those of all entries, newest first.
func (o *Outbox) ids() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	ids := make([]string, 0, len(o.model.items)+len(o.model.past))
	for _, it := range o.model.items {
		ids = append(ids, it.ID)
	}
	for _, one := range o.model.past {
		ids = append(ids, one.name())
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	return ids
}

// Forget clears everything if all is to go.
func (o *Outbox) Forget(tx *store.Tx, all bool) (then func(), err error) {
	if !all {
		return func() {}, nil
	}
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		var ids []string
		for _, it := range o.model.items {
			ids = append(ids, it.ID)
		}
		o.model.past = nil
		o.model.drop(ids)
		o.publish()
	}, o.table.Clear(tx)
}

// trim drops the oldest settled entries beyond the bound.
func (o *Outbox) trim(ctx context.Context) {
	o.mu.Lock()
	ids := o.model.surplus(o.Clock.Monotonic())
	o.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	err := o.Store.Write(ctx, func(tx *store.Tx) error { return o.table.Delete(tx, ids...) }, func() { o.change(nil, ids) })
	if err != nil {
		o.Logger.Warn("old sends could not be dropped", "error", err)
	}
}
