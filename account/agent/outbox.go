package agent

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// maxSends bounds one call: links times devices.
const maxSends = 1000

// Send queues links for devices: one entry for each link and device, in the store before the answer.
func (a *Agent) Send(ctx context.Context, r localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	e, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := e.queue(r)
	if err != nil {
		return nil, err
	}
	err = e.write(ctx, func(tx *store.Tx) error {
		for _, s := range entries {
			if err := outboxTable.Put(tx, s.ID, s); err != nil {
				return err
			}
		}
		return nil
	}, func(m *model) { m.putSent(entries...) })
	if err != nil {
		return nil, explain(err)
	}
	e.noteTargets(ctx, r.Devices)
	e.sender.errand.poke()
	out := make([]localapi.OutboxEntry, len(entries))
	for i, s := range entries {
		out[i] = s.OutboxEntry
	}
	return out, nil
}

// queue checks a request and makes its entries.
func (e *engine) queue(r localapi.SendRequest) ([]sent, error) {
	if len(r.Links) == 0 || len(r.Devices) == 0 || len(r.Links)*len(r.Devices) > maxSends {
		return nil, &localapi.Error{Code: localapi.CodeUsage, Message: "There is nothing to send, or too much at once.", Hint: "name at least one link and one device"}
	}
	for _, l := range r.Links {
		if err := checkLink(l.URL); err != nil {
			return nil, err
		}
	}
	targets, err := e.targets(r)
	if err != nil {
		return nil, err
	}
	now := e.now()
	var held time.Time
	if r.Hold {
		held = now.Add(localapi.HoldTime)
	}
	var entries []sent
	for _, l := range r.Links {
		for _, d := range targets {
			id, err := e.a.ids.Next(now)
			if err != nil {
				return nil, err
			}
			host, _ := link.Read(l.URL)
			entries = append(entries, sent{Private: r.Private, OutboxEntry: localapi.OutboxEntry{
				ID: id, To: d.Name, ToID: d.ID, Title: link.Clean(l.Title), URL: l.URL, Host: host,
				Close: r.Close, State: localapi.SendWaiting, At: now, HeldUntil: held,
			}})
		}
	}
	return entries, nil
}

// checkLink takes what can be a link at all. Firefox sends and receives other schemes than http too;
// what is harmful to open is the receiver's decision, but text without a scheme is a mistake.
func checkLink(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" && u.Path == "" || strings.ContainsAny(address, " \t\r\n") {
		return &localapi.Error{Code: localapi.CodeUsage, Message: "This is not a link.", Hint: "a link begins with https:// or http://"}
	}
	return nil
}

// targets finds the devices and looks whether they can do what is asked.
func (e *engine) targets(r localapi.SendRequest) (targets []localapi.Device, err error) {
	e.read(func(m *model) {
		if m.account.State == localapi.SignedOut || m.account.State == localapi.SigningIn {
			err = &localapi.Error{Code: localapi.CodeNotSignedIn, Message: "Nobody is signed in.", Hint: "sign in first: `tabferry signin`, or in the window"}
			return
		}
		for _, id := range r.Devices {
			d, ok := m.device(id)
			able := d.CanReceiveTabs
			if r.Close {
				able = d.CanCloseTabs
			}
			switch {
			case !ok && !m.devices.Known:
				err = &localapi.Error{Code: localapi.CodeOffline, Message: "The list of devices is not known yet.", Hint: "try again in a moment"}
			case !ok:
				err = &localapi.Error{Code: localapi.CodeNoDevice, Message: "There is no such device.", Hint: "see the list with `tabferry devices`"}
			case d.This:
				err = &localapi.Error{Code: localapi.CodeNoDevice, Message: d.Name + " is this computer.", Hint: "choose another device"}
			case !able:
				err = &localapi.Error{Code: localapi.CodeNoDevice, Message: d.Name + " cannot do this.", Hint: "update Firefox there"}
			}
			if err != nil {
				return
			}
			targets = append(targets, d)
		}
	})
	return targets, err
}

