//go:build linux

package box_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

func TestBest(t *testing.T) {
	for name, c := range map[string]struct {
		took []time.Duration
		want time.Duration
		runs int
	}{
		"quick at once":   {[]time.Duration{1}, 1, 1},
		"quick at last":   {[]time.Duration{9, 4, 2}, 2, 3},
		"at the limit":    {[]time.Duration{9, 3}, 3, 2},
		"never quick":     {[]time.Duration{9, 8, 4, 7, 6}, 4, 5},
		"slower and slow": {[]time.Duration{4, 5, 6, 7, 8}, 4, 5},
	} {
		runs := 0
		got, err := box.Best(3, func() (time.Duration, error) { runs++; return c.took[runs-1], nil })
		if got != c.want || runs != c.runs || err != nil {
			t.Errorf("%s: %d after %d runs, %v; want %d after %d", name, got, runs, err, c.want, c.runs)
		}
	}
	broken, runs := errors.New("broken"), 0
	if _, err := box.Best(3, func() (time.Duration, error) { runs++; return 0, broken }); !errors.Is(err, broken) || runs != 1 {
		t.Errorf("after a failure: %v, %d runs", err, runs)
	}
}

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), box.Patience)
		defer cancel()
		began := time.Now()
		if err := box.Until(ctx, func() bool { return time.Since(began) > box.Patience/2 }); err != nil {
			t.Error(err)
		}
		if err := box.Until(ctx, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != box.Patience {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
