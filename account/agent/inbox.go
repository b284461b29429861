package agent

import (
	"context"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

var errNoEntry = &localapi.Error{Code: localapi.CodeNotFound, Message: "There is no such entry."}

// Inbox gives a page of received entries, newest first.
func (a *Agent) Inbox(ctx context.Context, q localapi.InboxQuery) ([]localapi.InboxEntry, error) {
	e, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = localapi.DefaultInboxPage
	}
	text := strings.ToLower(q.Text)
	keep := func(entry localapi.InboxEntry) bool {
		return !(q.Unread && entry.Read) && (text == "" || matches(entry, text))
	}
	page := []localapi.InboxEntry{}
	err = e.vault.view(func(tx *store.Tx) error {
		found, err := inboxTable.Page(tx, q.Before, min(q.Limit, localapi.MaxInboxPage), keep)
		page = append(page, found...)
		return err
	})
	if err != nil {
		return nil, explain(err)
	}
	return page, nil
}

// matches looks for text, in lower case, in what a person sees of an entry.
func matches(entry localapi.InboxEntry, text string) bool {
	for _, field := range append([]string{entry.From, entry.Title, entry.URL, entry.Host}, entry.URLs...) {
		if strings.Contains(strings.ToLower(field), text) {
			return true
		}
	}
	return false
}

// MarkRead marks received entries as read. Entries that are gone are no error.
func (a *Agent) MarkRead(ctx context.Context, ids ...string) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	return explain(e.markRead(ctx, ids...))
}

func (e *engine) markRead(ctx context.Context, ids ...string) error {
	return e.editInbox(ctx, func(tx *store.Tx, inbox *localapi.Inbox) error {
		for _, id := range ids {
			entry, ok, err := inboxTable.Get(tx, id)
			if err != nil {
				return err
			}
			if !ok || entry.Read {
				continue
			}
			entry.Read = true
			inbox.Unread--
			if err := inboxTable.Put(tx, id, entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteReceived removes received entries. Entries that are gone are no error.
func (a *Agent) DeleteReceived(ctx context.Context, ids ...string) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	return explain(e.editInbox(ctx, func(tx *store.Tx, inbox *localapi.Inbox) error {
		for _, id := range ids {
			entry, ok, err := inboxTable.Get(tx, id)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			inbox.Total--
			if !entry.Read {
				inbox.Unread--
			}
			if err := inboxTable.Delete(tx, id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// editInbox changes entries and keeps the counts and the newest entries in step.
func (e *engine) editInbox(ctx context.Context, edit func(tx *store.Tx, inbox *localapi.Inbox) error) error {
	var inbox localapi.Inbox
	return e.write(ctx, func(tx *store.Tx) (err error) {
		e.read(func(m *model) { inbox = m.inbox })
		if err := edit(tx, &inbox); err != nil {
			return err
		}
		inbox.Recent, err = inboxTable.Page(tx, "", localapi.RecentEntries, nil)
		return err
	}, func(m *model) { m.inbox = inbox })
}
