package window

import (
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/device"
)

// gate is what stands between a person and the panes.
type gate int

const (
	gateConnecting gate = iota // no snapshot yet
	gateLost                   // no snapshot yet, and the agent does not answer
	gateKeyring                // the keyring has not answered yet
	gateLocked                 // a passphrase is needed
	gateUndecided              // nobody has chosen yet how to protect what is stored
	gateSignedOut
	gateOpen
)

// model keeps the newest snapshot and derives what the panes show. It knows no widget.
type model struct {
	snap localapi.Snapshot
	// namesakes are the ids of the devices that share their name with another.
	namesakes map[string]bool
	// known says that a snapshot has arrived.
	known bool
	// lost is why the agent cannot be reached at present, nil while it can.
	lost   error
	lostAt time.Time
	// withoutKeyring says that the person does not want to wait for the keyring.
	withoutKeyring bool
	// explainTray says that this desktop shows no tray icons and nobody has been told yet.
	explainTray bool
}

// apply takes a snapshot over. It reports whether the agent had been lost before.
func (m *model) apply(s localapi.Snapshot) (back bool) {
	back = m.known && m.lost != nil
	m.snap, m.known, m.lost = s, true, nil
	m.namesakes = device.Namesakes(s.Devices.Items)
	m.lostAt = time.Time{}
	if !s.Storage.WaitingForKeyring {
		m.withoutKeyring = false
	}
	return back
}

// loseAgent notes that the agent went away; the last snapshot stays as last known.
func (m *model) loseAgent(err error, now time.Time) {
	if m.lost == nil {
		m.lostAt = now
	}
	m.lost = err
}

func (m *model) gate() gate {
	switch storage := m.snap.Storage; {
	case !m.known && m.lost != nil:
		return gateLost
	case !m.known:
		return gateConnecting
	case storage.WaitingForKeyring && !m.withoutKeyring:
		return gateKeyring
	case storage.Locked && !storage.BeginAnew && !m.withoutKeyring:
		return gateLocked
	case m.hasAccount():
		return gateOpen
	case storage.Protection == localapi.Undecided && !m.snap.Demo: // a demo keeps nothing
		return gateUndecided
	default:
		return gateSignedOut
	}
}

func (m *model) hasAccount() bool {
	return m.snap.Account.State == localapi.SignedIn || m.snap.Account.State == localapi.NeedsSignIn
}

// unkept reports whether a sign-in ends with the agent because nobody has chosen how to keep it: whoever
// signed in by the command line may not have been asked.
func (m *model) unkept() bool {
	return m.gate() == gateOpen && m.snap.Storage.Protection == localapi.Undecided && !m.snap.Demo
}

// panes returns the panes that can be reached now, in the order of the rail.
func (m *model) panes() []string {
	switch m.gate() {
	case gateOpen:
		list := []string{PaneSend, PaneInbox, PaneDevices, PanePair, PaneAccount, PaneSettings}
		switch {
		case m.unkept():
			list = slices.Insert(list, 4, PaneSignIn) // asks how to keep it
		case m.snap.Account.State == localapi.NeedsSignIn:
			list = append([]string{PaneSignIn}, list...)
		}
		return list
	case gateSignedOut:
		list := []string{PaneSignIn}
		if m.snap.Inbox.Total > 0 {
			list = append(list, PaneInbox)
		}
		return append(list, PanePair, PaneSettings)
	case gateConnecting, gateLost:
		return []string{PaneSignIn}
	default:
		return []string{PaneSignIn, PaneSettings}
	}
}

// choose returns the pane to show when wanted was asked for and current is shown: a pane that cannot
// be reached gives way to the first that can.
func (m *model) choose(wanted, current string) string {
	panes := m.panes()
	for _, p := range []string{wanted, current} {
		if slices.Contains(panes, p) {
			return p
		}
	}
	return panes[0]
}

// receivers returns the devices that a tab can be sent to, in the agent's order.
func (m *model) receivers() []localapi.Device {
	var list []localapi.Device
	for _, d := range m.snap.Devices.Items {
		if !d.This && d.CanReceiveTabs {
			list = append(list, d)
		}
	}
	return list
}

// matching returns the devices whose name or place holds what is searched for.
func matching(devices []localapi.Device, text string) []localapi.Device {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return devices
	}
	return slices.DeleteFunc(slices.Clone(devices), func(d localapi.Device) bool {
		return !strings.Contains(strings.ToLower(d.Name), text) && !strings.Contains(strings.ToLower(d.Location), text)
	})
}

// others returns this device, nil when unknown, and all other ones.
func (m *model) others() (this *localapi.Device, others []localapi.Device) {
	for _, d := range m.snap.Devices.Items {
		if d.This && this == nil {
			this = &d
			continue
		}
		others = append(others, d)
	}
	return this, others
}

// otherClients returns the attached clients that are not this program.
func (m *model) otherClients() []localapi.AttachedClient {
	var list []localapi.AttachedClient
	for _, c := range m.snap.Clients.Items {
		if !c.This {
			list = append(list, c)
		}
	}
	return list
}

// listView is what a list shows instead of, or above, its rows.
type listView int

const (
	listLoading listView = iota // never known yet: say so
	listError                   // never known, and it failed: why, and Retry
	listEmpty                   // known and empty: the next action
	listStale                   // rows as last known, with why and since when
	listFine
)

// view reports how to show a list with n rows.
func (m *model) view(s localapi.ListState, n int) listView {
	switch {
	case !s.Known && s.Problem != "":
		return listError
	case !s.Known && m.known && m.snap.Connection.Lost():
		return listError
	case !s.Known:
		return listLoading
	case n == 0 && s.Problem == "":
		return listEmpty
	case s.Problem != "" || m.lost != nil || m.snap.Connection.Lost():
		return listStale
	default:
		return listFine
	}
}

// canShowCode reports whether this installation can show a pairing code: that needs a session.
func (m *model) canShowCode() bool {
	return m.snap.Account.State == localapi.SignedIn && m.snap.Account.HasSession
}

// pairingEnded reports whether a pairing is over and waits for a person to take note.
func pairingEnded(s localapi.PairingState) bool {
	switch s {
	case localapi.PairDone, localapi.PairCancelled, localapi.PairFailed, localapi.PairTimedOut:
		return true
	}
	return false
}

// asksPerson reports whether a pairing waits for a person to confirm it here.
func asksPerson(p *localapi.Pairing) bool {
	return p != nil && !p.ConfirmedHere && (p.State == localapi.PairAsked || p.State == localapi.PairConfirming)
}

// needsSeconds reports whether something on the screen counts seconds or waits for the clipboard.
func (m *model) needsSeconds(now time.Time) bool {
	if p := m.snap.Pairing; p != nil && !pairingEnded(p.State) {
		return true
	}
	if s := m.snap.SignIn; s != nil && !s.Loopback {
		return true
	}
	for _, e := range m.snap.Outbox.Recent {
		if e.HeldUntil.After(now) {
			return true
		}
	}
	return m.snap.Connection.BackoffUntil.After(now)
}
