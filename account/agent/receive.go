package agent

import (
	"context"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// maxOpened is how many tabs of one batch open by themselves; more stay in the inbox, so that nobody
// can flood a screen.
const maxOpened = 10

// saver keeps the account's state: each change in one transaction with the commands that belong to
// it, so that a command is never lost and never shown twice.
type saver struct{ e *engine }

// Save writes state and inbox entries, and tells the faces when that is done.
func (s saver) Save(ctx context.Context, state []byte, received []account.IncomingCommand) error {
	e := s.e
	entries, err := e.entriesOf(received)
	if err != nil {
		return err
	}
	var after localapi.Inbox
	err = e.write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(accountBucket, onlyKey, state); err != nil {
			return err
		}
		if len(entries) == 0 {
			return nil
		}
		after, err = e.addReceived(tx, entries)
		return err
	}, func(m *model) {
		if len(entries) > 0 {
			m.inbox = after
		}
	}, e.receivedEvents(entries)...)
	if err == nil {
		e.openByRule(entries)
	}
	return err
}

// entriesOf turns commands into inbox entries, in the order in which they were sent.
func (e *engine) entriesOf(received []account.IncomingCommand) ([]localapi.InboxEntry, error) {
	var entries []localapi.InboxEntry
	now := e.now()
	for _, c := range received {
		id, err := e.a.ids.Next(now)
		if err != nil {
			return nil, err
		}
		entry := localapi.InboxEntry{ID: id, At: now, FromID: c.CommandSender()}
		switch c := c.(type) {
		case *account.TabReceived:
			entry.From = e.nameOf(c.Incoming)
			fillTab(&entry, c.Payload)
		case *account.TabsClosed:
			entry.From = e.nameOf(c.Incoming)
			entry.Kind, entry.URLs = localapi.KindClose, c.Payload.URLs
		case *account.UnreadableCommand:
			entry.From = e.nameOf(c.Incoming)
			entry.Kind, entry.Reason = localapi.KindUnreadable, unreadable(c)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// fillTab takes over a received page.
func fillTab(entry *localapi.InboxEntry, p account.SendTabPayload) {
	page, ok := p.Page()
	if !ok {
		entry.Kind, entry.Reason = localapi.KindUnreadable, "The message holds no page."
		return
	}
	entry.Kind = localapi.KindTab
	entry.Title, entry.URL, entry.Private = link.Clean(page.Title), page.URL, page.Private
	entry.Host, entry.CanOpen = link.Read(page.URL)
}

// unreadable is the reason in words.
func unreadable(c *account.UnreadableCommand) string {
	if isUnsupported(c.Err) {
		return "It is of a kind that Tabferry does not know."
	}
	return "It could not be read here. Ask for it to be sent again."
}

// nameOf is the sender's name, as it is known now.
func (e *engine) nameOf(c account.Incoming) (name string) {
	if c.Sender != nil {
		return link.Clean(c.Sender.DisplayName)
	}
	e.read(func(m *model) {
		if d, ok := m.device(c.SenderID); ok {
			name = d.Name
		}
	})
	return name
}

// addReceived writes entries and gives the inbox as it is then.
func (e *engine) addReceived(tx *store.Tx, entries []localapi.InboxEntry) (localapi.Inbox, error) {
	for _, entry := range entries {
		if err := inboxTable.Put(tx, entry.ID, entry); err != nil {
			return localapi.Inbox{}, err
		}
	}
	var inbox localapi.Inbox
	e.read(func(m *model) { inbox = m.inbox })
	inbox.Total += len(entries)
	inbox.Unread += len(entries)
	dropped, err := e.dropOldest(tx, inbox.Total-maxInbox)
	if err != nil {
		return inbox, err
	}
	for _, entry := range dropped {
		inbox.Total--
		if !entry.Read {
			inbox.Unread--
		}
	}
	inbox.Recent, err = inboxTable.Page(tx, "", localapi.RecentEntries, nil)
	return inbox, err
}

// dropOldest removes the oldest n entries and gives them.
func (e *engine) dropOldest(tx *store.Tx, n int) ([]localapi.InboxEntry, error) {
	if n <= 0 {
		return nil, nil
	}
	var dropped []localapi.InboxEntry
	for row, err := range inboxTable.Oldest(tx) {
		if err != nil {
			return nil, err
		}
		if dropped = append(dropped, row.Value); len(dropped) == n {
			break
		}
	}
	for _, entry := range dropped {
		if err := inboxTable.Delete(tx, entry.ID); err != nil {
			return nil, err
		}
	}
	return dropped, nil
}

// receivedEvents tells what arrived: tabs and what could not be read together, closing requests
// apart.
func (e *engine) receivedEvents(entries []localapi.InboxEntry) []localapi.Event {
	var tabs, closings []localapi.InboxEntry
	for _, entry := range entries {
		if entry.Kind == localapi.KindClose {
			closings = append(closings, entry)
		} else {
			tabs = append(tabs, entry)
		}
	}
	var events []localapi.Event
	if len(tabs) > 0 {
		events = append(events, localapi.Event{Kind: localapi.TabsReceived, At: e.now(), Entries: tabs})
	}
	if len(closings) > 0 {
		events = append(events, localapi.Event{Kind: localapi.CloseRequested, At: e.now(), Entries: closings})
	}
	return events
}

// openByRule opens tabs from devices that the person chose. It happens beside everything else: a
// browser may take its time.
func (e *engine) openByRule(entries []localapi.InboxEntry) {
	var chosen []localapi.InboxEntry
	var browser string
	e.read(func(m *model) {
		browser = m.settings.Browser
		for _, entry := range entries {
			if mayOpen(m.settings, entry) && len(chosen) < maxOpened {
				chosen = append(chosen, entry)
			}
		}
	})
	open := e.a.params.Open
	if len(chosen) == 0 || open == nil {
		return
	}
	e.running.Go(func() {
		for _, entry := range chosen {
			if err := open(e.ctx, browser, entry.URL); err != nil {
				e.a.params.Logger.Warn("a received tab could not be opened", "error", err)
				continue
			}
			if err := e.markRead(e.ctx, entry.ID); err != nil {
				e.a.params.Logger.Warn("an opened tab could not be marked", "error", err)
			}
		}
	})
}

// mayOpen is the rule: a link for a browser, from a device on the list.
func mayOpen(s localapi.Settings, entry localapi.InboxEntry) bool {
	if s.Open != localapi.OpenFrom || !entry.CanOpen || entry.Kind != localapi.KindTab || entry.FromID == "" {
		return false
	}
	for _, id := range s.OpenFrom {
		if id == entry.FromID {
			return true
		}
	}
	return false
}
