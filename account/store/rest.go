package store

import (
	"sync/atomic"
	"time"
)

// restAfter is how long nobody uses a file before it is at rest.
const restAfter = time.Minute

var atRest atomic.Pointer[func()]

// AtRest has f called whenever a file of this process has come to rest, which it does a minute after its last
// use, and on Linux alone; nil ends that. It is the moment to give back what work has left in memory. f must
// not use a store.
func AtRest(f func()) {
	if f == nil {
		atRest.Store(nil)
		return
	}
	atRest.Store(&f)
}
