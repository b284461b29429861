package outbox

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/store"
)

// What is said of sends.
var (
	nothing        = localapi.NewPhrase("send.nothing", "There is nothing to send.", "name at least one link and one device")
	tooMany        = localapi.NewPhrase("send.too_many", "{count} tabs are too many at once: at most {limit} can be sent in one go.", "send them in several goes")
	notALink       = localapi.NewPhrase("send.not_a_link", "This is not a link.", "a link begins with https:// or http://")
	badLink        = localapi.NewPhrase("send.bad_link", "No browser opens this link.", "look at its host and port, and for control characters in it")
	notYet         = localapi.NewPhrase("send.not_yet", "The list of devices is not known yet.", "try again in a moment")
	noDevice       = localapi.NewPhrase("send.no_device", "There is no such device.", "see the list with `tabferry devices`")
	ownDevice      = localapi.NewPhrase("send.own_device", "{device} is this computer.", "choose another device")
	unable         = localapi.NewPhrase("send.unable", "{device} cannot do this.", "update Firefox there")
	noneFits       = localapi.NewPhrase("send.none_fits", "No device is called {name}.", "see the list with `tabferry devices`")
	severalFit     = localapi.NewPhrase("send.several_fit", "Several devices fit {name}.", "say more of the name, or the id")
	whichDevice    = localapi.NewPhrase("send.which_device", "There are several devices, and none was used yet.", "say which one")
	gone           = localapi.NewPhrase("send.gone", "It has left already.", "it can no longer be taken back")
	unclearAnswer  = localapi.NewPhrase("send.unclear", "The server's answer was unclear: it may have arrived or not.", "")
	unknownAccount = localapi.NewPhrase("send.unknown_account", "The server did not know the account when this was sent. Tabferry asks whether it still exists.", "")
	cannotClose    = localapi.NewPhrase("send.cannot_close", "This device cannot close tabs.", "")
)

// maxSends bounds one call: links times devices.
const maxSends = 20_000

// Send queues links for devices: one entry for each link and device, in the store before the answer.
func (o *Outbox) Send(ctx context.Context, r localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	entries, err := o.queue(r)
	if err != nil {
		return nil, err
	}
	items, out := make([]item, len(entries)), make([]localapi.OutboxEntry, len(entries))
	for i, e := range entries {
		items[i], out[i] = item{entry: e, since: o.Clock.Monotonic()}, e.OutboxEntry
		if r.Hold {
			items[i].held = o.Clock.Monotonic() + localapi.HoldTime
		}
	}
	var noted func()
	var starts []start
	err = o.Store.Write(ctx, func(tx *store.Tx) (err error) {
		starts = o.takeUp(items)
		if noted, err = o.Queued(tx, r.Devices); err != nil {
			return err
		}
		return o.put(tx, items)
	}, func() {
		o.add(items, starts)
		noted()
	})
	if err != nil {
		o.leaveAlone(starts)
		o.refused(entries, err)
		return nil, board.Refusal(err)
	}
	o.Poke()
	if r.Tell {
		events := make([]localapi.Event, 0, len(out))
		for _, e := range out {
			events = append(events, localapi.Event{Kind: localapi.SendQueued, Send: &e})
		}
		o.Board.Tell(events...)
	}
	return out, nil
}

// Chosen returns a request with the ids of the devices that it chooses.
func (o *Outbox) Chosen(r localapi.SendRequest) (localapi.SendRequest, error) {
	if r.To == nil {
		return r, nil
	}
	s := o.Board.Now()
	switch able := localapi.Able(s.Devices.Items, r.Close); {
	case s.Account.State != localapi.SignedIn:
		return r, board.ErrSignedOut
	case !s.Devices.Known:
		return r, notYet.Refuse(localapi.CodeOffline)
	case len(able) == 0:
		return r, noDevice.Refuse(localapi.CodeNoDevice)
	case r.To.All:
		for _, d := range able {
			r.Devices = append(r.Devices, d.ID)
		}
	case len(r.To.Names) > 0:
		return named(r, able)
	default:
		last, ok := localapi.LastUsed(able)
		if !ok {
			return r, whichDevice.Refuse(localapi.CodeNoDevice)
		}
		r.Devices = []string{last.ID}
	}
	return r, nil
}

// named adds the devices of the names, each once.
func named(r localapi.SendRequest, able []localapi.Device) (localapi.SendRequest, error) {
	for _, name := range r.To.Names {
		switch found := localapi.Named(able, name); {
		case len(found) == 0:
			return r, noneFits.Refuse(localapi.CodeNoDevice, "name", name)
		case len(found) > 1:
			return r, severalFit.Refuse(localapi.CodeNoDevice, "name", name)
		case !slices.Contains(r.Devices, found[0].ID):
			r.Devices = append(r.Devices, found[0].ID)
		}
	}
	return r, nil
}

