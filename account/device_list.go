package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/internal/wire"
)

const (
	// devicesFresh is how long a list of devices is taken for current, as in
	// Mozilla's component.
	devicesFresh = 60 * time.Second
	// idleAfter is how long a device may be silent before Mozilla's clients leave
	// it out of their lists.
	idleAfter = 21 * 24 * time.Hour
	// maxDeviceName is the server's limit, in characters.
	maxDeviceName = 255
)

// cachedDevices is the last list and when it was fetched, on the monotonic clock.
type cachedDevices struct {
	list []Device
	at   time.Duration
	// as is the saved list that this one was found not to differ from: comparing 500
	// devices for every tab took longer than decrypting it.
	as *knownDevices
	// token is the refresh token it was fetched with; empty when there is no list.
	// An answer that comes after the sign-in has changed is of no use to the next.
	token string
}

func (c *cachedDevices) drop() { *c = cachedDevices{} }

// Devices lists the devices of the account, this one included, in the server's
// order. A list younger than a minute is returned again without a request, unless
// [Fresh] asks for one; [WithoutIdle] leaves out devices silent for three weeks.
//
// It needs a sign-in with ScopeOldSync; a server that keeps devices from this
// client is ErrDevicesUnavailable.
//
// GET /v1/account/devices; fxa-client get_devices; docs/protocol/accounts-client.md §6.3.
func (a *Account) Devices(ctx context.Context, opts ...ReadOption) ([]Device, error) {
	o := applied[readOptions](opts)
	var list []Device
	var with *refreshToken
	err := a.viewDevices(ctx, func(ctx context.Context, s *persisted) error {
		var err error
		with = s.RefreshToken
		list, err = a.listDevices(ctx, s, o.fresh)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.keepDevices(ctx, list, with.Token); err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	if o.withoutIdle {
		since := a.idleSince()
		list = slices.DeleteFunc(list, func(d Device) bool {
			return !d.IsCurrentDevice && !d.LastAccess.IsZero() && d.LastAccess.Before(since)
		})
	}
	return list, nil
}

// SavedDevices is the last list the server gave, perhaps in an earlier run, and
// when; nothing is asked. A list that was never fetched has a zero time.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §6.3.
func (a *Account) SavedDevices() ([]Device, time.Time) {
	s := a.state()
	if s.known == nil {
		return nil, time.Time{}
	}
	return slices.Clone(s.known.list), s.known.at
}

// listDevices returns the cached list or fetches one. A failure leaves the cache
// as it is. The result must not be changed.
func (a *Account) listDevices(ctx context.Context, s *persisted, fresh bool) ([]Device, error) {
	token, err := s.refresh()
	if err != nil {
		return nil, err
	}
	now := a.clock.Monotonic()
	var cached cachedDevices
	a.remember(func(m *memory) { cached = m.devices })
	if !fresh && cached.token == token && now-cached.at < devicesFresh {
		return cached.list, nil
	}
	// Idle devices are asked for too: they are good targets, and left out of the
	// list only for those who want that.
	records, err := a.wire.Devices(ctx, wire.Bearer(token), time.Time{})
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	list := make([]Device, 0, len(records))
	for _, r := range records {
		list = append(list, deviceFrom(r))
	}
	a.remember(func(m *memory) { m.devices = cachedDevices{list: list, at: now, token: token} })
	return list, nil
}

// keepDevices saves a list that differs from the saved one. When devices were
// last seen changes all the time and is not worth a write. A list that was fetched
// with another token than the one held by now is not kept.
func (a *Account) keepDevices(ctx context.Context, list []Device, token string) error {
	if a.sameDevices(a.state(), list) && !a.state().DevicesUnavailable {
		return nil
	}
	return a.change(ctx, func(_ context.Context, t *tx) error {
		if held, err := t.state.refresh(); err == nil && held == token {
			t.keepDevices(list)
		}
		return nil
	})
}

// keepDevices puts a list that was just fetched into the state.
func (t *tx) keepDevices(list []Device) {
	t.state.DevicesUnavailable = false
	if !t.a.sameDevices(t.state, list) {
		t.state.known = newKnownDevices(list, t.a.clock.Now().UTC())
	}
}

// sameDevices reports whether a list is the saved one, but for when devices were last
// seen.
func (a *Account) sameDevices(s *persisted, list []Device) bool {
	cached := func(m *memory) bool {
		c := m.devices.list
		return len(c) == len(list) && (len(c) == 0 || &c[0] == &list[0])
	}
	same := false
	a.remember(func(m *memory) { same = cached(m) && s.known != nil && m.devices.as == s.known })
	if same {
		return true
	}
	if devicesDiffer(s.known.devices(), list) {
		return false
	}
	a.remember(func(m *memory) {
		if cached(m) {
			m.devices.as = s.known
		}
	})
	return true
}

func devicesDiffer(a, b []Device) bool {
	return !slices.EqualFunc(a, b, func(x, y Device) bool {
		x.LastAccess, y.LastAccess = time.Time{}, time.Time{}
		return reflect.DeepEqual(x, y)
	})
}

// deviceFrom reads a record of the server.
func deviceFrom(r wire.Device) Device {
	d := Device{
		ID: r.ID, DisplayName: r.Name, Type: ParseDeviceType(string(r.Type)),
		Capabilities:        capabilitiesOf(r.AvailableCommands),
		PushSubscription:    subscriptionFrom(r),
		PushEndpointExpired: bool(r.PushEndpointExpired),
		IsCurrentDevice:     bool(r.IsCurrentDevice),
	}
	if len(r.AvailableCommands) > 0 {
		d.Commands = r.AvailableCommands
	}
	if r.LastAccessTime > 0 {
		d.LastAccess = time.UnixMilli(int64(r.LastAccessTime)).UTC()
	}
	if r.Location != nil {
		d.Location = Location{
			City: string(r.Location.City), State: string(r.Location.State), Country: string(r.Location.Country),
		}
	}
	return d
}

// subscriptionFrom is nil unless all three members are there.
func subscriptionFrom(r wire.Device) *PushSubscription {
	if r.PushCallback == "" || r.PushPublicKey == "" || r.PushAuthKey == "" {
		return nil
	}
	return &PushSubscription{
		Endpoint: string(r.PushCallback), PublicKey: string(r.PushPublicKey), AuthKey: string(r.PushAuthKey),
	}
}

// CurrentDeviceID is the id of this installation's own record; ErrNoDevice before
// it was registered. Nothing is asked.
//
// No request; fxa-client get_current_device_id; docs/protocol/accounts-client.md §6.2.
func (a *Account) CurrentDeviceID() (string, error) {
	if id := a.state().DeviceID; id != "" {
		return id, nil
	}
	return "", ErrNoDevice
}

// DisconnectDevice removes a device from the account: its record, its tokens and
// the commands waiting for it. The own id means [Account.Disconnect].
//
// POST /v1/account/device/destroy; not in fxa-client; docs/protocol/accounts-client.md §3.
func (a *Account) DisconnectDevice(ctx context.Context, id string) error {
	if id == "" {
		return fmt.Errorf("device id is empty: %w", ErrInvalidArgument)
	}
	if id == a.state().DeviceID {
		return a.Disconnect(ctx)
	}
	err := a.viewDevices(ctx, func(ctx context.Context, s *persisted) error {
		token, err := s.refresh()
		if err != nil {
			return err
		}
		if err := a.wire.DestroyDevice(ctx, wire.Bearer(token), id); err != nil {
			return fmt.Errorf("disconnect device: %w", err)
		}
		return nil
	})
	if err == nil || errors.Is(err, ErrUnknownDevice) {
		a.remember(func(m *memory) {
			m.devices.drop()
			m.clients = cachedClients{}
		})
	}
	return err
}

// checkDeviceName applies the server's rules, so that a bad name is known before
// it is sent.
func checkDeviceName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("device name is empty: %w", ErrDeviceName)
	case !utf8.ValidString(name):
		return fmt.Errorf("device name is not UTF-8: %w", ErrDeviceName)
	case utf8.RuneCountInString(name) > maxDeviceName:
		return fmt.Errorf("device name has more than %d characters: %w", maxDeviceName, ErrDeviceName)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Co, r) }):
		return fmt.Errorf("device name has characters that cannot be shown: %w", ErrDeviceName)
	}
	return nil
}

