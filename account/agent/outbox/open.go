package outbox

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/store"
)

// Open reads what is stored. Sends that were in flight when the agent last ended are marked: their
// answers are lost. The mark is stored with their next attempt.
func Open(p Params) (*Outbox, error) {
	o := &Outbox{Params: p, table: everybodys.Of(p.Owner), pen: make(chan struct{}, 1), turn: make(chan struct{})}
	o.Worker = worker.New(o.work)
	return o, o.read()
}

// read takes over what is stored and not known yet.
func (o *Outbox) read() error {
	now, mono := o.now(), o.Clock.Monotonic()
	var found []item
	err := o.Store.View(func(tx *store.Tx) error {
		for row := range o.table.Oldest(tx) {
			o.IDs.After(row.Key)
			found = append(found, reopened(row.Value, now, mono))
		}
		return nil
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range found {
		if _, known := o.model.get(it.ID); !known && !o.model.past.has(it.ID) {
			o.model.put(it)
		}
	}
	o.model.letGo()
	return err
}

// Returned takes over what its owner had here before, and sends what still waits.
func (o *Outbox) Returned() error {
	err := o.read()
	o.mu.Lock()
	o.publish()
	o.mu.Unlock()
	o.Poke()
	return err
}

// reopened is an entry as it was stored, with what is left of its waits: nothing of one that is longer
// than it can have been, because the clock was set since.
func reopened(e entry, now time.Time, mono time.Duration) item {
	it := item{entry: e, since: mono}
	if e.settled() {
		return it
	}
	if e.InFlight {
		it.InFlight, it.MayBeTwice, it.NextTry = false, true, time.Time{}
	}
	left := func(until time.Time, most time.Duration) time.Duration {
		wait := until.Sub(now)
		if until.IsZero() || wait <= 0 || wait > most {
			return 0
		}
		return mono + wait
	}
	if it.due = left(it.NextTry, retryMost); it.due == 0 {
		it.NextTry = time.Time{}
	}
	it.held = left(it.HeldUntil, localapi.HoldTime)
	return it
}

// recordTime bounds the noting of outcomes when the agent is ending.
const recordTime = 2 * time.Second

// Run sends until ctx ends.
func (o *Outbox) Run(ctx context.Context) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(recordTime, cancel) })()
	o.mu.Lock()
	o.life, o.late = ctx, late
	o.mu.Unlock()
	o.Worker.Run(ctx)
	o.mu.Lock()
	o.life = nil // nobody begins anything more
	o.mu.Unlock()
	o.running.Wait()
}
