package roster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/store"
)

func (r *Roster) fetchDevices(ctx context.Context) error {
	devices, err := r.Account.Devices(ctx, account.Fresh())
	if board.Ended(err) {
		return err
	}
	own := slices.IndexFunc(devices, func(d account.Device) bool { return d.IsCurrentDevice })
	if own >= 0 {
		devices[own].DisplayName = r.ownName(ctx, devices[own].DisplayName)
	}
	now := r.now()
	r.Board.Change(func(s *localapi.Snapshot) {
		if err != nil {
			s.Devices.Problem, s.Devices.ProblemSaid = board.Sentence(err).Parts()
			s.Devices.Known = s.Devices.Known || errors.Is(err, account.ErrDevicesUnavailable)
			return
		}
		s.Devices = localapi.DeviceList{ListState: localapi.ListState{Known: true, At: now}, Items: r.order(showDevices(devices))}
	})
	if own >= 0 {
		r.OwnRecord(devices[own])
	}
	return err
}

// ownName gives this device the name that a person chose for it, where a new sign-in has begun with
// the first one again.
func (r *Roster) ownName(ctx context.Context, name string) string {
	chosen := r.Memory.DeviceName()
	if chosen == "" || chosen == name {
		return name
	}
	if _, err := r.Account.SetDeviceName(ctx, chosen); err != nil {
		r.Logger.Info("this device could not be given its name", "error", err)
		return name
	}
	return chosen
}

// showDevices turns the account's devices into those of the local API.
func showDevices(devices []account.Device) []localapi.Device {
	items := make([]localapi.Device, 0, len(devices))
	for _, d := range devices {
		item := localapi.Device{
			ID: d.ID, Name: link.Clean(d.DisplayName), Type: typeName(d.Type), This: d.IsCurrentDevice,
			PushOff: d.PushSubscription == nil || d.PushEndpointExpired, LastAccess: d.LastAccess,
			Location: place(d.Location),
		}
		for _, c := range d.Capabilities {
			switch c {
			case account.CapabilitySendTab:
				item.CanReceiveTabs = true
			case account.CapabilityCloseTabs:
				item.CanCloseTabs = true
			}
		}
		items = append(items, item)
	}
	return items
}

// typeName is the local API's word for a kind of device.
func typeName(t account.DeviceType) string {
	if t == account.DeviceUnknown {
		return ""
	}
	return string(t)
}

