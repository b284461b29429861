package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// How a send that came to nothing is tried again, and when it is given up: the server itself keeps
// commands for 28 days, but nobody waits for a tab that long. Its age is by a clock that may have been set
// meanwhile, or of a time when nothing ran: so it has been tried for a while by us before that.
const (
	retryFirst = 2 * time.Second
	retryMost  = 15 * time.Minute
	giveUp     = 7 * 24 * time.Hour
	tryAtLeast = time.Hour
	// firstPatience bounds the first attempt, so that one hung connection does not hold a tab up for the
	// whole time that a slow network may take; later attempts have that.
	firstPatience = 7 * time.Second
	// maxUnclear is how many answers in a row may be unintelligible: each may stand for a tab that has
	// arrived, and a server that always answers so is not to fill a device with copies.
	maxUnclear = 4
	// maxBusy is how many devices are served side by side.
	maxBusy = 4
)

// Resume tries everything again that waits for the network or for a sign-in; what the server asked for
// is waited for.
func (o *Outbox) Resume() {
	o.mu.Lock()
	changed := false
	for _, l := range o.model.lanes {
		for _, it := range l.queue {
			if it.due > 0 && !it.obeys {
				it.due, it.NextTry, changed = 0, time.Time{}, true
			}
		}
	}
	if changed {
		o.publish()
	}
	o.mu.Unlock()
	o.Poke()
}

// work has everything sent that is due: devices side by side, the oldest first for each.
func (o *Outbox) work(ctx context.Context) (wait time.Duration) {
	wait = o.settleDebts(ctx)
	if !o.Board.SignedIn() {
		return wait
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setRight()
	now := o.Clock.Monotonic()
	for device, l := range o.model.lanes {
		if l.busy {
			continue
		}
		it, later := l.next(now, "")
		wait = sooner(wait, later)
		if it == nil || o.busy == maxBusy {
			continue // who ends pokes
		}
		o.claim(l)
		go o.serve(ctx, device, l, attempt{})
	}
	return wait
}

// claim has a device served by nobody else until release. The lock is held.
func (o *Outbox) claim(l *lane) {
	l.busy = true
	o.busy++
	o.running.Add(1)
}

func (o *Outbox) release(device string, l *lane) {
	defer o.running.Done()
	o.mu.Lock()
	l.busy = false
	o.busy--
	o.model.sweep(device)
	o.mu.Unlock()
	o.Poke()
}

// setRight shows the waits as they are after the clock was set: what a device waits for is its first
// entry, and the others show the same. The lock is held.
func (o *Outbox) setRight() {
	changed := false
	for _, l := range o.model.lanes {
		if len(l.queue) == 0 || l.queue[0].due <= o.Clock.Monotonic() {
			continue
		}
		it := l.queue[0]
		if at := kit.Wall(o.Clock, it.due, it.NextTry).UTC(); !at.Equal(it.NextTry) {
			it.NextTry, changed = at, true
		}
	}
	if changed {
		o.publish()
	}
}

// attempt is one that was begun: the store says so, and if we do not live to see the answer, the next start
// knows that the tab may have arrived.
type attempt struct {
	entry
	wishes uint64 // how many there were when it began
}

// serve sends what is due for one device that was claimed, from an attempt on that was begun, if any.
func (o *Outbox) serve(ctx context.Context, device string, l *lane, next attempt) {
	defer o.release(device, l)
	for {
		if next.ID == "" {
			next = o.begin(ctx, l)
		}
		if next.ID == "" {
			return
		}
		delivery, err := o.try(ctx, next.entry)
		if board.Ended(err) && ctx.Err() != nil {
			return // we are ending; the mark in the store says what must be said
		}
		next = o.record(ctx, l, next, delivery, err)
	}
}

// begin begins an attempt for what is due in a lane. Its entry has no id if nothing is.
func (o *Outbox) begin(ctx context.Context, l *lane) (next attempt) {
	o.mu.Lock()
	due, _ := o.begun(ctx, l, "")
	o.mu.Unlock()
	if due.ID == "" {
		return attempt{}
	}
	err := o.note(func() (changed []item) {
		next, changed = o.begun(ctx, l, "")
		return changed
	})
	if err != nil {
		o.unsent(ctx, due.ID, err)
		return attempt{}
	}
	return next
}

// begun decides to begin an attempt for what is due in a lane besides one entry. The lock is held.
func (o *Outbox) begun(ctx context.Context, l *lane, besides string) (next attempt, changed []item) {
	due, _ := l.next(o.Clock.Monotonic(), besides)
	if due == nil || ctx.Err() != nil || !o.Board.SignedIn() {
		return attempt{}, nil
	}
	it := *due
	it.InFlight, it.HeldUntil, it.NextTry, it.due, it.held, it.unsaved = true, time.Time{}, time.Time{}, 0, 0, false
	return attempt{it.entry, o.model.wishes}, []item{it}
}

// errRequest marks a failure of a request that may have reached the server.
var errRequest = errors.New("the answer is lost")

// try asks the server. The list of devices is fetched before, because its failure says for sure
// that nothing was sent.
func (o *Outbox) try(ctx context.Context, e entry) (account.Delivery, error) {
	ctx, done := o.Calls.Begin(ctx)
	defer done()
	limited := ctx
	if e.Failures == 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, firstPatience)
		defer cancel()
	}
	hung := func(err error) error {
		if board.Ended(err) && ctx.Err() == nil {
			return fmt.Errorf("%w: no answer in time", account.ErrNetwork)
		}
		return err
	}
	if _, err := o.Account.Devices(limited); err != nil {
		if errors.Is(err, account.ErrInvalidAnswer) {
			err = fmt.Errorf("%w: the list of devices: %w", account.ErrUnavailable, err) // a later one may do
		}
		return account.Delivery{}, hung(err)
	}
	delivery, err := o.ask(limited, e)
	if err = hung(err); errors.Is(err, account.ErrNetwork) && !board.NeverLeft(err) || errors.Is(err, account.ErrInvalidAnswer) || board.Ended(err) {
		err = errors.Join(errRequest, err)
	}
	return delivery, err
}

