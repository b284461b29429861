package inbox

import (
	"context"
	"errors"
	"slices"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/store"
)

// What is said of what could not be read.
var (
	noPage      = localapi.NewPhrase("inbox.no_page", "The message holds no page.", "")
	unknownKind = localapi.NewPhrase("inbox.unknown_kind", "It is of a kind that Tabferry does not know.", "")
	notReadable = localapi.NewPhrase("inbox.not_readable", "It could not be read here. Ask for it to be sent again.", "")
)

// maxOpened is how many tabs of one batch open by themselves; more stay in the inbox, so that nobody
// can flood a screen.
const maxOpened = 10

// Arrival is what one poll brought, on its way into the store.
type Arrival struct {
	inbox   *Inbox
	entries []localapi.InboxEntry // in the order in which they were sent
	after   localapi.Inbox
}

// Arrive turns commands into entries that are not stored yet.
func (i *Inbox) Arrive(received []account.IncomingCommand) (*Arrival, error) {
	a := &Arrival{inbox: i}
	now := i.Clock.Now().UTC().Round(0) // as it will be read
	for _, c := range received {
		id, err := i.IDs.Next(now)
		if err != nil {
			return nil, err
		}
		entry := i.entry(c)
		entry.ID, entry.At = id, now
		a.entries = append(a.entries, entry)
	}
	return a, nil
}

// Store writes the entries. It belongs into the transaction that writes the account state which
// counts the commands as handled, so that none is lost and none is shown twice.
func (a *Arrival) Store(tx *store.Tx) error {
	if len(a.entries) == 0 {
		return nil
	}
	for _, entry := range a.entries {
		if err := a.inbox.table.Put(tx, entry.ID, entry); err != nil {
			return err
		}
	}
	a.after = a.inbox.shown()
	a.after.Total += len(a.entries)
	a.after.Unread += len(a.entries)
	if chosen := a.inbox.chosen(); a.inbox.due(a.after.Total, chosen) {
		return a.inbox.drop(tx, &a.after, a.inbox.Clock.Now(), chosen)
	}
	recent := slices.Clone(a.entries)
	slices.Reverse(recent)
	recent = append(recent, a.after.Recent...)
	a.after.Recent = recent[:min(len(recent), localapi.RecentEntries)]
	return a.inbox.keepCounts(tx, a.after)
}

// Tell shows the entries, once they are stored, and opens those that a person wants opened.
func (a *Arrival) Tell() {
	if len(a.entries) == 0 {
		return
	}
	a.inbox.show(a.after, events(a.entries)...)
	a.inbox.openByRule(a.entries)
}

// entry is a command as it is kept.
func (i *Inbox) entry(c account.IncomingCommand) localapi.InboxEntry {
	entry := localapi.InboxEntry{FromID: c.CommandSender()}
	switch c := c.(type) {
	case *account.TabReceived:
		entry.From = i.nameOf(c.Incoming)
		fillTab(&entry, c.Payload)
	case *account.TabsClosed:
		entry.From = i.nameOf(c.Incoming)
		entry.Kind, entry.URLs = localapi.KindClose, c.Payload.URLs
	case *account.UnreadableCommand:
		entry.From = i.nameOf(c.Incoming)
		entry.Kind = localapi.KindUnreadable
		entry.Reason, entry.ReasonSaid = unreadable(c).Say().Parts()
	}
	return entry
}

// fillTab takes over a received page.
func fillTab(entry *localapi.InboxEntry, p account.SendTabPayload) {
	page, ok := p.Page()
	if !ok {
		entry.Kind = localapi.KindUnreadable
		entry.Reason, entry.ReasonSaid = noPage.Say().Parts()
		return
	}
	entry.Kind = localapi.KindTab
	entry.Title, entry.URL, entry.Private = link.Clean(page.Title), page.URL, page.Private
	entry.Host, entry.CanOpen = link.Read(page.URL)
}

// unreadable is the reason in words.
func unreadable(c *account.UnreadableCommand) localapi.Phrase {
	if errors.Is(c.Err, account.ErrUnsupported) {
		return unknownKind
	}
	return notReadable
}

// nameOf is the sender's name, as it is known now.
func (i *Inbox) nameOf(c account.Incoming) (name string) {
	if c.Sender != nil {
		return link.Clean(c.Sender.DisplayName)
	}
	i.Board.Read(func(s *localapi.Snapshot) {
		for _, d := range s.Devices.Items {
			if d.ID == c.SenderID {
				name = d.Name
			}
		}
	})
	return name
}

// events tells what arrived: tabs and what could not be read together, closing requests apart.
func events(entries []localapi.InboxEntry) []localapi.Event {
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
		events = append(events, localapi.Event{Kind: localapi.TabsReceived, Entries: tabs})
	}
	if len(closings) > 0 {
		events = append(events, localapi.Event{Kind: localapi.CloseRequested, Entries: closings})
	}
	return events
}

// openByRule opens tabs from devices that the person chose. It happens beside everything else: a
// browser may take its time.
func (i *Inbox) openByRule(entries []localapi.InboxEntry) {
	settings := i.chosen()
	var chosen []localapi.InboxEntry
	for _, entry := range entries {
		if mayOpen(settings, entry) && len(chosen) < maxOpened {
			chosen = append(chosen, entry)
		}
	}
	if len(chosen) == 0 || i.Open == nil {
		return
	}
	i.Go(func(ctx context.Context) {
		for _, entry := range chosen {
			if err := i.Open(ctx, settings.Browser, entry.URL); err != nil {
				i.Logger.Warn("a received tab could not be opened", "error", err)
				continue
			}
			if err := i.MarkRead(ctx, entry.ID); err != nil {
				i.Logger.Warn("an opened tab could not be marked", "error", err)
			}
		}
	})
}

// mayOpen is the rule: a link for a browser, from a device on the list.
func mayOpen(s localapi.Settings, entry localapi.InboxEntry) bool {
	return s.Open == localapi.OpenFrom && entry.CanOpen && entry.Kind == localapi.KindTab && entry.FromID != "" &&
		slices.Contains(s.OpenFrom, entry.FromID)
}