func place(l account.Location) string {
	var parts []string
	for _, part := range []string{l.City, l.Country} {
		if part = link.Clean(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// order sorts by when a person last sent to a device, then by last access, and notes the former.
func (r *Roster) order(items []localapi.Device) []localapi.Device {
	return order(items, r.Memory.SentTo())
}

func order(items []localapi.Device, sentTo map[string]time.Time) []localapi.Device {
	items = slices.Clone(items)
	for i := range items {
		items[i].LastSentTo = sentTo[items[i].ID]
	}
	newer := func(a, b time.Time) int { return b.Compare(a) }
	slices.SortStableFunc(items, func(a, b localapi.Device) int {
		if c := newer(a.LastSentTo, b.LastSentTo); c != 0 {
			return c
		}
		if c := newer(a.LastAccess, b.LastAccess); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return items
}

// Gone says that the server no longer knows a device: it leaves the list at once, and the list is fetched
// anew, once for however many sends told of it.
func (r *Roster) Gone(id string) {
	if r.edit(id, func(*localapi.Device) bool { return false }) {
		r.Mark(Devices)
	}
}

// Unalerted says that the server could not alert a device: the server has just learned it too. Where it was known
// it is no news of that device; but whoever sends looks, and our own may be as far gone.
func (r *Roster) Unalerted(id string) {
	known := false
	r.Board.Read(func(s *localapi.Snapshot) {
		known = slices.ContainsFunc(s.Devices.Items, func(d localapi.Device) bool { return d.ID == id && d.PushOff })
	})
	if known {
		r.Seen()
		return
	}
	r.edit(id, func(d *localapi.Device) bool { d.PushOff = true; return true })
	now := r.Clock.Monotonic()
	r.mu.Lock()
	soon := now < r.off
	if !soon {
		r.off = now + offSpacing
	}
	r.mu.Unlock()
	if !soon {
		r.Mark(Devices)
	}
}

// edit edits a device as it is shown, or takes it from the list, and reports whether it is there.
func (r *Roster) edit(id string, keep func(d *localapi.Device) bool) (there bool) {
	return r.editOne(func(d localapi.Device) bool { return d.ID == id }, keep)
}

func (r *Roster) editOne(which func(localapi.Device) bool, keep func(d *localapi.Device) bool) (there bool) {
	r.Board.Change(func(s *localapi.Snapshot) {
		i := slices.IndexFunc(s.Devices.Items, which)
		if there = i >= 0; !there {
			return
		}
		s.Devices.Items = slices.Clone(s.Devices.Items)
		if !keep(&s.Devices.Items[i]) {
			s.Devices.Items = slices.Delete(s.Devices.Items, i, i+1)
		}
	})
	return there
}

// NoteSent remembers, in a transaction that stores what it is, that a person has just sent something to devices;
// lists are sorted by it once that is stored.
func (r *Roster) NoteSent(tx *store.Tx, ids []string) (then func(), err error) {
	noted, err := r.Memory.NoteSent(tx, ids)
	return func() {
		noted()
		r.Reorder()
	}, err
}

// NoteUndone takes one NoteSent of each of the devices back.
func (r *Roster) NoteUndone(ctx context.Context, ids []string) {
	if err := r.Memory.NoteUndone(ctx, ids); err != nil {
		r.Logger.Warn("the last targets could not be saved", "error", err)
		return
	}
	r.Reorder()
}

// Reorder sorts the devices anew: what is known of when something was sent where has changed.
func (r *Roster) Reorder() {
	r.Board.Change(func(s *localapi.Snapshot) { s.Devices.Items = r.order(s.Devices.Items) })
}

// Rename gives this device another name.
func (r *Roster) Rename(ctx context.Context, name string) error {
	if err := r.signedIn(); err != nil {
		return err
	}
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	// What the person wants is noted first: a list that is fetched meanwhile is compared with it.
	was, err := r.Memory.NameDevice(ctx, name)
	if err != nil {
		return board.Refusal(err)
	}
	if _, err := r.Account.SetDeviceName(ctx, name); err != nil {
		_, undo := r.Memory.NameDevice(context.WithoutCancel(ctx), was)
		return board.Refusal(errors.Join(err, undo))
	}
	r.editOwn(func(d *localapi.Device) { d.Name = name })
	r.Mark(Devices)
	return nil
}

// Alertable shows this device as one that can be alerted.
func (r *Roster) Alertable() { r.editOwn(func(d *localapi.Device) { d.PushOff = false }) }

// editOwn edits this device as it is shown.
func (r *Roster) editOwn(edit func(d *localapi.Device)) {
	r.editOne(func(d localapi.Device) bool { return d.This }, func(d *localapi.Device) bool { edit(d); return true })
}

var errOwnDevice = localapi.NewPhrase("roster.own_device", "This is the device you are using.", "use sign out instead").Refuse(localapi.CodeUsage)

// idSize is the length of a device's id, in hexadecimal digits.
const idSize = 32

// DisconnectDevice signs another device out of the account.
func (r *Roster) DisconnectDevice(ctx context.Context, id string) error {
	if err := r.signedIn(); err != nil {
		return err
	}
	if own, err := r.Account.CurrentDeviceID(); err == nil && own == id {
		return errOwnDevice
	}
	if len(id) != idSize || strings.Trim(id, "0123456789abcdef") != "" {
		return board.Refusal(account.ErrUnknownDevice) // the server has other words for what is no id at all
	}
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	err := r.Account.DisconnectDevice(ctx, id)
	if err == nil || errors.Is(err, account.ErrUnknownDevice) {
		r.edit(id, func(*localapi.Device) bool { return false })
	}
	r.Mark(Devices | Clients)
	return board.Refusal(err)
}
