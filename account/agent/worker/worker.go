// Package worker does work beside the calls of faces: a [Worker] has one goroutine for one kind of
// work, and [Calls] are the requests that end together.
package worker

import (
	"context"
	"time"
)

// Worker is one kind of work, done by one goroutine: at the start, whenever it is poked, and when the
// time has come that the work itself asked for. Between these it costs nothing.
type Worker struct {
	poked chan struct{}
	work  func(ctx context.Context) time.Duration
}

// New returns a worker that does not run yet. work returns when to come again; zero: only when poked.
func New(work func(ctx context.Context) time.Duration) *Worker {
	return &Worker{make(chan struct{}, 1), work}
}

// Poke makes the worker work soon. It never waits.
func (w *Worker) Poke() {
	select {
	case w.poked <- struct{}{}:
	default:
	}
}

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	for {
		again := w.work(ctx)
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
		case <-w.poked:
		case <-due:
		}
		if timer != nil {
			timer.Stop()
		}
	}
}