// queue checks a request and makes its entries.
func (o *Outbox) queue(r localapi.SendRequest) ([]entry, error) {
	switch n := len(r.Links) * len(r.Devices); {
	case n == 0:
		return nil, nothing.Refuse(localapi.CodeUsage)
	case n > maxSends:
		return nil, tooMany.Refuse(localapi.CodeUsage, "count", strconv.Itoa(n), "limit", strconv.Itoa(maxSends))
	}
	for _, l := range r.Links {
		if link.Sendable(l.URL) {
			continue
		}
		switch link.Check(l.URL) {
		case link.Nothing, link.NoScheme, link.OtherScheme:
			return nil, notALink.Refuse(localapi.CodeUsage)
		default:
			return nil, badLink.Refuse(localapi.CodeUsage)
		}
	}
	targets, err := o.targets(r)
	if err != nil {
		return nil, err
	}
	now := o.now()
	var held time.Time
	if r.Hold {
		held = now.Add(localapi.HoldTime)
	}
	var entries []entry
	for _, l := range r.Links {
		for _, d := range targets {
			id, err := o.IDs.Next(now)
			if err != nil {
				return nil, err
			}
			host, _ := link.Read(l.URL)
			entries = append(entries, entry{Private: r.Private, OutboxEntry: localapi.OutboxEntry{
				ID: id, To: d.Name, ToID: d.ID, Title: link.Clean(l.Title), URL: l.URL, Host: host,
				Close: r.Close, State: localapi.SendWaiting, At: now, HeldUntil: held,
			}})
		}
	}
	return entries, nil
}

// targets finds the devices and looks whether they can do what is asked.
func (o *Outbox) targets(r localapi.SendRequest) ([]localapi.Device, error) {
	s := o.Board.Now()
	if s.Account.State == localapi.SignedOut || s.Account.State == localapi.SigningIn {
		return nil, board.ErrSignedOut
	}
	var targets []localapi.Device
	for _, id := range r.Devices {
		d, err := target(s.Devices, id, r.Close)
		if err != nil {
			return nil, err
		}
		targets = append(targets, d)
	}
	return targets, nil
}

func target(list localapi.DeviceList, id string, toClose bool) (localapi.Device, error) {
	i := slices.IndexFunc(list.Items, func(d localapi.Device) bool { return d.ID == id })
	switch {
	case i < 0 && !list.Known:
		return localapi.Device{}, notYet.Refuse(localapi.CodeOffline)
	case i < 0:
		return localapi.Device{}, noDevice.Refuse(localapi.CodeNoDevice)
	}
	d := list.Items[i]
	switch {
	case d.This:
		return d, ownDevice.Refuse(localapi.CodeNoDevice, "device", d.Name)
	case toClose && !d.CanCloseTabs, !toClose && !d.CanReceiveTabs:
		return d, unable.Refuse(localapi.CodeNoDevice, "device", d.Name)
	}
	return d, nil
}

// Undo takes back entries that are still held. Those that can be taken back are, even if others have
// left already.
func (o *Outbox) Undo(ctx context.Context, ids ...string) error {
	left, found := false, false
	var devices []string
	now := o.Clock.Monotonic()
	err := o.edit(ctx, ids, func(it *item) verdict {
		found = true
		if it.settled() || it.InFlight || now >= it.held {
			left = true
			return keepEntry
		}
		devices = append(devices, it.ToID)
		return dropEntry
	})
	if err == nil && len(devices) > 0 {
		o.Undone(ctx, devices)
	}
	switch {
	case err != nil:
		return board.Refusal(err)
	case !found:
		return board.ErrNoEntry
	case left:
		return gone.Refuse(localapi.CodeConflict)
	}
	return nil
}

// Retry tries failed or waiting entries now.
func (o *Outbox) Retry(ctx context.Context, ids ...string) error {
	found := false
	err := o.edit(ctx, ids, func(it *item) verdict {
		found = true
		if it.InFlight || it.State != localapi.SendFailed && it.State != localapi.SendWaiting {
			return keepEntry
		}
		it.State, it.Reason, it.ReasonSaid = localapi.SendWaiting, "", localapi.Said{}
		it.NextTry, it.HeldUntil, it.Failures, it.Unclear = time.Time{}, time.Time{}, 0, 0
		it.held, it.due, it.obeys, it.unsaved, it.wish = 0, 0, false, false, 0
		it.since = o.Clock.Monotonic()
		return putEntry
	})
	if err != nil {
		return board.Refusal(err)
	}
	if !found {
		return board.ErrNoEntry
	}
	o.Poke()
	return nil
}

// Delete removes entries; a waiting one is not sent then.
func (o *Outbox) Delete(ctx context.Context, ids ...string) error {
	return board.Refusal(o.edit(ctx, ids, func(*item) verdict { return dropEntry }))
}

// verdict is what becomes of an entry.
type verdict int

const (
	keepEntry verdict = iota // as it is
	putEntry                 // changed
	dropEntry                // removed
)

// edit decides about entries in one transaction. Entries that are gone are left out.
func (o *Outbox) edit(ctx context.Context, ids []string, decide func(it *item) verdict) error {
	var changed []item
	var gone []string
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		if err := o.recall(tx, ids); err != nil {
			return err
		}
		changed, gone = o.decided(ids, decide)
		if err := o.recall(tx, o.inSight(len(gone))); err != nil {
			return err
		}
		if err := o.put(tx, changed); err != nil {
			return err
		}
		return o.table.Delete(tx, gone...)
	}, func() { o.change(changed, gone) })
}

// decided asks for a verdict about each of the entries that are there.
func (o *Outbox) decided(ids []string, decide func(it *item) verdict) (changed []item, gone []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.decide(ids, decide)
}

// decide is decided with the lock held.
func (o *Outbox) decide(ids []string, decide func(it *item) verdict) (changed []item, gone []string) {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		it, ok := o.model.get(id)
		if !ok {
			continue
		}
		c := *it
		switch decide(&c) {
		case putEntry:
			changed = append(changed, c)
		case dropEntry:
			gone = append(gone, id)
		case keepEntry:
		}
	}
	return changed, gone
}
