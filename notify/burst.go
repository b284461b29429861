package notify

import (
	"slices"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// burst is the tabs of one notification that nobody has looked at yet. However many come, it holds no
// more of them than a snapshot, which is also as far as one can tell that a tab was read elsewhere.
type burst struct {
	recent []localapi.InboxEntry // newest last, at most localapi.RecentEntries
	older  int                   // how many came before them
	oldest localapi.InboxEntry   // the first of the older ones, for its sender
	mixed  bool                  // the older ones have several senders
}

// newBurst returns a burst of some tabs, oldest first.
func newBurst(entries ...localapi.InboxEntry) burst {
	var b burst
	b.add(entries)
	return b
}

// add takes more tabs in.
func (b *burst) add(entries []localapi.InboxEntry) {
	b.recent = append(b.recent, entries...)
	b.age(max(0, len(b.recent)-localapi.RecentEntries))
}

// age counts the oldest n of the recent tabs among the older ones.
func (b *burst) age(n int) {
	for _, e := range b.recent[:n] {
		if b.older == 0 {
			b.oldest = localapi.InboxEntry{From: e.From, FromID: e.FromID}
		}
		b.mixed = b.mixed || !sameSender(b.oldest, e)
		b.older++
	}
	b.recent = slices.Delete(b.recent, 0, n)
}

// join takes the tabs of a later burst in.
func (b *burst) join(later burst) {
	if later.older > 0 {
		b.age(len(b.recent))
		if b.older == 0 {
			b.oldest = later.oldest
		}
		b.mixed = b.mixed || later.mixed || !sameSender(b.oldest, later.oldest)
		b.older += later.older
	}
	b.add(later.recent)
}

// forget takes tabs out that were read.
func (b *burst) forget(read map[string]bool) {
	b.recent = slices.DeleteFunc(b.recent, func(e localapi.InboxEntry) bool { return read[e.ID] })
}

func (b *burst) count() int { return b.older + len(b.recent) }

// all returns the tabs if it still has all of them, else none. They change with the burst.
func (b *burst) all() []localapi.InboxEntry {
	if b.older > 0 {
		return nil
	}
	return b.recent
}

// sender returns the sender's name if all tabs have the same sender.
func (b *burst) sender() string {
	first := b.oldest
	if b.older == 0 && len(b.recent) > 0 {
		first = b.recent[0]
	}
	differs := func(e localapi.InboxEntry) bool { return !sameSender(first, e) }
	if b.mixed || slices.ContainsFunc(b.recent, differs) {
		return ""
	}
	return first.From
}

func sameSender(a, b localapi.InboxEntry) bool { return a.FromID == b.FromID && a.From == b.From }
