package roster

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// New returns a roster that does not work yet.
func New(p Params) *Roster {
	r := &Roster{Params: p, due: All, wait: worker.Patience{First: retryFirst, Most: retryMost, Clock: p.Clock, Random: p.Random}}
	r.Worker = worker.New(r.work)
	return r
}

// Show writes what is known without asking anybody.
func (r *Roster) Show(s *localapi.Snapshot) {
	if devices, at := r.Account.SavedDevices(); !at.IsZero() {
		s.Devices = localapi.DeviceList{ListState: localapi.ListState{Known: true, At: at}, Items: r.order(showDevices(devices))}
	}
}

func (r *Roster) work(ctx context.Context) time.Duration {
	if !r.Board.SignedIn() {
		r.reset()
		return 0
	}
	lists, rest := r.take()
	if lists == 0 {
		return rest
	}
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	var again List
	var failures []error
	var said error // to those who wait
	regular := devicesAge
	for _, list := range []struct {
		name  List
		fetch func(context.Context) error
	}{{Profile, r.fetchProfile}, {Devices, r.fetchDevices}, {Clients, r.fetchClients}} {
		if lists&list.name == 0 {
			continue
		}
		err := list.fetch(ctx)
		passing := err != nil && board.Passing(err)
		if passing && !board.Ended(err) {
			again |= list.name
			failures = append(failures, err)
		}
		if err != nil && list.name == Devices {
			said = err
			if !passing {
				regular = maxAge // what the server refuses us need not be asked for often
			}
		}
	}
	retry := time.Duration(0)
	if again == 0 {
		r.wait.Reset()
	} else {
		retry = r.wait.After(failures...)
	}
	for _, w := range r.fetched(lists, again, retry, regular) {
		w <- said
	}
	if again == 0 {
		return time.Millisecond // looks at once when to come next
	}
	return retry
}

func (r *Roster) fetchProfile(ctx context.Context) error {
	_, err := r.Account.Profile(ctx, account.Fresh())
	return err
}

// take returns the lists to fetch now, or none and how long to rest.
func (r *Roster) take() (lists List, rest time.Duration) {
	now := r.Clock.Monotonic()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fresh {
		rest = max(min(r.devices, r.profile)-now, time.Second)
		if now >= r.devices {
			r.due |= Devices
		}
		if now >= r.profile {
			r.due |= Profile
		}
	}
	for len(r.encores) > 0 && now >= r.encores[0] {
		r.due, r.encores = r.due|Devices, r.encores[1:]
	}
	if len(r.encores) > 0 {
		if encore := r.encores[0] - now; rest == 0 || encore < rest {
			rest = encore
		}
	}
	if r.due == 0 {
		return 0, rest
	}
	if wait := r.notBefore - now; wait > 0 {
		return 0, wait
	}
	if r.due&Devices != 0 {
		r.tried = now
	}
	r.flight, r.aboard, r.due, r.waiting = r.due, r.waiting, 0, nil
	return r.flight, 0
}

// fetched decides when to come again after lists were asked for; again are those that failed. It returns those
// who wait for the lists.
func (r *Roster) fetched(lists, again List, retry, regular time.Duration) (waiting []chan<- error) {
	now := r.Clock.Monotonic()
	r.mu.Lock()
	defer r.mu.Unlock()
	if lists&Devices != 0 || !r.fresh {
		r.devices = now + regular - early + kit.Spread(r.Random, 10*early) - 10*early
	}
	if lists&Profile != 0 || !r.fresh {
		r.profile = now + kit.Spread(r.Random, maxAge)
	}
	r.fresh = true
	if again != 0 {
		r.due |= again
		r.notBefore = now + retry
	}
	waiting, r.flight, r.aboard = r.aboard, 0, nil
	return waiting
}

// reset is for when nobody is signed in: nothing that was asked for is answered any more.
func (r *Roster) reset() {
	r.mu.Lock()
	waiting := r.waiting
	r.fresh, r.waiting, r.encores = false, nil, nil
	r.mu.Unlock()
	for _, w := range waiting {
		w <- board.ErrSignedOut
	}
}

// Mark says what may have changed.
func (r *Roster) Mark(lists List) { r.mark(lists, 0, nil) }

// mark has lists fetched, not before a time on the monotonic clock; who is not nil hears of the end.
func (r *Roster) mark(lists List, notBefore time.Duration, who chan<- error) {
	r.mu.Lock()
	r.due |= lists
	r.notBefore = notBefore
	if who != nil {
		r.waiting = append(r.waiting, who)
	}
	r.mu.Unlock()
	r.Poke()
}

// Resume has what failed tried again at once.
func (r *Roster) Resume() { r.Mark(0) }

// Joined says that a device has joined the account.
func (r *Roster) Joined() {
	now := r.Clock.Monotonic()
	r.mu.Lock()
	r.encores = []time.Duration{now + newDeviceSoon, now + newDeviceLater}
	r.mu.Unlock()
	r.Mark(Devices | Clients)
}

// Refresh has lists fetched for a face, for the reason that it gives. With wait it returns once they are
// there, or with why they are not; all who wait at once wait for the same answer.
func (r *Roster) Refresh(ctx context.Context, why localapi.RefreshReason, wait bool) error {
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	said := make(chan error, 1)
	switch why {
	case localapi.RefreshLooking:
		if !r.look(said) {
			return nil
		}
	case localapi.RefreshMissing:
		r.mark(Devices, r.spaced(), said)
	case localapi.RefreshAll:
		r.mark(All, 0, said)
	}
	if !wait {
		return nil
	}
	select {
	case err := <-said:
		return board.Refusal(err)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Seen is called when somebody looks: lists that are not quite new are fetched again.
func (r *Roster) Seen() { r.look(make(chan error, 1)) }

// look has lists fetched that are too old for somebody who looks, and reports whether they are; who hears of
// the end.
func (r *Roster) look(who chan<- error) bool {
	var in, failed bool
	var age time.Duration // by the wall clock, which goes on while the machine sleeps
	r.Board.Read(func(s *localapi.Snapshot) {
		in, failed, age = s.Account.State == localapi.SignedIn, s.Devices.Problem != "", r.now().Sub(s.Devices.At)
	})
	if !in || age >= 0 && age <= localapi.FreshFor {
		return false
	}
	r.mu.Lock()
	under := r.flight&Devices != 0
	if under { // they are on their way
		r.aboard = append(r.aboard, who)
	}
	spared := failed && r.spared()
	r.mu.Unlock()
	if !under && !spared {
		r.mark(All, 0, who)
	}
	return under || !spared
}

// spared reports whether people who look are no reason to ask again yet after a failure. The lock is held.
func (r *Roster) spared() bool {
	now := r.Clock.Monotonic()
	pause := retryFirst
	if r.notBefore <= now { // refused, and not tried again by itself
		pause = localapi.FreshFor
	}
	return r.fresh && now-r.tried < pause
}

// spaced is when a list may be fetched in which something was looked for in vain.
func (r *Roster) spaced() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.fresh {
		return 0
	}
	return r.tried + missSpacing
}
