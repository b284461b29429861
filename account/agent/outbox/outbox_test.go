package outbox

import (
	"errors"
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
		"an unreadable answer": {fresh, account.Delivery{}, errors.Join(errRequest, account.ErrInvalidAnswer), localapi.SendFailed, true, false},
		"a wait":               {fresh, account.Delivery{}, &account.BackoffError{Until: now.Add(time.Hour)}, localapi.SendWaiting, false, true},
		"a doubtful sign-in":   {fresh, account.Delivery{}, account.ErrAuthentication, localapi.SendWaiting, false, true},
		"a device that left":   {fresh, account.Delivery{}, account.ErrUnknownDevice, localapi.SendFailed, false, false},
		"a week of failures":   {old, account.Delivery{}, account.ErrNetwork, localapi.SendFailed, false, false},
		"closing is unknown":   {closing, account.Delivery{}, account.ErrUnsupported, localapi.SendFailed, false, false},
	} {
		got := c.entry
		got.outcome(now, c.delivery, c.err)
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
	made := func(id string, state localapi.SendState, inFlight bool) entry {
		return entry{OutboxEntry: localapi.OutboxEntry{ID: id, State: state, At: at, URL: "https://example.com"}, InFlight: inFlight}
	}
	err = memory.Update(func(tx *store.Tx) error {
		return put(tx, []entry{
			made("01", localapi.SendWaiting, true), made("02", localapi.SendWaiting, false), made("03", localapi.SendAlerted, false),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second start finds what the first has put right
		o := on(t, memory)
		want := map[string]bool{"01": true, "02": false, "03": false}
		if len(o.all()) != 3 {
			t.Fatalf("the outbox holds %+v", o.all())
		}
		for _, s := range o.all() {
			if s.InFlight || s.MayBeTwice != want[s.ID] {
				t.Errorf("entry %s is %+v", s.ID, s)
			}
		}
	}
}

// The oldest entries make room, and what still waits never does.
func TestOutboxBound(t *testing.T) {
	var outbox []entry
	for i := range maxEntries + 10 {
		state := localapi.SendAlerted
		if i >= maxEntries+5 {
			state = localapi.SendWaiting
		}
		outbox = append(outbox, entry{OutboxEntry: localapi.OutboxEntry{ID: string(rune('a' + i)), State: state}})
	}
	gone := surplus(outbox)
	if len(gone) != 10 || gone[0] != outbox[maxEntries+4].ID || gone[9] != outbox[maxEntries-5].ID {
		t.Errorf("%d entries go: %q", len(gone), gone)
	}
	if gone := surplus(outbox[:maxEntries]); len(gone) != 0 {
		t.Errorf("%d entries go from a list that is not too long", len(gone))
	}
}
