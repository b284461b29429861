package outbox

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// on opens an outbox on a store.
func on(t *testing.T, s *store.Store) *Outbox {
	t.Helper()
	o, err := Open(Params{
		Store: store.NewVault(s), Board: board.New(kit.System(), localapi.Snapshot{}), Clock: kit.System(),
		IDs: &store.IDs{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// The outcome of an attempt never claims more than the server said.
func TestOutcome(t *testing.T) {
	now := time.Now().UTC()
	fresh := entry{OutboxEntry: localapi.OutboxEntry{State: localapi.SendWaiting, At: now}}
	old := entry{OutboxEntry: localapi.OutboxEntry{State: localapi.SendWaiting, At: now.Add(-8 * 24 * time.Hour)}}
	closing := entry{OutboxEntry: localapi.OutboxEntry{State: localapi.SendWaiting, At: now, Close: true}}
	unclear := entry{Unclear: maxUnclear - 1, OutboxEntry: localapi.OutboxEntry{State: localapi.SendWaiting, At: now}}
	for name, c := range map[string]struct {
		entry    entry
		delivery account.Delivery
		err      error
		state    localapi.SendState
		twice    bool
		again    bool
	}{
		"alerted":              {fresh, account.Delivery{Known: true, Notified: true}, nil, localapi.SendAlerted, false, false},
		"push is off":          {fresh, account.Delivery{Known: true, NotifyError: "expiredCallback"}, nil, localapi.SendPushOff, false, false},
		"an old server":        {fresh, account.Delivery{}, nil, localapi.SendAccepted, false, false},
		"no network":           {fresh, account.Delivery{}, account.ErrNetwork, localapi.SendWaiting, false, true},
		"a lost answer":        {fresh, account.Delivery{}, errors.Join(errRequest, account.ErrNetwork), localapi.SendWaiting, true, true},
		"an unreadable answer": {fresh, account.Delivery{}, errors.Join(errRequest, account.ErrInvalidAnswer), localapi.SendWaiting, true, true},
		"ever unreadable":      {unclear, account.Delivery{}, errors.Join(errRequest, account.ErrInvalidAnswer), localapi.SendFailed, true, false},
		"a wait":               {fresh, account.Delivery{}, &account.BackoffError{Until: now.Add(time.Hour)}, localapi.SendWaiting, false, true},
		"a doubtful sign-in":   {fresh, account.Delivery{}, account.ErrAuthentication, localapi.SendWaiting, false, true},
		"a device that left":   {fresh, account.Delivery{}, account.ErrUnknownDevice, localapi.SendFailed, false, false},
		"a week of failures":   {old, account.Delivery{}, account.ErrNetwork, localapi.SendFailed, false, false},
		"closing is unknown":   {closing, account.Delivery{}, account.ErrUnsupported, localapi.SendFailed, false, false},
	} {
		got := c.entry
		got.outcome(now, tryAtLeast, c.delivery, c.err)
		if got.State != c.state || got.MayBeTwice != c.twice || got.NextTry.IsZero() == c.again || (c.err != nil) != (got.Reason != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A send that was in flight when the agent ended comes back as waiting, and says that it may arrive
// twice.
func TestInFlightAtACrash(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(time.Second)
	made := func(id string, state localapi.SendState, inFlight bool) item {
		return item{entry: entry{OutboxEntry: localapi.OutboxEntry{ID: id, State: state, At: at, URL: "https://example.com"}, InFlight: inFlight}}
	}
	err = memory.Update(func(tx *store.Tx) error {
		return (&Outbox{table: everybodys.Of("")}).put(tx, []item{
			made("01", localapi.SendWaiting, true), made("02", localapi.SendWaiting, false), made("03", localapi.SendAlerted, false),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the mark is made anew until an attempt stores it
		o := on(t, memory)
		want := map[string]bool{"01": true, "02": false, "03": false}
		if len(o.model.items) != 3 {
			t.Fatalf("the outbox holds %+v", o.model.items)
		}
		for _, s := range o.model.items {
			if s.InFlight || s.MayBeTwice != want[s.ID] {
				t.Errorf("entry %s is %+v", s.ID, s)
			}
		}
	}
}

// The oldest entries make room once whoever waits for them has had the time to look, and what still
// waits never does.
func TestOutboxBound(t *testing.T) {
	const n = keepSettled + trimStep + 10
	for name, c := range map[string]struct {
		n, waiting int
		done, now  time.Duration
		gone       int
	}{
		"too many":           {n, 0, 0, 1, n - keepSettled},
		"not yet too many":   {keepSettled + trimStep - 1, 0, 0, 1, 0},
		"settled just now":   {n, 0, 1, keepResult, 0},
		"settled long ago":   {n, 0, 1, keepResult + 1, n - keepSettled},
		"still waiting":      {n + 1000, 1000, 0, 1, n - keepSettled},
		"far too many fresh": {keepAtMost + 10, 0, 1, 2, 10},
	} {
		var m model
		for i := range c.n {
			it := item{done: c.done, entry: entry{OutboxEntry: localapi.OutboxEntry{ID: fmt.Sprintf("%024d", i), State: localapi.SendAlerted}}}
			if i < c.waiting {
				it.State = localapi.SendWaiting
			}
			m.put(it)
		}
		m.letGo()
		gone := m.surplus(c.now)
		if len(gone) != c.gone || c.gone > 0 && gone[0] != fmt.Sprintf("%024d", c.waiting) {
			t.Errorf("%s: %d go, from %v", name, len(gone), gone[:min(len(gone), 1)])
		}
		if m.drop(gone); m.waiting() != c.waiting || m.settled+len(m.past) != c.n-c.waiting-c.gone || len(m.items)+len(m.past) != c.n-c.gone {
			t.Errorf("%s: left are %d waiting, %d settled of %d", name, m.waiting(), m.settled+len(m.past), len(m.items)+len(m.past))
		}
	}
}
