package agent

import (
	"context"
	"time"
)

// errand is one kind of work, done by one goroutine: at the start, whenever it is poked, and when the
// time has come that the work itself asked for. Between these it costs nothing.
type errand struct {
	poked chan struct{}
	// work gives when to come again; zero: only when poked.
	work func(ctx context.Context) time.Duration
}

func newErrand(work func(ctx context.Context) time.Duration) *errand {
	return &errand{make(chan struct{}, 1), work}
}

// poke makes the errand run soon. It never waits.
func (e *errand) poke() {
	select {
	case e.poked <- struct{}{}:
	default:
	}
}

// run does the errand until ctx ends.
func (e *errand) run(ctx context.Context) {
	for {
		again := e.work(ctx)
		if ctx.Err() != nil {
			return
		}
		var due <-chan time.Time
		var timer *time.Timer
		if again > 0 {
			timer = time.NewTimer(again)
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-e.poked:
		case <-due:
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

// doubling is a wait that grows with each failure in a row.
type doubling struct {
	first, most time.Duration
	failures    int
}

// next is the wait after one more failure.
func (d *doubling) next() time.Duration {
	wait := d.first
	for range d.failures {
		if wait *= 2; wait >= d.most {
			return d.most
		}
	}
	d.failures++
	return wait
}

// reset is for a success.
func (d *doubling) reset() { d.failures = 0 }
