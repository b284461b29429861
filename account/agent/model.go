package agent

import (
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// model is what an engine shows. It is guarded by the agent's mu. Its slices, maps and pointers are
// replaced and never edited, because snapshots share them.
type model struct {
	account localapi.Account
	conn    localapi.Connection
	devices localapi.DeviceList
	clients localapi.ClientList
	inbox   localapi.Inbox
	outbox  []sent // newest first
	// settings and notes are as stored.
	settings localapi.Settings
	notes    notes
	signIn   *localapi.SignIn
	pairing  *localapi.Pairing
}

// fill writes the model into a snapshot.
func (m *model) fill(s *localapi.Snapshot) {
	s.Account = m.account
	s.Connection = m.conn
	s.Devices = m.devices
	s.Clients = m.clients
	s.Inbox = m.inbox
	s.Settings = m.settings
	s.SignIn = m.signIn
	s.Pairing = m.pairing
	s.QuietUntil = m.notes.QuietUntil
	s.Outbox = localapi.Outbox{}
	for _, e := range m.outbox {
		if e.State == localapi.SendWaiting {
			s.Outbox.Waiting++
		}
		if len(s.Outbox.Recent) < localapi.RecentEntries {
			s.Outbox.Recent = append(s.Outbox.Recent, e.OutboxEntry)
		}
	}
}

// signedIn tells whether there is a usable sign-in.
func (m *model) signedIn() bool { return m.account.State == localapi.SignedIn }

// putSent adds an entry or replaces the one with its id.
func (m *model) putSent(entries ...sent) {
	outbox := slices.Clone(m.outbox)
	for _, e := range entries {
		i := slices.IndexFunc(outbox, func(o sent) bool { return o.ID == e.ID })
		if i >= 0 {
			outbox[i] = e
		} else {
			outbox = append(outbox, e)
		}
	}
	slices.SortFunc(outbox, func(a, b sent) int { return strings.Compare(b.ID, a.ID) })
	m.outbox = outbox
}

// dropSent removes entries.
func (m *model) dropSent(ids ...string) {
	m.outbox = slices.DeleteFunc(slices.Clone(m.outbox), func(e sent) bool { return slices.Contains(ids, e.ID) })
}

// sentEntry finds an entry.
func (m *model) sentEntry(id string) (sent, bool) {
	i := slices.IndexFunc(m.outbox, func(e sent) bool { return e.ID == id })
	if i < 0 {
		return sent{}, false
	}
	return m.outbox[i], true
}

// device finds a device.
func (m *model) device(id string) (localapi.Device, bool) {
	i := slices.IndexFunc(m.devices.Items, func(d localapi.Device) bool { return d.ID == id })
	if i < 0 {
		return localapi.Device{}, false
	}
	return m.devices.Items[i], true
}

// orderDevices sorts by when a person last sent to them, then by last access, and notes the former.
func (m *model) orderDevices(items []localapi.Device) []localapi.Device {
	items = slices.Clone(items)
	for i := range items {
		items[i].LastSentTo = m.notes.SentTo[items[i].ID]
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
