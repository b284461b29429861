package inbox

import (
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// cost is what an inbox of n entries asks of the store: values opened and bytes put.
type cost struct{ opened, put int }

// costs measures, in an inbox of n unread entries, a start and a hundred tabs that arrive one by one.
func costs(t *testing.T, n int, at time.Time) (start, arrivals cost) {
	t.Helper()
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	var sum cost
	vault.Hear(func(o store.Outcome) { sum.opened, sum.put = sum.opened+o.Opened, sum.put+o.Size })
	i, _ := on(t, vault)
	fill(t, vault, i, n, at, func(int) bool { return false })
	i.Recount(t.Context())
	sum = cost{}
	again, b := on(t, vault)
	start = sum
	if s := b.Now().Inbox; s.Total != n || s.Unread != n {
		t.Fatalf("a start finds %d entries, %d unread", s.Total, s.Unread)
	}
	receive(t, vault, again) // the first one looks for what is too old
	sum = cost{}
	for range 100 {
		receive(t, vault, again)
	}
	if s := b.Now().Inbox; s.Total > localapi.DefaultInboxEntries*101/100 || s.Unread != s.Total || s.Total < min(n+101, localapi.DefaultInboxEntries) {
		t.Fatalf("%d entries, %d unread", s.Total, s.Unread)
	}
	return start, sum
}

// What is in the inbox costs neither a start nor a tab that arrives anything. One that is full is looked
// through once in a hundred tabs.
func TestCostDoesNotGrow(t *testing.T) {
	fewStart, few := costs(t, 100, time.Now())
	for name, at := range map[string]time.Time{"young": time.Now(), "old and unread": time.Now().Add(-100 * day)} {
		t.Run(name, func(t *testing.T) {
			start, arrivals := costs(t, 5000, at)
			if start.opened > fewStart.opened {
				t.Errorf("a start opens %d values of 5,000 entries and %d of 100", start.opened, fewStart.opened)
			}
			if arrivals.opened > few.opened || arrivals.put > few.put*11/10 {
				t.Errorf("a hundred tabs cost %+v with 5,000 entries and %+v with 100", arrivals, few)
			}
		})
	}
	full, arrivals := costs(t, localapi.DefaultInboxEntries, time.Now())
	if full.opened > fewStart.opened || arrivals.opened > few.opened+2*localapi.DefaultInboxEntries {
		t.Errorf("full: a start opens %d values, a hundred tabs %d", full.opened, arrivals.opened)
	}
}

// A count that does not fit what is there does not count: an older version wrote last, or entries were
// found damaged.
func TestStaleCountIsNotBelieved(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	i, _ := on(t, vault)
	fill(t, vault, i, 10, time.Now(), func(k int) bool { return k < 4 })
	for _, stale := range []counts{{9, 6}, {10, -1}, {10, 11}, {0, 0}} {
		if err := vault.Update(func(tx *store.Tx) error { return i.counts.Put(tx, stale) }); err != nil {
			t.Fatal(err)
		}
		if _, b := on(t, vault); b.Now().Inbox.Total != 10 || b.Now().Inbox.Unread != 6 {
			t.Errorf("with %+v: %+v", stale, b.Now().Inbox)
		}
	}
}

// After a start everything is looked at once: what is damaged is found, and a count that is wrong without
// looking wrong is mended.
func TestCheckMendsTheCount(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	i, _ := on(t, vault)
	fill(t, vault, i, 10, time.Now(), func(k int) bool { return k < 4 })
	for _, n := range []int{10, 10 + localapi.RecentEntries} {
		for _, wrong := range []counts{{n, 9}, {n + localapi.RecentEntries, n}} {
			if err := vault.Update(func(tx *store.Tx) error { return i.counts.Put(tx, wrong) }); err != nil {
				t.Fatal(err)
			}
			again, b := on(t, vault)
			again.Check(t.Context())
			_, next := on(t, vault)
			for where, got := range map[string]localapi.Inbox{"shown": b.Now().Inbox, "stored": next.Now().Inbox} {
				if got.Total != n || got.Unread != n-4 {
					t.Errorf("%d entries counted as %+v, %s: %d, %d unread", n, wrong, where, got.Total, got.Unread)
				}
			}
		}
		fill(t, vault, i, localapi.RecentEntries, time.Now(), func(int) bool { return false })
	}
}

// What was read is dropped after a start too, once it was kept for long enough.
func TestCheckDropsWhatIsOld(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	i, _ := on(t, vault)
	fill(t, vault, i, 10, time.Now().Add(-100*day), func(k int) bool { return k < 4 })
	fill(t, vault, i, 10, time.Now(), func(int) bool { return true })
	again, b := on(t, vault)
	again.Check(t.Context())
	if got := b.Now().Inbox; got.Total != 16 || got.Unread != 6 || len(got.Recent) != 16 {
		t.Errorf("%d entries, %d unread, %d recent", got.Total, got.Unread, len(got.Recent))
	}
}

// A search takes its memory once, not again for each entry it looks at; so does the look for damaged entries.
func TestSearchUsesItsMemoryAgain(t *testing.T) {
	const n = 5000
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	i, _ := on(t, vault)
	fill(t, vault, i, n, time.Now(), func(int) bool { return false })
	for _, text := range []string{"nowhere to be found", "nirgends, ä"} {
		allocs := testing.AllocsPerRun(3, func() {
			if found, err := i.Page(localapi.InboxQuery{Text: text}); err != nil || len(found) > 0 {
				t.Fatal(found, err)
			}
		})
		if allocs > n/20 {
			t.Errorf("a search for %q through %d entries allocates %.0f times", text, n, allocs)
		}
	}
	i.Recount(t.Context())
	if allocs := testing.AllocsPerRun(3, func() { i.Check(t.Context()) }); allocs > n/20 {
		t.Errorf("a look at %d entries allocates %.0f times", n, allocs)
	}
}