// ask makes the request that carries the tab.
func (o *Outbox) ask(ctx context.Context, e entry) (account.Delivery, error) {
	if e.Close {
		delivery, unsent, err := o.Account.CloseTabsDelivery(ctx, e.ToID, []string{e.URL})
		if err == nil && len(unsent) > 0 {
			err = account.ErrTooLarge
		}
		return delivery, err
	}
	var options []account.SendOption
	if e.Private {
		options = append(options, account.Private())
	}
	return o.Account.SendTab(ctx, e.ToID, e.Title, e.URL, options...)
}

// record notes what came of an attempt, in one transaction for all that it decides about, and with it the
// beginning of the next one, if it leaves that free. What the server said stays true if the store does not take
// it: the attempt is not repeated, and its end is stored later.
func (o *Outbox) record(ctx context.Context, l *lane, at attempt, delivery account.Delivery, failure error) (next attempt) {
	ids := []string{at.ID}
	if ofDevice(failure) {
		o.mu.Lock()
		ids = append(ids, o.model.waitingFor(at.ToID)...)
		o.mu.Unlock()
	}
	var ends []item
	ended := func(it *item) verdict {
		if it.ID != at.ID && !it.shares(at, o.Clock.Monotonic(), failure) {
			return keepEntry
		}
		it.end(o.now(), o.Clock.Monotonic(), delivery, failure)
		it.spread(o.IDs.Rand, o.now())
		ends = append(ends, *it)
		return putEntry
	}
	err := o.note(func() []item {
		changed, _ := o.decide(ids, ended)
		var more []item
		if len(ends) == 1 && ends[0].settled() {
			next, more = o.begun(ctx, l, at.ID)
		}
		return append(changed, more...)
	})
	if err != nil {
		ends, next = nil, attempt{}
		o.unnoted(ids, ended, err)
	}
	o.tell(ends, failure)
	o.trim(ctx)
	return next
}

// tell says what has ended to whom it concerns.
func (o *Outbox) tell(ends []item, failure error) {
	var events []localapi.Event
	for _, it := range ends {
		switch it.State {
		case localapi.SendPushOff:
			o.PushOff(it.ToID)
		case localapi.SendFailed:
			events = append(events, localapi.Event{Kind: localapi.SendGivenUp, Send: &it.OutboxEntry})
		}
	}
	if len(events) == 0 {
		return
	}
	if errors.Is(failure, account.ErrUnknownDevice) {
		o.Gone(ends[0].ToID)
	}
	o.Board.Tell(events...)
}

