package tray

import (
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/device"
)

// The measures of the menu: at most MaxItems lines besides separators, so that it fits on a small
// screen and is read at a glance.
const (
	MaxItems      = 14
	maxDevices    = 5  // then a submenu
	maxMore       = 20 // in the submenu; the window shows all
	maxRecent     = 3
	maxLabel      = 44 // characters; desktops cut at about 50
	QuietTime     = time.Hour
	maxDeviceName = 32
)

// Menu returns the lines of the menu. namesakes are those among the devices; copied is the copied link, empty when
// there is none or the clipboard cannot be read.
func Menu(s localapi.Snapshot, namesakes map[string]bool, copied string, words *i18n.Catalogue, now time.Time) []Item {
	m := builder{s: s, namesakes: namesakes, words: words, now: now}
	status, told := m.status()
	if told {
		m.add(status)
	}
	if s.Account.State == localapi.SignedIn && !s.Storage.Locked {
		m.send(copied)
		recent := maxRecent
		if told {
			recent-- // its line
		}
		m.received(recent)
		m.separate()
		m.add(Item{Label: words.T("tray.pair"), Do: Action{Do: DoShow, Pane: panePair}})
	}
	m.add(Item{Label: words.T("tray.open"), Do: Action{Do: DoShow, Pane: paneDefault}})
	m.add(m.quiet())
	m.separate()
	m.add(Item{Label: words.T("tray.quit"), Do: Action{Do: DoQuit}})
	return m.items
}

// builder collects the lines.
type builder struct {
	s         localapi.Snapshot
	namesakes map[string]bool
	words     *i18n.Catalogue
	now       time.Time
	items     []Item
}

func (m *builder) add(i Item) { m.items = append(m.items, i) }

// separate puts a line between groups, never at the top and never two.
func (m *builder) separate() {
	if n := len(m.items); n > 0 && !m.items[n-1].Separator() {
		m.add(Item{})
	}
}

// status is the line for what needs a person, if anything does.
func (m *builder) status() (Item, bool) {
	t, s := m.words.T, m.s
	toSignIn := Action{Do: DoShow, Pane: paneSignIn}
	switch {
	case s.Storage.WaitingForKeyring:
		return Item{Label: t("tray.keyring"), Do: Action{Do: DoShow}}, true
	case s.Storage.Locked:
		return Item{Label: t("tray.unlock"), Do: Action{Do: DoShow}}, true
	case s.Account.State == localapi.NeedsSignIn:
		return Item{Label: t("tray.sign_in_again"), Do: toSignIn}, true
	case s.Account.State == localapi.SigningIn:
		return Item{Label: t("tray.signing_in"), Do: toSignIn}, true
	case s.Account.State != localapi.SignedIn:
		return Item{Label: t("tray.sign_in"), Do: toSignIn}, true
	case s.Connection.Lost():
		label := t("tray.offline")
		if s.Outbox.Waiting > 0 {
			label = m.words.N("tray.offline_waiting", s.Outbox.Waiting)
		}
		return Item{Label: label, Do: Action{Do: DoShow, Pane: paneSend}}, true
	case s.Account.DevicesUnavailable:
		return Item{Label: t("tray.devices_unavailable"), Do: Action{Do: DoShow}}, true
	}
	return Item{}, false
}

// send is what will be sent, and where to.
func (m *builder) send(copied string) {
	m.separate()
	toSend := Action{Do: DoShow, Pane: paneSend}
	var devices []localapi.Device
	if copied != "" {
		devices = m.receivers()
	}
	if len(devices) == 0 {
		m.add(Item{Label: m.words.T("tray.send_a_link"), Do: toSend})
		m.separate()
		return
	}
	m.add(Item{Label: m.words.T("tray.send", "Link", i18n.OneLine(link.Label(copied), maxLabel)), Do: toSend})
	shown, more := devices, []localapi.Device(nil)
	if len(devices) > maxDevices {
		shown, more = devices[:maxDevices], devices[maxDevices:]
	}
	for _, d := range shown {
		m.add(m.device(d, copied))
	}
	if len(more) > 0 {
		below := Item{Label: m.words.T("tray.more")}
		for _, d := range more[:min(len(more), maxMore)] {
			below.Items = append(below.Items, m.device(d, copied))
		}
		if len(more) > maxMore {
			below.Items = append(below.Items, Item{Label: m.words.T("tray.all_devices"), Do: toSend})
		}
		m.add(below)
	}
	m.separate()
}

