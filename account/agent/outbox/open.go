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
	o := &Outbox{Params: p}
	o.Worker = worker.New(o.work)
	now, mono := o.now(), p.Clock.Monotonic()
	err := p.Store.View(func(tx *store.Tx) error {
		for row := range table.Oldest(tx) {
			p.IDs.After(row.Key)
			o.model.put(reopened(row.Value, now, mono))
		}
		return nil
	})
	return o, err
}

// reopened is an entry as it was stored, with what is left of its waits: nothing of one that is longer
// than it can have been, because the clock was set since.
func reopened(e entry, now time.Time, mono time.Duration) item {
	it := item{entry: e}
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

// Run sends until ctx ends.
func (o *Outbox) Run(ctx context.Context) {
	o.Worker.Run(ctx)
	o.running.Wait()
}
