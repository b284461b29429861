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
	unread  int
}

// groupInbox groups entries by sender and day. Groups with something unread come first, then the
// newest; within a group the unread come first, then the newest. An entry that is in the list
// twice, because pages overlap, is shown once.
func groupInbox(entries []localapi.InboxEntry, now time.Time) []inboxGroup {
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
		if !e.Read {
			g.unread++
		}
	}
	for _, g := range groups {
		slices.SortStableFunc(g.entries, func(a, b localapi.InboxEntry) int {
			return cmp.Or(unreadFirst(!a.Read, !b.Read), b.At.Compare(a.At))
		})
	}
	slices.SortStableFunc(groups, func(a, b inboxGroup) int {
		return cmp.Or(unreadFirst(a.unread > 0, b.unread > 0), b.day.Compare(a.day), strings.Compare(a.key, b.key))
	})
	return groups
}

func unreadFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// openable returns the entries of a group whose link may be opened.
func (g inboxGroup) openable() []localapi.InboxEntry {
	var list []localapi.InboxEntry
	for _, e := range g.entries {
		if e.Kind == localapi.KindTab && e.CanOpen {
			list = append(list, e)
		}
	}
	return list
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
