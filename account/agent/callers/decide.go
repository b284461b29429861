package callers

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/store"
)

// Change does what a person decided about a caller, which need not have called yet.
func (c *Callers) Change(ctx context.Context, change localapi.CallerChange) (localapi.Caller, error) {
	if !Valid(change.ID) {
		return localapi.Caller{}, badCaller.Refuse(localapi.CodeUsage)
	}
	switch change.Decision {
	case "", localapi.CallerAllowed, localapi.CallerDenied, localapi.CallerForgotten:
	default:
		return localapi.Caller{}, badDecision.Refuse(localapi.CodeUsage)
	}
	if !c.own(change.ID) && (change.Inbox != nil || change.SignIn != nil) {
		return localapi.Caller{}, notAllowed.Refuse(localapi.CodeNotAllowed, "caller", change.ID) // nor may it ever
	}
	var caller localapi.Caller
	err := c.write(ctx, func(known []localapi.Caller) ([]localapi.Caller, error) {
		i := slices.IndexFunc(known, func(k localapi.Caller) bool { return k.ID == change.ID })
		caller = c.stranger(change.ID)
		if i >= 0 {
			caller = known[i]
		}
		if change.Decision == localapi.CallerForgotten {
			if caller = c.stranger(change.ID); i >= 0 {
				known = slices.Delete(known, i, i+1)
			}
			return known, nil
		}
		c.apply(&caller, change)
		if i >= 0 {
			known[i] = caller
			return known, nil
		}
		known, ok := withRoom(known)
		if !ok {
			return nil, full.Refuse(localapi.CodeConflict, "count", strconv.Itoa(maxKnown))
		}
		return append(known, caller), nil
	})
	return caller, err
}

// apply changes a caller.
func (c *Callers) apply(caller *localapi.Caller, change localapi.CallerChange) {
	if caller.First.IsZero() {
		caller.First = c.Clock.Now().UTC()
	}
	if change.Decision != "" {
		caller.Decision = change.Decision
	}
	if change.Inbox != nil {
		caller.Inbox = *change.Inbox
	}
	if change.SignIn != nil {
		caller.SignIn = *change.SignIn
	}
}

// write changes the list in the store, and then here and for the faces.
func (c *Callers) write(ctx context.Context, edit func([]localapi.Caller) ([]localapi.Caller, error)) error {
	err := c.Store.Write(ctx, func(tx *store.Tx) error {
		known, err := edit(slices.Clone(c.list()))
		if err != nil {
			return err
		}
		return cell.Put(tx, kept(known))
	}, func() { c.edit(edit) })
	if err != nil {
		return board.Refusal(err)
	}
	return nil
}

// edit changes the list here, which may have moved on while it was stored, and shows it.
func (c *Callers) edit(edit func([]localapi.Caller) ([]localapi.Caller, error)) {
	c.mu.Lock()
	if known, err := edit(slices.Clone(c.known)); err == nil {
		c.known = known
	}
	c.mu.Unlock()
	c.publish()
}

// publish shows the list as it is now.
func (c *Callers) publish(events ...localapi.Event) {
	c.Board.Change(func(s *localapi.Snapshot) { s.Callers = c.list() }, events...)
}

// kept is what of a list is stored: not the questions.
func kept(known []localapi.Caller) []localapi.Caller {
	return slices.DeleteFunc(slices.Clone(known), func(k localapi.Caller) bool { return k.Decision == localapi.CallerAsked })
}

// Sent notes what a caller has sent. It is saved a little later.
func (c *Callers) Sent(r localapi.SendRequest) {
	if r.Caller == "" || len(r.Links) == 0 {
		return
	}
	if !c.count(r) {
		return
	}
	c.publish()
	c.Poke()
}

// count adds what was sent to its caller, unless that was forgotten meanwhile.
func (c *Callers) count(r localapi.SendRequest) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Clock.Now().UTC()
	i := c.find(r.Caller)
	known := slices.Clone(c.known)
	if i < 0 {
		caller := c.stranger(r.Caller)
		if !caller.Own {
			return false
		}
		caller.First = now
		known, i = append(known, caller), len(known)
	}
	k := &known[i]
	k.Links += len(r.Links)
	k.LastSent, k.LastHost = now, ""
	if !r.Private {
		k.LastHost, _ = link.Read(r.Links[len(r.Links)-1].URL)
	}
	if c.unsaved == 0 {
		c.unsaved = max(1, c.Clock.Monotonic())
	}
	c.known = known
	return true
}

// save is the worker's: it writes the counts once they have waited a little.
func (c *Callers) save(ctx context.Context) time.Duration {
	c.mu.Lock()
	since, now := c.unsaved, c.Clock.Monotonic()
	c.mu.Unlock()
	if since == 0 {
		return 0
	}
	if wait := since + saveDelay - now; wait > 0 {
		return wait
	}
	if err := c.flush(ctx); err != nil && ctx.Err() == nil {
		c.Logger.Warn("what extensions sent could not be saved", "error", err)
		return time.Minute
	}
	return 0
}

func (c *Callers) flush(ctx context.Context) error {
	c.mu.Lock()
	since := c.unsaved
	c.unsaved = 0
	c.mu.Unlock()
	err := c.write(ctx, func(known []localapi.Caller) ([]localapi.Caller, error) { return known, nil })
	if err != nil {
		c.mu.Lock()
		c.unsaved = since
		c.mu.Unlock()
	}
	return err
}

// Run saves the counts until ctx ends, and what is left of them then.
func (c *Callers) Run(ctx context.Context) {
	c.Worker.Run(ctx)
	c.mu.Lock()
	left := c.unsaved != 0
	c.mu.Unlock()
	if !left {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), partTime)
	defer cancel()
	if err := c.flush(ctx); err != nil {
		c.Logger.Warn("what extensions sent could not be saved", "error", err)
	}
}

// Leave clears in the store what was sent for a person whose sign-in has ended without a sign-out here. With gone,
// where the account does not exist any more, the counts go too.
func Leave(tx *store.Tx, gone bool) error {
	known, _, err := cell.Get(tx)
	if err != nil || len(known) == 0 {
		return err
	}
	forgetSent(known, gone)
	return cell.Put(tx, known)
}

// forgetSent clears what callers sent, with counts also how much, and when.
func forgetSent(known []localapi.Caller, counts bool) {
	for i := range known {
		known[i].LastHost = ""
		if counts {
			known[i].Links, known[i].LastSent = 0, time.Time{}
		}
	}
}

// Forget clears what belongs to the person who left: what was sent. With all, the decisions too.
func (c *Callers) Forget(tx *store.Tx, all bool) (then func(), err error) {
	forget := func(known []localapi.Caller) ([]localapi.Caller, error) {
		if all {
			return nil, nil
		}
		forgetSent(known, false)
		return known, nil
	}
	then = func() { c.edit(forget) }
	if all {
		return then, cell.Clear(tx)
	}
	known, err := forget(slices.Clone(c.list()))
	if err != nil {
		return nil, err
	}
	return then, cell.Put(tx, kept(known))
}
