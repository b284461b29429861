package outbox

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/store"
)

// storeRetry is the wait after a change that the store did not take. Nobody is asked but the disk.
const storeRetry = 5 * time.Second

// unsent deals with a store that does not take the beginning of an attempt: nothing is sent that could
// not be noted.
func (o *Outbox) unsent(ctx context.Context, id string, err error) {
	if ctx.Err() != nil {
		return
	}
	o.Logger.Error("a send could not be noted", "error", err)
	o.mu.Lock()
	defer o.mu.Unlock()
	it, ok := o.model.get(id)
	if !ok || it.settled() {
		return
	}
	it.Reason, it.ReasonSaid = board.Sentence(err).Parts()
	it.NextTry, it.due = o.now().Add(storeRetry), o.Clock.Monotonic()+storeRetry
	o.publish()
}

// unnoted deals with a store that does not take the end of an attempt: it counts all the same, and nothing
// that is changed meanwhile comes in between.
func (o *Outbox) unnoted(ids []string, ended func(*item) verdict, err error) {
	o.Logger.Error("the end of a send could not be noted", "error", err)
	o.mu.Lock()
	defer o.mu.Unlock()
	changed, _ := o.decide(ids, func(it *item) verdict {
		defer func() { it.unsaved = true }()
		return ended(it)
	})
	for _, it := range changed {
		o.unsaved = append(o.unsaved, it.ID)
		o.model.put(it)
	}
	o.owe(err)
	o.publish()
}

// refused sees to it that a send that a face was refused, because it could not be stored, is not found
// at the next start: a disk may keep what it reports as failed.
func (o *Outbox) refused(entries []entry, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range entries {
		o.stray = append(o.stray, e.ID)
	}
	o.owe(err)
}

// owe has what the store did not take stored later. The lock is held.
func (o *Outbox) owe(err error) {
	o.trouble = board.Sentence(err)
	o.owed = o.Clock.Monotonic() + storeRetry
	o.Poke()
}

// settleDebts stores what the store did not take, and returns when to try again.
func (o *Outbox) settleDebts(ctx context.Context) (wait time.Duration) {
	o.mu.Lock()
	unsaved, stray := o.unsaved, o.stray
	wait = o.owed - o.Clock.Monotonic()
	o.mu.Unlock()
	if len(unsaved)+len(stray) == 0 {
		return 0
	}
	if wait > 0 {
		return wait
	}
	var saved []item
	err := o.Store.Write(ctx, func(tx *store.Tx) error {
		saved, _ = o.decided(unsaved, func(it *item) verdict {
			if !it.unsaved {
				return keepEntry
			}
			it.unsaved = false
			return putEntry
		})
		if err := o.put(tx, saved); err != nil {
			return err
		}
		return o.table.Delete(tx, stray...)
	}, func() { o.change(saved, nil) })
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.owe(err)
		return storeRetry
	}
	o.unsaved, o.stray = o.unsaved[len(unsaved):], o.stray[len(stray):]
	return 0
}
