package worker_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
)

func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := func(wait time.Duration) error {
			return fmt.Errorf("wrapped: %w", &account.BackoffError{Until: time.Now().Add(wait), Service: "auth"})
		}
		off := &account.RemoteError{Status: 403, Errno: 202, RetryAfter: 2 * time.Hour}
		lost := errors.New("lost")
		p := worker.Patience{First: time.Minute, Most: 4 * time.Minute, Clock: kit.System(), Random: rand.NewChaCha8([32]byte{})}
		for i, c := range []struct {
			failures []error
			want     time.Duration
		}{
			{[]error{lost}, time.Minute},
			{[]error{in(time.Hour)}, time.Hour}, // not counted
			{[]error{off}, 2 * time.Hour},
			{[]error{in(-time.Minute)}, time.Second},
			{[]error{lost, lost}, 2 * time.Minute}, // counted once
			{[]error{in(time.Hour), off}, time.Hour},
			{[]error{in(time.Hour), lost}, 4 * time.Minute},
			{[]error{in(time.Second), lost}, time.Second},
			{[]error{lost, account.ErrBlocked}, 4 * time.Minute},
			{[]error{account.ErrBlocked}, 0},
			{nil, 0},
		} {
			if rest := p.After(c.failures...); rest < c.want || rest > c.want+c.want/10 {
				t.Errorf("%d: after %v a rest of %v, want %v and up to a tenth", i, c.failures, rest, c.want)
			}
		}
		p.Reset()
		differ := make(map[time.Duration]bool)
		for range 50 {
			p.Reset()
			differ[p.After(lost)] = true
		}
		if len(differ) < 40 {
			t.Errorf("%d different rests in 50", len(differ))
		}
	})
}
