package inbox

import (
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

const day = 24 * time.Hour

// drop removes what is beyond the chosen bounds, and looks up the newest entries.
func drop(tx *store.Tx, inbox *localapi.Inbox, now time.Time, chosen localapi.Settings) error {
	if err := table.Delete(tx, surplus(tx, inbox, now, chosen)...); err != nil {
		return err
	}
	recent(tx, inbox)
	return nil
}

// surplus finds what is beyond the bounds, and takes it out of the counts. What was read goes first, the
// oldest of it before the rest; what nobody has seen yet goes for want of room alone.
func surplus(tx *store.Tx, inbox *localapi.Inbox, now time.Time, chosen localapi.Settings) []string {
	entries, days := chosen.InboxBounds()
	tooMany := inbox.Total - entries
	young := store.IDAt(now.Add(-time.Duration(days) * day))
	var read, unread []string
	for id, text := range table.Texts(tx) {
		if id >= young && len(read) >= tooMany {
			break
		}
		switch {
		case isRead(text):
			read = append(read, id)
		case len(unread) < tooMany:
			unread = append(unread, id)
		}
	}
	unread = unread[:max(0, min(len(unread), tooMany-len(read)))]
	inbox.Total -= len(read) + len(unread)
	inbox.Unread -= len(unread)
	return append(read, unread...)
}
