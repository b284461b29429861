package window

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// inboxGroup is what one sender sent on one day.
type inboxGroup struct {
	key     string
	from    string
	fromID  string
	day     time.Time
	entries []localapi.InboxEntry
	fresh   int
}

// groupInbox groups entries by sender and day. Groups with something fresh come first, then the newest;
// within a group the fresh come first, then the newest. An entry that is in the list twice, because pages
// overlap, is shown once.
func groupInbox(entries []localapi.InboxEntry, fresh func(localapi.InboxEntry) bool, now time.Time) []inboxGroup {
	byKey := map[string]int{}
	seen := map[string]bool{}
	var groups []inboxGroup
	for _, e := range entries {
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		at := e.At.In(now.Location())
		from := e.FromID
		if from == "" {
			from = "name:" + e.From
		}
		key := at.Format(time.DateOnly) + " " + from
		i, ok := byKey[key]
		if !ok {
			i = len(groups)
			byKey[key] = i
			groups = append(groups, inboxGroup{key: key, from: e.From, fromID: e.FromID, day: at})
		}
		g := &groups[i]
		g.entries = append(g.entries, e)
		if e.At.After(g.day) {
			g.day = at
		}
		if fresh(e) {
			g.fresh++
		}
	}
	for _, g := range groups {
		slices.SortStableFunc(g.entries, func(a, b localapi.InboxEntry) int {
			return cmp.Or(yesFirst(fresh(a), fresh(b)), b.At.Compare(a.At))
		})
	}
	slices.SortStableFunc(groups, func(a, b inboxGroup) int {
		return cmp.Or(yesFirst(a.fresh > 0, b.fresh > 0), b.day.Compare(a.day), strings.Compare(a.key, b.key))
	})
	return groups
}

func yesFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// openable returns the entries of a group whose link may be opened: those not yet read, or all where there
// are none of them.
func (g inboxGroup) openable() (list []localapi.InboxEntry, unread bool) {
	var all []localapi.InboxEntry
	for _, e := range g.entries {
		if e.Kind != localapi.KindTab || !e.CanOpen {
			continue
		}
		all = append(all, e)
		if !e.Read {
			list = append(list, e)
		}
	}
	if len(list) > 0 {
		return list, true
	}
	return all, false
}

// ids returns the ids of entries; with unreadOnly those not yet read.
func ids(entries []localapi.InboxEntry, unreadOnly bool) []string {
	var list []string
	for _, e := range entries {
		if !unreadOnly || !e.Read {
			list = append(list, e.ID)
		}
	}
	return list
}