// idleSince is the moment before which a silent device counts as idle.
func (a *Account) idleSince() time.Time { return a.clock.Now().Add(-idleAfter) }

// findDevice looks a device up by id.
func findDevice(list []Device, id string) (Device, bool) {
	i := slices.IndexFunc(list, func(d Device) bool { return d.ID == id })
	if i < 0 {
		return Device{}, false
	}
	return list[i], true
}

// ErrDeviceName says that a name is none that the server takes: empty, longer than
// 255 characters, or with ones that cannot be shown. It is an ErrInvalidArgument.
var ErrDeviceName = newSentinel(ErrInvalidArgument, "the device name cannot be used")

// ErrDevicesUnavailable says that the server lets this client have no device
// features, although the sign-in is alive: sending and receiving tabs is not
// possible here, everything else is. Class ErrForbidden.
var ErrDevicesUnavailable = newSentinel(ErrForbidden, "devices are not available to this client on this server")

// DevicesAvailable reports whether device features can be expected to work. It is
// false after the server has kept this client from them, until it lets it.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §0.
func (a *Account) DevicesAvailable() bool { return !a.state().DevicesUnavailable }

// onDeviceRoute makes a call on a device route. On these routes a server refuses
// clients it does not list with the very number that means a dead token. So a
// refusal is looked into: the token is introspected; if it is active the call is
// made once more, and if that is refused too, the error is ErrDevicesUnavailable.
// In every other case the error is that of the call.
//
// It must not be called while a change is being made.
func (a *Account) onDeviceRoute(ctx context.Context, call func(context.Context) error) error {
	return a.refused(ctx, a.twiceIfRefused(looking(ctx), call))
}