// noteTargets remembers when a person last sent to devices; lists are sorted by it.
func (e *engine) noteTargets(ctx context.Context, ids []string) {
	now := e.now()
	err := e.writeNotes(ctx, func(n *notes) {
		sentTo := map[string]time.Time{}
		for id, at := range n.SentTo {
			sentTo[id] = at
		}
		for _, id := range ids {
			sentTo[id] = now
		}
		n.SentTo = sentTo
	})
	if err != nil {
		e.a.params.Logger.Warn("the last targets could not be saved", "error", err)
		return
	}
	e.change(func(m *model) { m.devices.Items = m.orderDevices(m.devices.Items) })
}

// Sent gives one entry as it is now.
func (a *Agent) Sent(ctx context.Context, id string) (localapi.OutboxEntry, error) {
	e, err := a.current(ctx)
	if err != nil {
		return localapi.OutboxEntry{}, err
	}
	var s sent
	var ok bool
	e.read(func(m *model) { s, ok = m.sentEntry(id) })
	if !ok {
		return localapi.OutboxEntry{}, errNoEntry
	}
	return s.OutboxEntry, nil
}

// Outbox gives all entries, newest first.
func (a *Agent) Outbox(ctx context.Context) ([]localapi.OutboxEntry, error) {
	e, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	out := []localapi.OutboxEntry{}
	e.read(func(m *model) {
		for _, s := range m.outbox {
			out = append(out, s.OutboxEntry)
		}
	})
	return out, nil
}

// Undo takes back entries that are still held. Those that can be taken back are, even if others have
// left already.
func (a *Agent) Undo(ctx context.Context, ids ...string) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	left, found := false, false
	err = e.editOutbox(ctx, ids, func(s *sent) verdict {
		found = true
		if s.State != localapi.SendWaiting || s.InFlight || !e.now().Before(s.HeldUntil) {
			left = true
			return keepSent
		}
		return dropSent
	})
	switch {
	case err != nil:
		return explain(err)
	case !found:
		return errNoEntry
	case left:
		return &localapi.Error{Code: localapi.CodeConflict, Message: "It has left already.", Hint: "it can no longer be taken back"}
	}
	return nil
}

// Retry tries failed or waiting entries now.
func (a *Agent) Retry(ctx context.Context, ids ...string) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	found := false
	err = e.editOutbox(ctx, ids, func(s *sent) verdict {
		found = true
		if s.InFlight || s.State != localapi.SendFailed && s.State != localapi.SendWaiting {
			return keepSent
		}
		s.State, s.Reason, s.NextTry, s.HeldUntil, s.Failures = localapi.SendWaiting, "", time.Time{}, time.Time{}, 0
		return putSent
	})
	if err != nil {
		return explain(err)
	}
	if !found {
		return errNoEntry
	}
	e.sender.errand.poke()
	return nil
}

// DeleteSent removes entries; a waiting one is not sent then.
func (a *Agent) DeleteSent(ctx context.Context, ids ...string) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	return explain(e.editOutbox(ctx, ids, func(*sent) verdict { return dropSent }))
}

// verdict is what becomes of an entry.
type verdict int

const (
	keepSent verdict = iota // as it is
	putSent                 // changed
	dropSent                // removed
)

// editOutbox decides about entries in one transaction. Entries that are gone are left out.
func (e *engine) editOutbox(ctx context.Context, ids []string, edit func(s *sent) verdict) error {
	var changed []sent
	var gone []string
	return e.write(ctx, func(tx *store.Tx) error {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
			s, ok, err := outboxTable.Get(tx, id)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			switch edit(&s) {
			case putSent:
				changed = append(changed, s)
				err = outboxTable.Put(tx, id, s)
			case dropSent:
				gone = append(gone, id)
				err = outboxTable.Delete(tx, id)
			case keepSent:
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, func(m *model) {
		m.putSent(changed...)
		m.dropSent(gone...)
	})
}
