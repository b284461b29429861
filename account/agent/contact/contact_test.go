package contact_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/contact"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// clock is one whose wall time can be set.
type clock struct {
	kit.Clock
	set atomic.Int64
}

func (c *clock) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.set.Load())) }

// scene is a contact at work, a clock that can be set, and how often that was told.
func scene(t *testing.T, f func(c *clock, b *board.Board, contact *contact.Contact, set *atomic.Int32)) {
	synctest.Test(t, func(t *testing.T) {
		c := &clock{Clock: kit.System()}
		b := board.New(c, localapi.Snapshot{})
		set := new(atomic.Int32)
		contact := contact.New(contact.Params{Board: b, Clock: c, Logger: slog.New(slog.DiscardHandler), Doubt: func() {}, Back: func() {}, ClockSet: func() { set.Add(1) }})
		ctx, end := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { contact.Run(ctx) })
		f(c, b, contact, set)
		end()
		running.Wait()
	})
}

// A wish to wait is shown until it has ended, at the time that it ends, whatever is done to the clock meanwhile and
// without any other call.
func TestBackoffIsHonest(t *testing.T) {
	for _, jump := range []time.Duration{-48 * time.Hour, 0, 48 * time.Hour} {
		scene(t, func(c *clock, b *board.Board, contact *contact.Contact, set *atomic.Int32) {
			contact.Heard(&account.BackoffError{Until: c.Now().Add(time.Minute), Service: "auth", Remote: &account.RemoteError{}})
			time.Sleep(12 * time.Second)
			c.set.Store(int64(jump))
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if s := b.Now().Connection; s.BackoffUntil.Sub(c.Now()) != 38*time.Second || s.Problem == "" || !s.Online {
				t.Errorf("clock set by %v: 38 s before the end it is shown for %v as %q", jump, s.BackoffUntil.Sub(c.Now()), s.Problem)
			}
			time.Sleep(37 * time.Second)
			contact.Heard(nil)
			if s := b.Now().Connection; s.BackoffUntil.IsZero() || s.Problem == "" {
				t.Errorf("clock set by %v: a second before the end, as another service answers, it is not shown", jump)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if told := set.Load(); (told != 0) != (jump != 0) || told > 1 {
				t.Errorf("clock set by %v: told %d times", jump, told)
			}
			if s := b.Now().Connection; !s.BackoffUntil.IsZero() || s.Problem != "" || s.ProblemSaid.Key != "" {
				t.Errorf("clock set by %v: after its end it is shown: %+v", jump, s)
			}
		})
	}
}

// Several services wait for themselves; as long as one does it is shown, and the board is left alone otherwise.
func TestBackoffOfSeveral(t *testing.T) {
	scene(t, func(c *clock, b *board.Board, contact *contact.Contact, set *atomic.Int32) {
		refuse := func(service string, wait time.Duration, sent bool) {
			err := &account.BackoffError{Until: c.Now().Add(wait), Service: service}
			if sent {
				err.Remote = &account.RemoteError{}
			}
			contact.Heard(err)
		}
		refuse("auth", time.Hour, true)
		refuse("profile", time.Minute, true)
		end := c.Now().Add(time.Hour)
		before := b.Now().Revision
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if s := b.Now(); !s.Connection.BackoffUntil.Equal(end) || s.Revision != before {
			t.Errorf("shown until %v, want %v; told %d times", s.Connection.BackoffUntil, end, s.Revision-before)
		}
		contact.Lost()
		refuse("auth", 30*time.Minute, false) // nothing was sent: we are as offline as before
		if s := b.Now().Connection; s.Online || s.ProblemSaid.Key != board.Offline.Key {
			t.Errorf("a call that was not sent brought us online: %+v", s)
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if s := b.Now().Connection; !s.BackoffUntil.IsZero() || s.Online || s.ProblemSaid.Key != board.Offline.Key {
			t.Errorf("after the end: %+v", s)
		}
		refuse("auth", time.Minute, true)
		if s := b.Now().Connection; !s.Online || s.ProblemSaid.Key != board.Backoff.Key {
			t.Errorf("an answer: %+v", s)
		}
	})
}

// What a start finds of an earlier wait is shown with the first call that is not sent.
func TestBackoffOfEarlier(t *testing.T) {
	scene(t, func(c *clock, b *board.Board, contact *contact.Contact, set *atomic.Int32) {
		contact.Heard(&account.BackoffError{Until: c.Now().Add(time.Minute), Service: "auth"})
		if s := b.Now().Connection; s.ProblemSaid.Key != board.Backoff.Key || !s.LastContact.IsZero() {
			t.Errorf("shown %+v", s)
		}
	})
}
