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
	r := &Roster{Params: p, due: All, wait: kit.Growth{First: retryFirst, Most: retryMost}}
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
		r.fresh = false
		return 0
	}
	lists, rest := r.take()
	if lists == 0 {
		return rest
	}
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	var again List
	for _, list := range []struct {
		name  List
		fetch func(context.Context) error
	}{{Profile, r.fetchProfile}, {Devices, r.fetchDevices}, {Clients, r.fetchClients}} {
		if lists&list.name == 0 {
			continue
		}
		if err := list.fetch(ctx); err != nil && !board.Ended(err) && board.Passing(err) {
			again |= list.name
		}
	}
	r.last, r.fresh = r.Clock.Monotonic(), true
	if again == 0 {
		r.wait.Reset()
		return time.Millisecond // looks at once when to come next
	}
	retry := r.wait.Next()
	r.mu.Lock()
	r.due |= again
	r.notBefore = r.last + retry
	r.mu.Unlock()
	return retry
}

func (r *Roster) fetchProfile(ctx context.Context) error {
	_, err := r.Account.Profile(ctx, account.Fresh())
	return err
}
