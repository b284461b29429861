package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// How old lists may grow, and how a failed refresh is repeated.
const (
	listsAge        = 24 * time.Hour
	listsSeenAge    = 5 * time.Minute // when somebody opens a window to look at them
	listsRetryFirst = time.Minute
	listsRetryMost  = time.Hour
)

// lists keeps devices, attached clients and profile up to date.
type lists struct {
	e      *engine
	errand *errand
	wait   doubling // of the errand alone
	last   time.Duration
	fresh  bool // all were fetched once in this sign-in

	mu                        sync.Mutex
	devices, clients, profile bool // due
	notBefore                 time.Duration
	encores                   []time.Duration // when devices are due once more, soonest first
	// attached are the clients behind the ids that faces use.
	attached map[string]account.AttachedClient
}

func newLists(e *engine) *lists {
	l := &lists{e: e, devices: true, clients: true, profile: true, wait: doubling{first: listsRetryFirst, most: listsRetryMost}}
	l.errand = newErrand(l.work)
	return l
}

// mark says what may have changed.
func (l *lists) mark(devices, clients, profile bool) {
	l.mu.Lock()
	l.devices, l.clients, l.profile = l.devices || devices, l.clients || clients, l.profile || profile
	l.notBefore = 0
	l.mu.Unlock()
	l.errand.poke()
}

// resume has what failed tried again at once.
func (l *lists) resume() {
	l.mu.Lock()
	l.notBefore = 0
	l.mu.Unlock()
	l.errand.poke()
}

// again has the devices fetched once more after each of these times, which rise.
func (l *lists) again(after ...time.Duration) {
	now := l.e.a.params.Clock.Monotonic()
	l.mu.Lock()
	l.encores = l.encores[:0]
	for _, d := range after {
		l.encores = append(l.encores, now+d)
	}
	l.mu.Unlock()
	l.errand.poke()
}

// seen is called when somebody looks: lists that are not quite new are fetched again.
func (l *lists) seen() {
	old := false
	l.e.read(func(m *model) { old = m.signedIn() && l.e.now().Sub(m.devices.At) > listsSeenAge })
	if old {
		l.mark(true, true, true)
	}
}

func (l *lists) work(ctx context.Context) time.Duration {
	if !l.e.signedIn() {
		l.fresh = false
		return 0
	}
	now := l.e.a.params.Clock.Monotonic()
	l.mu.Lock()
	if l.fresh && now-l.last >= listsAge {
		l.devices, l.clients, l.profile = true, true, true
	}
	rest := listsAge - (now - l.last)
	for len(l.encores) > 0 && now >= l.encores[0] {
		l.devices, l.encores = true, l.encores[1:]
	}
	if len(l.encores) > 0 {
		rest = min(rest, l.encores[0]-now)
	}
	devices, clients, profile := l.devices, l.clients, l.profile
	wait := l.notBefore - now
	if !devices && !clients && !profile {
		l.mu.Unlock()
		return max(rest, time.Second)
	}
	if wait > 0 {
		l.mu.Unlock()
		return wait
	}
	l.devices, l.clients, l.profile = false, false, false
	l.mu.Unlock()

	ctx, done := l.e.calling(ctx)
	defer done()
	again := [3]bool{
		profile && l.fetch(ctx, l.fetchProfile), devices && l.fetch(ctx, l.fetchDevices), clients && l.fetch(ctx, l.fetchClients),
	}
	l.e.sync()
	l.last, l.fresh = l.e.a.params.Clock.Monotonic(), true
	if again == [3]bool{} {
		l.wait.reset()
		return time.Millisecond // looks at once when to come next
	}
	retry := l.wait.next()
	l.mu.Lock()
	l.profile, l.devices, l.clients = l.profile || again[0], l.devices || again[1], l.clients || again[2]
	l.notBefore = l.last + retry
	l.mu.Unlock()
	return retry
}