// receivers returns the devices that can get tabs, in the agent's order: those we sent to last first. There are no more
// of them than the menu shows, and one that says that there are others.
func (m *builder) receivers() (devices []localapi.Device) {
	for _, d := range m.s.Devices.Items {
		if !d.This && d.CanReceiveTabs {
			devices = append(devices, d)
		}
		if len(devices) > maxDevices+maxMore {
			break
		}
	}
	return devices
}

func (m *builder) device(d localapi.Device, copied string) Item {
	var all []localapi.Device // that it could be taken for
	if m.namesakes[d.ID] {
		all = m.s.Devices.Items
	}
	name := device.Name(m.words, d, all, m.now, maxDeviceName)
	if d.PushOff {
		name = m.words.T("tray.push_off", "Device", name)
	}
	return Item{Label: m.towards(name), Do: Action{Do: DoSend, Link: copied, Device: d.ID}}
}

// towards puts an arrow before a name, which points to it. Where that is to the left, a mark (U+200F) has the line begin
// at the right, and the name keeps its own direction.
func (m *builder) towards(name string) string {
	if m.words.RightToLeft() {
		return "\u200f← " + string(i18n.FirstStrongIsolate) + name + string(i18n.PopDirectionalIsolate)
	}
	return "→ " + name
}

// received is the newest received tabs, unread ones marked.
func (m *builder) received(most int) {
	m.separate()
	for _, e := range m.s.Inbox.Recent {
		if most == 0 {
			break
		}
		if e.Kind != localapi.KindTab {
			continue
		}
		most--
		label := i18n.OneLine(e.Host, maxLabel)
		if title := i18n.OneLine(e.Title, maxLabel); title != "" && label != "" {
			label = i18n.OneLine(label+" · "+title, maxLabel)
		} else {
			label += title
		}
		if label == "" {
			label = m.words.T("tray.received_from", "Device", i18n.OneLine(e.From, maxDeviceName))
		}
		if !e.Read {
			label = "• " + label
		}
		do := Action{Do: DoOpen, Link: e.URL, Entry: e.ID}
		if !e.CanOpen {
			do = Action{Do: DoShow, Pane: paneInbox}
		}
		m.add(Item{Label: label, Do: do})
	}
}

func (m *builder) quiet() Item {
	if m.s.QuietUntil.After(m.now) {
		until := m.s.QuietUntil.In(m.now.Location()).Format("15:04")
		return Item{Label: m.words.T("tray.quiet_until", "Time", until), Checkable: true, Checked: true, Do: Action{Do: DoUnquiet}}
	}
	return Item{Label: m.words.T("tray.quiet"), Checkable: true, Do: Action{Do: DoQuiet}}
}

// Icon returns what the icon says: what needs a person goes before what is merely so.
func Icon(s localapi.Snapshot, now time.Time) assets.TrayState {
	switch {
	case s.Storage.Locked || s.Storage.WaitingForKeyring || s.Account.State == localapi.NeedsSignIn:
		return assets.TrayNeedsSignIn
	case s.Account.State == localapi.SigningIn:
		return assets.TrayWorking
	case s.Account.State != localapi.SignedIn:
		return assets.TraySignedOut
	case s.Connection.Lost():
		return assets.TrayOffline
	case s.Outbox.Waiting > 0:
		return assets.TrayWorking
	case s.QuietUntil.After(now):
		return assets.TrayQuiet
	case s.Inbox.Unread > 0:
		return assets.TrayAttention
	default:
		return assets.TrayFine
	}
}

// Tooltip says the icon's state in words.
func Tooltip(s localapi.Snapshot, words *i18n.Catalogue, now time.Time) string {
	text := words.T("common.app")
	if s.Demo {
		text = words.T("tray.demo")
	}
	var state string
	switch Icon(s, now) {
	case assets.TrayNeedsSignIn:
		state = words.T("tray.tip.needs_sign_in")
		if s.Account.Unexplained() {
			state = words.T("tray.tip.sign_in_ended")
		}
		if s.Storage.Locked || s.Storage.WaitingForKeyring {
			state = words.T("tray.tip.locked")
		}
	case assets.TraySignedOut:
		state = words.T("tray.tip.signed_out")
	case assets.TrayOffline:
		state = words.T("tray.offline")
	case assets.TrayWorking:
		state = words.T("tray.tip.working")
	case assets.TrayQuiet:
		state = words.T("tray.quiet_until", "Time", s.QuietUntil.In(now.Location()).Format("15:04"))
	case assets.TrayAttention:
		state = words.N("tray.tip.unread", s.Inbox.Unread)
	default:
		return text
	}
	return text + " – " + state
}
