package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// How a send that came to nothing is tried again, and when it is given up: the server itself keeps
// commands for 28 days, but nobody waits for a tab that long.
const (
	retryFirst = 15 * time.Second
	retryMost  = 15 * time.Minute
	giveUp     = 7 * 24 * time.Hour
)

// Resume tries everything again that waits for the network or for a sign-in.
func (o *Outbox) Resume() {
	now := o.now()
	var backoff time.Time
	o.Board.Read(func(s *localapi.Snapshot) { backoff = s.Connection.BackoffUntil })
	o.update(func(entries []entry) (again []entry, _ []string) {
		for _, e := range entries {
			if e.State == localapi.SendWaiting && !e.NextTry.IsZero() && !now.Before(backoff) {
				e.NextTry = time.Time{}
				again = append(again, e)
			}
		}
		return again, nil
	})
	o.Poke()
}

// work empties the outbox: one request at a time, the oldest first, and for each device in order.
func (o *Outbox) work(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		e, wait, ok := o.next()
		if !ok {
			return wait
		}
		o.send(ctx, e)
	}
	return 0
}

func (o *Outbox) now() time.Time { return o.Clock.Now().UTC() }

// next returns the entry to send now, or how long to wait for one; zero: until something changes.
func (o *Outbox) next() (next entry, wait time.Duration, ok bool) {
	if !o.Board.SignedIn() {
		return next, 0, false
	}
	now := o.now()
	sooner := func(at time.Time) {
		if d := max(at.Sub(now), time.Millisecond); wait == 0 || d < wait {
			wait = d
		}
	}
	blocked := map[string]bool{}
	for _, e := range slices.Backward(o.all()) {
		switch {
		case e.State != localapi.SendWaiting:
		case now.Before(e.HeldUntil):
			sooner(e.HeldUntil)
		case blocked[e.ToID]:
		case now.Before(e.NextTry):
			blocked[e.ToID] = true
			sooner(e.NextTry)
		default:
			return e, 0, true
		}
	}
	return next, wait, false
}

// send makes one attempt. That it is being made is stored first: if we do not live to see the
// answer, the next start knows that the tab may have arrived.
func (o *Outbox) send(ctx context.Context, e entry) {
	still := false
	err := o.edit(ctx, []string{e.ID}, func(r *entry) verdict {
		if r.State != localapi.SendWaiting || o.now().Before(r.HeldUntil) {
			return keepEntry
		}
		still = true
		r.InFlight, r.HeldUntil, r.NextTry = true, time.Time{}, time.Time{}
		e = *r
		return putEntry
	})
	if err != nil {
		o.unsaved(ctx, e, err)
		return
	}
	if !still {
		return // taken back, deleted or sent meanwhile
	}
	delivery, err := o.attempt(ctx, e)
	if board.Ended(err) && ctx.Err() != nil {
		return // we are ending; the mark in the store says what must be said
	}
	o.record(ctx, e, delivery, err)
}

// unsaved deals with a store that takes no changes: nothing is sent that could not be noted.
func (o *Outbox) unsaved(ctx context.Context, e entry, err error) {
	if ctx.Err() != nil {
		return
	}
	o.Logger.Error("a send could not be noted", "error", err)
	e.Reason, e.ReasonSaid = board.Sentence(err).Parts()
	e.NextTry = o.now().Add(retryMost)
	o.change([]entry{e}, nil)
}

// errRequest marks a failure of a request that may have reached the server.
var errRequest = errors.New("the answer is lost")

// attempt asks the server. The list of devices is fetched before, because its failure says for sure
// that nothing was sent.
func (o *Outbox) attempt(ctx context.Context, e entry) (account.Delivery, error) {
	ctx, done := o.Calls.Begin(ctx)
	defer done()
	if _, err := o.Account.Devices(ctx); err != nil {
		return account.Delivery{}, err
	}
	var delivery account.Delivery
	var err error
	if e.Close {
		var unsent []string
		delivery, unsent, err = o.Account.CloseTabsDelivery(ctx, e.ToID, []string{e.URL})
		if err == nil && len(unsent) > 0 {
			err = account.ErrTooLarge
		}
	} else {
		var options []account.SendOption
		if e.Private {
			options = append(options, account.Private())
		}
		delivery, err = o.Account.SendTab(ctx, e.ToID, e.Title, e.URL, options...)
	}
	if errors.Is(err, account.ErrNetwork) && !board.NeverLeft(err) || errors.Is(err, account.ErrInvalidAnswer) || board.Ended(err) {
		err = errors.Join(errRequest, err)
	}
	return delivery, err
}

// record writes down what came of an attempt.
func (o *Outbox) record(ctx context.Context, e entry, delivery account.Delivery, failure error) {
	err := o.edit(ctx, []string{e.ID}, func(r *entry) verdict {
		r.InFlight = false
		r.outcome(o.now(), delivery, failure)
		e = *r
		return putEntry
	})
	if err != nil {
		// The store keeps the mark "in flight", which is the truth it knows; show it as lost.
		o.Logger.Error("the end of a send could not be noted", "error", err)
		return
	}
	switch e.State {
	case localapi.SendPushOff:
		o.PushOff()
	case localapi.SendFailed:
		o.Board.Tell(localapi.Event{Kind: localapi.SendGivenUp, Send: &e.OutboxEntry})
	}
	o.trim(ctx)
}

// outcome decides the new state of an entry. It never claims more than the server said.
func (e *entry) outcome(now time.Time, delivery account.Delivery, failure error) {
	if failure == nil {
		e.Reason, e.ReasonSaid, e.Failures = "", localapi.Said{}, 0
		switch {
		case delivery.Notified:
			e.State = localapi.SendAlerted
		case delivery.Known:
			e.State = localapi.SendPushOff
		default:
			e.State = localapi.SendAccepted
		}
		return
	}
	lost := errors.Is(failure, errRequest)
	e.MayBeTwice = e.MayBeTwice || lost
	e.Reason, e.ReasonSaid = board.Sentence(failure).Parts()
	if e.Close && e.State == localapi.SendWaiting && errors.Is(failure, account.ErrUnsupported) {
		e.Reason, e.ReasonSaid = cannotClose.Say().Parts()
	}
	switch {
	case !board.Passing(failure), now.Sub(e.At) > giveUp:
		e.State, e.NextTry = localapi.SendFailed, time.Time{}
	case !board.Until(failure).IsZero():
		e.NextTry = board.Until(failure)
	case board.Doubtful(failure):
		e.NextTry = now.Add(retryMost) // a new sign-in tries at once
	default:
		wait := kit.Growth{First: retryFirst, Most: retryMost, Failures: e.Failures}
		e.NextTry = now.Add(wait.Wait())
	}
	e.Failures++
}
