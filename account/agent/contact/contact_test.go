package contact_test

import (
	"log/slog"
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
	set time.Duration
}

func (c *clock) Now() time.Time { return c.Clock.Now().Add(c.set) }

// A wish to wait is shown until it has ended, whatever is done to the clock meanwhile.
func TestBackoffIsMonotonic(t *testing.T) {
	for _, jump := range []time.Duration{-48 * time.Hour, 0, 48 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			c := &clock{Clock: kit.System()}
			b := board.New(c, localapi.Snapshot{})
			contact := contact.New(contact.Params{Board: b, Clock: c, Logger: slog.New(slog.DiscardHandler), Doubt: func() {}, Back: func() {}})
			contact.Heard(&account.BackoffError{Until: c.Now().Add(time.Minute), Service: "auth"})
			c.set = jump
			for _, waits := range []bool{true, false} {
				contact.Heard(nil)
				if s := b.Now().Connection; s.BackoffUntil.IsZero() == waits || (s.Problem == "") == waits {
					t.Errorf("clock set by %v: waits %v, shown %+v", jump, waits, s)
				}
				time.Sleep(time.Minute)
			}
		})
	}
}
