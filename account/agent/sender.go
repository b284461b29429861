package agent

import (
	"context"
	"errors"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// How a send that came to nothing is tried again, and when it is given up: the server itself keeps
// commands for 28 days, but nobody waits for a tab that long.
const (
	sendRetryFirst = 15 * time.Second
	sendRetryMost  = 15 * time.Minute
	sendGiveUp     = 7 * 24 * time.Hour
)

// sender empties the outbox: one request at a time, the oldest first, and for each device in order.
type sender struct {
	e      *engine
	errand *errand
}

func newSender(e *engine) *sender {
	s := &sender{e: e}
	s.errand = newErrand(s.work)
	return s
}

// resume tries everything again that waits for the network or for a sign-in.
func (s *sender) resume() {
	now := s.e.now()
	s.e.read(func(m *model) {
		var again []sent
		for _, entry := range m.outbox {
			if entry.State == localapi.SendWaiting && !entry.NextTry.IsZero() && !now.Before(m.conn.BackoffUntil) {
				entry.NextTry = time.Time{}
				again = append(again, entry)
			}
		}
		m.putSent(again...)
	})
	s.errand.poke()
}

func (s *sender) work(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		entry, wait, ok := s.next()
		if !ok {
			return wait
		}
		s.send(ctx, entry)
	}
	return 0
}

// next gives the entry to send now, or how long to wait for one; zero: until something changes.
func (s *sender) next() (next sent, wait time.Duration, ok bool) {
	now := s.e.now()
	sooner := func(at time.Time) {
		if d := max(at.Sub(now), time.Millisecond); wait == 0 || d < wait {
			wait = d
		}
	}
	s.e.read(func(m *model) {
		if !m.signedIn() {
			return
		}
		blocked := map[string]bool{}
		for i := len(m.outbox) - 1; i >= 0; i-- {
			entry := m.outbox[i]
			switch {
			case entry.State != localapi.SendWaiting:
			case now.Before(entry.HeldUntil):
				sooner(entry.HeldUntil)
			case blocked[entry.ToID]:
			case now.Before(entry.NextTry):
				blocked[entry.ToID] = true
				sooner(entry.NextTry)
			case !ok:
				next, ok = entry, true
			}
		}
	})
	return next, wait, ok
}

// send makes one attempt. That it is being made is stored first: if we do not live to see the
// answer, the next start knows that the tab may have arrived.
func (s *sender) send(ctx context.Context, entry sent) {
	e := s.e
	still := false
	err := e.editOutbox(ctx, []string{entry.ID}, func(r *sent) verdict {
		if r.State != localapi.SendWaiting || e.now().Before(r.HeldUntil) {
			return keepSent
		}
		still = true
		r.InFlight, r.HeldUntil, r.NextTry = true, time.Time{}, time.Time{}
		entry = *r
		return putSent
	})
	if err != nil {
		s.unsaved(ctx, entry, err)
		return
	}
	if !still {
		return // taken back, deleted or sent meanwhile
	}
	delivery, err := s.attempt(ctx, entry)
	if ctxEnded(err) && ctx.Err() != nil {
		return // we are ending; the mark in the store says what must be said
	}
	e.heard(err)
	e.sync()
	s.record(ctx, entry, delivery, err)
}

// unsaved deals with a store that takes no changes: nothing is sent that could not be noted.
func (s *sender) unsaved(ctx context.Context, entry sent, err error) {
	if ctx.Err() != nil {
		return
	}
	s.e.a.params.Logger.Error("a send could not be noted", "error", err)
	s.e.change(func(m *model) {
		entry.Reason, entry.NextTry = sentence(err), s.e.now().Add(sendRetryMost)
		m.putSent(entry)
	})
}

// errRequest marks a failure of a request that may have reached the server.
var errRequest = errors.New("the answer is lost")

