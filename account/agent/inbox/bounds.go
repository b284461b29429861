package inbox

import (
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

const day = 24 * time.Hour

// agedStep is how often the arrival of tabs is a reason to look for what has become too old.
const agedStep = 6 * time.Hour

// due reports whether it is time to look for a surplus. Finding what was read means to open the entries
// one after the other, 10 ms in a full inbox of 10,000: so a hundredth more than the bound may gather
// before it is looked for again.
func (i *Inbox) due(total int, chosen localapi.Settings) bool {
	entries, _ := chosen.InboxBounds()
	return total > entries+(entries-1)/100 || i.aged == 0 || i.Clock.Monotonic()-i.aged >= agedStep
}

// drop removes what is beyond the chosen bounds, looks up the newest entries, and notes the counts.
func (i *Inbox) drop(tx *store.Tx, inbox *localapi.Inbox, now time.Time, chosen localapi.Settings) error {
	if err := i.table.Delete(tx, i.surplus(tx, inbox, now, chosen)...); err != nil {
		return err
	}
	i.aged = max(i.Clock.Monotonic(), 1)
	i.recent(tx, inbox)
	return i.keepCounts(tx, *inbox)
}

// surplus finds what is beyond the bounds, and takes it out of the counts. What was read goes first, the
// oldest of it before the rest; what nobody has seen yet goes for want of room alone.
func (i *Inbox) surplus(tx *store.Tx, inbox *localapi.Inbox, now time.Time, chosen localapi.Settings) []string {
	entries, days := chosen.InboxBounds()
	tooMany := inbox.Total - entries
	young := store.IDAt(now.Add(-time.Duration(days) * day))
	var read, unread []string
	for id, text := range i.table.Texts(tx) {
		if string(id) >= young && len(read) >= tooMany {
			break
		}
		switch {
		case isRead(text):
			read = append(read, string(id))
		case len(unread) < tooMany:
			unread = append(unread, string(id))
		}
	}
	unread = unread[:max(0, min(len(unread), tooMany-len(read)))]
	inbox.Total -= len(read) + len(unread)
	inbox.Unread -= len(unread)
	return append(read, unread...)
}
