package notify

import (
	"math"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// An update, of which each tab makes one, costs nothing for the page of unread tabs that comes with it, and a body
// nothing for what escapes it.
func TestUpdatesAndBodiesAreCheap(t *testing.T) {
	n := &Notifier{
		p: Params{Backend: quietBackend{}, Now: time.Now}, words: english(""), open: map[uint64]shown{},
		quieted: time.NewTimer(time.Hour),
	}
	u := localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}}
	u.Snapshot.Account.State = localapi.SignedIn
	for i := range localapi.RecentEntries {
		u.Snapshot.Inbox.Recent = append(u.Snapshot.Inbox.Recent, tab(strconv.Itoa(i), "Pixel 9", "h.test", ""))
	}
	n.language = u.Snapshot.Settings.Language
	n.unseen = newBurst(u.Snapshot.Inbox.Recent[0])
	for what, do := range map[string]func(){
		"an update": func() { n.update(t.Context(), u) },
		"a body":    func() { _ = escapeMarkup("salt & pepper") },
	} {
		least := math.Inf(1) // others allocate meanwhile
		for range 100 {
			least = min(least, testing.AllocsPerRun(1, do))
		}
		if least > 2 {
			t.Errorf("%s takes %v allocations", what, least)
		}
	}
}

// TestANotificationCopiesNoTabs: composing one takes as much for as many tabs as a notification speaks of as for some.
func TestANotificationCopiesNoTabs(t *testing.T) {
	c := composer{words: english(""), clicks: true}
	cost := func(tabs int) uint64 {
		var b burst
		for i := range tabs {
			b.add([]localapi.InboxEntry{tab(strconv.Itoa(i), "Pixel 9", "h.test", "")})
		}
		const times = 100
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			c.tabs(b)
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / times
	}
	cost(2) // reads the texts
	if few, many := cost(20), cost(localapi.RecentEntries); many > few+1024 {
		t.Errorf("20 tabs take %d bytes, %d of them %d", few, localapi.RecentEntries, many)
	}
}