// ofDevice reports whether a failure is the device's: it is no longer there, or it does not take what was
// sent. That was looked up in a list of devices fetched for this attempt, and each further attempt would
// fetch one more to find the same. What the server itself says is not offered may be so for one request.
func ofDevice(failure error) bool {
	var remote *account.RemoteError
	return errors.Is(failure, account.ErrUnknownDevice) ||
		errors.Is(failure, account.ErrUnsupported) && !errors.As(failure, &remote)
}

// shares reports whether a failure of the device that an attempt has found is the end of this one
// too: it waits for the same, and did so when the attempt began. One that can still be taken back goes its
// own way, and so does what was asked for since, because the device may have come back in between.
func (it *item) shares(at attempt, now time.Duration, failure error) bool {
	if it.ToID != at.ToID || it.settled() || it.InFlight || it.wish > at.wishes || now < it.held {
		return false
	}
	return it.Close == at.Close || errors.Is(failure, account.ErrUnknownDevice)
}

// end is the end of an attempt, with the wait that it asks for.
func (it *item) end(now time.Time, mono time.Duration, delivery account.Delivery, failure error) {
	it.InFlight, it.unsaved = false, false
	it.outcome(now, mono-it.since, delivery, failure)
	it.due, it.obeys = 0, !board.Until(failure).IsZero()
	if !it.NextTry.IsZero() {
		it.due = mono + max(it.NextTry.Sub(now), time.Millisecond)
	}
	if it.settled() {
		it.done = max(mono, 1)
	}
}

// outcome decides the new state of an entry that this process has had to send for so long. It never claims more than
// the server said.
func (e *entry) outcome(now time.Time, tried time.Duration, delivery account.Delivery, failure error) {
	if failure == nil {
		e.Reason, e.ReasonSaid, e.Failures, e.Unclear = "", localapi.Said{}, 0, 0
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
	unclear := e.explain(failure)
	switch {
	case !unclear && !board.Passing(failure), e.Unclear >= maxUnclear, now.Sub(e.At) > giveUp && tried >= tryAtLeast:
		e.State, e.NextTry = localapi.SendFailed, time.Time{}
	case !board.Until(failure).IsZero():
		e.NextTry = board.Until(failure)
	case board.Doubtful(failure):
		e.NextTry = now.Add(retryMost) // a new sign-in tries at once
	default:
		wait := kit.Growth{First: retryFirst, Most: retryMost, Failures: e.Failures}
		e.NextTry = now.Add(wait.Wait())
	}
	if worker.Sent(failure) {
		e.Failures++
	}
}

// explain says why an attempt has failed, and reports whether its answer left open what has happened.
func (e *entry) explain(failure error) (unclear bool) {
	lost := errors.Is(failure, errRequest)
	e.MayBeTwice = e.MayBeTwice || lost
	e.Reason, e.ReasonSaid = board.Sentence(failure).Parts()
	switch {
	case e.Close && e.State == localapi.SendWaiting && errors.Is(failure, account.ErrUnsupported):
		e.Reason, e.ReasonSaid = cannotClose.Say().Parts()
	case lost && errors.Is(failure, account.ErrInvalidAnswer):
		unclear = true
		e.Reason, e.ReasonSaid = unclearAnswer.Say().Parts()
	case errors.Is(failure, account.ErrAccountGone):
		// One word of one route that the account is unknown is a reason to ask the server, which happens
		// elsewhere: if the account is gone everything goes, if it is not another try may do.
		unclear = true
		e.Reason, e.ReasonSaid = unknownAccount.Say().Parts()
	}
	if unclear {
		e.Unclear++
	}
	return unclear
}

// spread puts the next attempt off by up to a tenth, for whoever else waits for the same moment.
func (it *item) spread(random io.Reader, now time.Time) {
	if !it.NextTry.IsZero() {
		more := kit.Spread(random, it.NextTry.Sub(now)) - it.NextTry.Sub(now)
		it.due, it.NextTry = it.due+more, it.NextTry.Add(more)
	}
}