// attempt asks the server. The list of devices is fetched before, because its failure says for sure
// that nothing was sent.
func (s *sender) attempt(ctx context.Context, entry sent) (account.Delivery, error) {
	ctx, done := s.e.calling(ctx)
	defer done()
	acct := s.e.acct
	if _, err := acct.Devices(ctx); err != nil {
		return account.Delivery{}, err
	}
	var delivery account.Delivery
	var err error
	if entry.Close {
		var unsent []string
		delivery, unsent, err = acct.CloseTabsDelivery(ctx, entry.ToID, []string{entry.URL})
		if err == nil && len(unsent) > 0 {
			err = account.ErrTooLarge
		}
	} else {
		var options []account.SendOption
		if entry.Private {
			options = append(options, account.Private())
		}
		delivery, err = acct.SendTab(ctx, entry.ToID, entry.Title, entry.URL, options...)
	}
	if errors.Is(err, account.ErrNetwork) && !neverLeft(err) || errors.Is(err, account.ErrInvalidAnswer) || ctxEnded(err) {
		err = errors.Join(errRequest, err)
	}
	return delivery, err
}

// record writes down what came of an attempt.
func (s *sender) record(ctx context.Context, entry sent, delivery account.Delivery, failure error) {
	e := s.e
	var givenUp *localapi.OutboxEntry
	err := e.editOutbox(ctx, []string{entry.ID}, func(r *sent) verdict {
		r.InFlight = false
		s.outcome(r, delivery, failure)
		if r.State == localapi.SendFailed {
			copied := r.OutboxEntry
			givenUp = &copied
		}
		entry = *r
		return putSent
	})
	if err != nil {
		// The store keeps the mark "in flight", which is the truth it knows; show it as lost.
		e.a.params.Logger.Error("the end of a send could not be noted", "error", err)
		return
	}
	if entry.State == localapi.SendPushOff {
		e.lists.mark(true, false, false) // the server has just learned it too
	}
	if givenUp != nil {
		e.a.publish(localapi.Event{Kind: localapi.SendGivenUp, At: e.now(), Send: givenUp})
	}
	s.trim(ctx)
}

// outcome decides the new state of an entry. It never claims more than the server said.
func (s *sender) outcome(r *sent, delivery account.Delivery, failure error) {
	if failure == nil {
		r.Reason, r.Failures = "", 0
		switch {
		case delivery.Notified:
			r.State = localapi.SendAlerted
		case delivery.Known:
			r.State = localapi.SendPushOff
		default:
			r.State = localapi.SendAccepted
		}
		return
	}
	now := s.e.now()
	lost := errors.Is(failure, errRequest)
	r.MayBeTwice = r.MayBeTwice || lost
	r.Reason = sentence(failure)
	if r.Close && r.State == localapi.SendWaiting && errors.Is(failure, account.ErrUnsupported) {
		r.Reason = "This device cannot close tabs."
	}
	switch {
	case !passing(failure), now.Sub(r.At) > sendGiveUp:
		r.State, r.NextTry = localapi.SendFailed, time.Time{}
	case !until(failure).IsZero():
		r.NextTry = until(failure)
	case signInDoubtful(failure):
		r.NextTry = now.Add(sendRetryMost) // a new sign-in tries at once
	default:
		wait := doubling{first: sendRetryFirst, most: sendRetryMost, failures: r.Failures}
		r.NextTry = now.Add(wait.next())
	}
	r.Failures++
}

// passing tells whether trying again by itself can help.
func passing(err error) bool {
	var wait *account.BackoffError
	var save *account.SaveError
	return errors.As(err, &wait) || errors.As(err, &save) || ctxEnded(err) || signInDoubtful(err) ||
		errors.Is(err, account.ErrNetwork) || errors.Is(err, account.ErrUnavailable) ||
		errors.Is(err, account.ErrNoRefreshToken) || errors.Is(err, account.ErrCircuitOpen)
}

// trim drops the oldest settled entries beyond the bound.
func (s *sender) trim(ctx context.Context) {
	var ids []string
	s.e.read(func(m *model) { ids = surplus(m.outbox) })
	if len(ids) == 0 {
		return
	}
	err := s.e.write(ctx, func(tx *store.Tx) error { return outboxTable.Delete(tx, ids...) }, func(m *model) { m.dropSent(ids...) })
	if err != nil {
		s.e.a.params.Logger.Warn("old sends could not be dropped", "error", err)
	}
}

// isUnsupported tells whether something is of a kind we do not know.
func isUnsupported(err error) bool { return errors.Is(err, account.ErrUnsupported) }
