//go:build linux

package box

import (
	"context"
	"time"
)

// Patience is how long to wait for what is bound to come. It guards against hanging, and says nothing of speed:
// a machine that builds and tests other things at the same time takes many times what an idle one takes, and a
// test that waits in vain is not often enough to make it costly. What has to be quick is measured, see [Best].
const Patience = 2 * time.Minute

// glance is how long to wait between two looks at something that tells nobody of its changes.
const glance = 30 * time.Millisecond

// tries is how often something that has to be quick may be too slow.
const tries = 5

// Best measures something several times, until it is as quick as it has to be, and returns the shortest time:
// what else the machine does only adds. It does not go on after an error.
func Best(limit time.Duration, measure func() (time.Duration, error)) (best time.Duration, err error) {
	for try := range tries {
		took, err := measure()
		if err != nil {
			return took, err
		}
		if try == 0 || took < best {
			best = took
		}
		if best <= limit {
			break
		}
	}
	return best, nil
}

// Until looks again and again, until what it looks for is there or ctx ends.
func Until(ctx context.Context, there func() bool) error {
	for !there() {
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
