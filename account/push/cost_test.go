package push

import (
	"runtime"
	"slices"
	"strconv"
	"testing"
)

// TestAMessageCopiesNoVersions: what is remembered of 500 messages is not copied for the next one, and stays as it is
// in the record before it, from which one goes on when the next could not be stored.
func TestAMessageCopiesNoVersions(t *testing.T) {
	r, count := &record{}, 0
	see := func(n int) {
		for range n {
			count++
			r = r.seen(strconv.Itoa(count))
		}
	}
	see(2 * maxVersions)
	const messages = 1000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	see(messages)
	runtime.ReadMemStats(&after)
	if per := (after.TotalAlloc - before.TotalAlloc) / messages; per > 1024 {
		t.Errorf("a message takes %d bytes", per)
	}
	stored, is := r, slices.Clone(r.Versions)
	for _, lost := range []string{"lost", "again"} {
		if next := stored.seen(lost); next.knows(lost) && !stored.knows(lost) && slices.Equal(stored.Versions, is) && len(next.Versions) == maxVersions {
			continue
		}
		t.Errorf("after %q: %d versions", lost, len(stored.Versions))
	}
}