// viewDevices is [Account.view] for a call on a device route.
func (a *Account) viewDevices(ctx context.Context, f func(ctx context.Context, s *persisted) error) error {
	return a.onDeviceRoute(ctx, func(ctx context.Context) error { return a.view(ctx, f) })
}

// twiceIfRefused makes the call, and once more where onDeviceRoute says.
func (a *Account) twiceIfRefused(ctx context.Context, call func(context.Context) error) error {
	err := call(ctx)
	if _, refused := deviceRefusal(err); !refused {
		return err
	}
	info, failed := a.CheckAuthorization(ctx)
	if failed != nil || !info.Active {
		return err
	}
	err = call(ctx)
	remote, refused := deviceRefusal(err)
	if !refused {
		return err
	}
	unavailable := *remote
	unavailable.meanings = []error{ErrDevicesUnavailable}
	if err := a.change(ctx, func(_ context.Context, t *tx) error {
		t.state.DevicesUnavailable = true
		return nil
	}); err != nil {
		return errors.Join(&unavailable, err)
	}
	return &unavailable
}

// deviceRefusal reports whether err may mean that this client has no right to device
// routes: a token said to be invalid, or, by older servers, a scope said to be
// missing.
func deviceRefusal(err error) (*RemoteError, bool) {
	var remote *RemoteError
	if !errors.As(err, &remote) || remote.Foreign || remote.Space != "auth" {
		return nil, false
	}
	refused := remote.Status == http.StatusUnauthorized && remote.Errno == 110 ||
		errors.Is(remote, ErrScopeNotAllowed)
	return remote, refused
}