// fetch tells whether to try again.
func (l *lists) fetch(ctx context.Context, get func(context.Context) error) bool {
	err := get(ctx)
	if ctxEnded(err) {
		return false
	}
	l.e.heard(err)
	return err != nil && passing(err)
}

func (l *lists) fetchProfile(ctx context.Context) error {
	_, err := l.e.acct.Profile(ctx, account.Fresh())
	return err
}

func (l *lists) fetchDevices(ctx context.Context) error {
	devices, err := l.e.acct.Devices(ctx, account.Fresh())
	if ctxEnded(err) {
		return err
	}
	for i, d := range devices {
		if d.IsCurrentDevice {
			devices[i].DisplayName = l.ownName(ctx, d.DisplayName)
		}
	}
	now := l.e.now()
	l.e.change(func(m *model) {
		if err != nil {
			m.devices.Problem = sentence(err)
			m.devices.Known = m.devices.Known || errors.Is(err, account.ErrDevicesUnavailable)
			return
		}
		m.devices = localapi.DeviceList{ListState: localapi.ListState{Known: true, At: now}, Items: m.orderDevices(showDevices(devices))}
	})
	for _, d := range devices {
		if d.IsCurrentDevice {
			l.e.pushing.ownRecord(d)
		}
	}
	return err
}

// ownName gives this device the name that a person chose for it, where a new sign-in has begun with
// the first one again.
func (l *lists) ownName(ctx context.Context, name string) string {
	var chosen string
	l.e.read(func(m *model) { chosen = m.notes.DeviceName })
	if chosen == "" || chosen == name {
		return name
	}
	if _, err := l.e.acct.SetDeviceName(ctx, chosen); err != nil {
		l.e.a.params.Logger.Info("this device could not be given its name", "error", err)
		return name
	}
	return chosen
}

// showDevices turns the account's devices into those of the local API.
func showDevices(devices []account.Device) []localapi.Device {
	items := make([]localapi.Device, 0, len(devices))
	for _, d := range devices {
		item := localapi.Device{
			ID: d.ID, Name: link.Clean(d.DisplayName), Type: deviceTypeName(d.Type), This: d.IsCurrentDevice,
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

func place(l account.Location) string {
	var parts []string
	for _, part := range []string{l.City, l.Country} {
		if part = link.Clean(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func (l *lists) fetchClients(ctx context.Context) error {
	clients, err := l.e.acct.AttachedClients(ctx, account.Fresh())
	if ctxEnded(err) {
		return err
	}
	now := l.e.now()
	attached := make(map[string]account.AttachedClient)
	items := make([]localapi.AttachedClient, 0, len(clients))
	for _, c := range clients {
		if c.DeviceID != "" {
			continue // in the list of devices
		}
		id := clientKey(c)
		attached[id] = c
		items = append(items, localapi.AttachedClient{
			ID: id, Name: link.Clean(c.Name), This: c.IsCurrentSession, LastAccess: c.LastAccess, Created: c.Created,
		})
	}
	if err == nil {
		l.mu.Lock()
		l.attached = attached
		l.mu.Unlock()
	}
	l.e.change(func(m *model) {
		switch {
		case errors.Is(err, account.ErrNoSessionToken):
			m.clients = localapi.ClientList{ListState: localapi.ListState{Known: true, Problem: sentence(err)}}
		case err != nil:
			m.clients.Problem = sentence(err)
		default:
			m.clients = localapi.ClientList{ListState: localapi.ListState{Known: true, At: now}, Items: items}
		}
	})
	return err
}

// clientKey names an attached client to faces without showing the server's ids, which are derived
// from tokens.
func clientKey(c account.AttachedClient) string {
	sum := sha256.Sum256([]byte(c.ClientID + "\x00" + c.SessionTokenID + "\x00" + c.RefreshTokenID))
	return hex.EncodeToString(sum[:8])
}

// client finds an attached client by the id that faces use.
func (l *lists) client(id string) (account.AttachedClient, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.attached[id]
	return c, ok
}
