package subscription

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/push"
	"github.com/tabferry/tabferry/account/store"
)

// A store that takes nothing any more says so to the push client, which then acknowledges nothing.
func TestStateOnAFailingStore(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	kept := state{store.NewVault(memory)}
	if err := kept.Save(t.Context(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := kept.Load(t.Context()); err != nil || string(got) != "x" {
		t.Errorf("loaded %q, %v", got, err)
	}
	if err := memory.Close(); err != nil {
		t.Fatal(err)
	}
	if err := kept.Save(t.Context(), []byte("y")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("saving says %v", err)
	}
}

// A renewal that the store did not take is tried again by itself.
func TestRenewalOnAFailingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := kit.System()
		s := &Subscription{Params: Params{
			Board: board.New(clock, localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}}),
			Clock: clock, Logger: slog.New(slog.DiscardHandler), Go: func(f func(context.Context)) { go f(t.Context()) },
		}}
		s.sub.Endpoint, s.published, s.dead = "https://push.example/dead", "https://push.example/dead", true
		poked := 0
		s.Worker = worker.New(func(context.Context) time.Duration { poked++; return 0 })
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.Run(ctx)
		synctest.Wait()
		s.ask(func(context.Context) (push.Subscription, error) { return push.Subscription{}, store.ErrFull })
		synctest.Wait()
		if poked != 2 {
			t.Fatal("nobody looks at it again")
		}
		if wait := s.work(ctx); wait <= 0 || wait > retryFirst {
			t.Errorf("the renewal is tried again after %v", wait)
		}
	})
}

// told is an account that is told of messages.
type told struct {
	Account
	event account.AccountEvent
	err   error
}

func (a told) HandlePush(context.Context, []byte) (account.AccountEvent, error) {
	return a.event, a.err
}

// A message that cannot be understood may have told of a command, unless it says that it told of something else.
func TestWhatIsNotUnderstood(t *testing.T) {
	for name, c := range map[string]struct {
		account told
		missed  int
	}{
		"no message of the service": {told{err: account.ErrInvalidPush}, 1},
		"a command said otherwise":  {told{event: account.UnknownEvent{Command: "fxaccounts:command_received"}}, 1},
		"a change of Sync":          {told{event: account.UnknownEvent{Command: "sync:collection_changed"}}, 0},
		"a confirmed account":       {told{event: account.UnknownEvent{}}, 0},
	} {
		missed := 0
		s := &Subscription{Params: Params{
			Account: c.account, Board: board.New(kit.System(), localapi.Snapshot{}), Logger: slog.New(slog.DiscardHandler),
			Heard: Heard{Missed: func() { missed++ }},
		}}
		s.handle(t.Context(), push.Message{})
		if missed != c.missed {
			t.Errorf("%s: looked for what was missed %d times", name, missed)
		}
	}
}
