package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// InitializeDevice registers this installation as a device, or renames and
// re-publishes it: name and type as shown to the other devices, and what it can
// be asked to do. Capabilities need the key of ScopeOldSync (ErrNoScopedKey
// without); a client without that scope must ask for none.
//
// POST /v1/account/device; fxa-client initialize_device; docs/protocol/accounts-client.md §6.2.
func (a *Account) InitializeDevice(ctx context.Context, name string, t DeviceType, caps []Capability) (LocalDevice, error) {
	if err := checkDeviceName(name); err != nil {
		return LocalDevice{}, err
	}
	return a.updateDevice(ctx, func(tx *tx) (*wire.DeviceUpdate, error) {
		u, err := tx.publish(ctx, caps)
		if err != nil {
			return nil, err
		}
		u.Name, u.Type = &name, string(t)
		return u, nil
	})
}

// EnsureCapabilities makes the server publish exactly these capabilities. Nothing
// is sent when it already does, in whatever order, under today's keys. An empty
// list withdraws all.
//
// POST /v1/account/device unless published already; fxa-client ensure_capabilities;
// docs/protocol/accounts-client.md §6.2.
func (a *Account) EnsureCapabilities(ctx context.Context, caps []Capability) (LocalDevice, error) {
	return a.updateDevice(ctx, func(tx *tx) (*wire.DeviceUpdate, error) {
		if tx.state.published(caps) {
			tx.state.Capabilities = normalCapabilities(caps)
			return nil, nil
		}
		return tx.publish(ctx, caps)
	})
}

// SetDeviceName changes the name under which the other devices see this one: at
// most 255 characters, none of them control or private-use.
//
// POST /v1/account/device; fxa-client set_device_name; docs/protocol/accounts-client.md §6.2.
func (a *Account) SetDeviceName(ctx context.Context, name string) (LocalDevice, error) {
	if err := checkDeviceName(name); err != nil {
		return LocalDevice{}, err
	}
	return a.updateDevice(ctx, func(*tx) (*wire.DeviceUpdate, error) {
		return &wire.DeviceUpdate{Name: &name}, nil
	})
}

// ClearDeviceName asks the server to go back to a name of its own. Mozilla's
// servers refuse that, which is ErrUnsupported: set a default name instead.
//
// POST /v1/account/device; fxa-client clear_device_name; docs/protocol/accounts-client.md §6.2.
func (a *Account) ClearDeviceName(ctx context.Context) error {
	_, err := a.updateDevice(looking(ctx), func(*tx) (*wire.DeviceUpdate, error) {
		return &wire.DeviceUpdate{ClearName: true}, nil
	})
	var remote *RemoteError
	var save *SaveError
	other := errors.As(err, &save) || errors.Is(err, ErrScopeNotAllowed) || errors.Is(err, ErrDevicesUnavailable)
	if !other && errors.As(err, &remote) && !remote.Foreign && remote.Status == http.StatusBadRequest {
		return fmt.Errorf("clear the device name: %w", ErrUnsupported)
	}
	return a.refused(ctx, err)
}

// SetPushSubscription tells the server where to alert this device.
//
// POST /v1/account/device; fxa-client set_push_subscription;
// docs/protocol/accounts-client.md §6.2.
func (a *Account) SetPushSubscription(ctx context.Context, s PushSubscription) (LocalDevice, error) {
	if s.Endpoint == "" || s.PublicKey == "" || s.AuthKey == "" {
		return LocalDevice{}, fmt.Errorf("push subscription is incomplete: %w", ErrInvalidArgument)
	}
	return a.updateDevice(ctx, func(*tx) (*wire.DeviceUpdate, error) {
		return &wire.DeviceUpdate{PushCallback: s.Endpoint, PushPublicKey: s.PublicKey, PushAuthKey: s.AuthKey}, nil
	})
}

// publish remembers the capabilities and builds the update that publishes them.
// Keys made for it are saved first: a sender may use them as soon as the server
// has them.
func (t *tx) publish(ctx context.Context, caps []Capability) (*wire.DeviceUpdate, error) {
	caps = normalCapabilities(caps)
	if _, err := t.state.refresh(); err != nil {
		return nil, err
	}
	held := len(t.state.CommandKeys)
	commands, err := t.sealCommands(caps)
	if err != nil {
		return nil, err
	}
	t.state.Capabilities = caps
	if len(t.state.CommandKeys) != held {
		// What the server has is another set of keys until it is told.
		t.state.LocalDevice = nil
		if err := t.commit(ctx); err != nil {
			return nil, err
		}
	}
	return &wire.DeviceUpdate{AvailableCommands: &commands}, nil
}

// updateDevice sends the partial record that build makes; nil sends nothing.
func (a *Account) updateDevice(ctx context.Context, build func(*tx) (*wire.DeviceUpdate, error)) (LocalDevice, error) {
	var local LocalDevice
	err := a.onDeviceRoute(ctx, func(ctx context.Context) error {
		return a.change(ctx, func(ctx context.Context, t *tx) error {
			update, err := build(t)
			if err != nil {
				return err
			}
			if update != nil {
				local, err = t.updateDevice(ctx, *update)
				return err
			}
			if t.state.LocalDevice == nil {
				return ErrNoDevice
			}
			local = *t.state.LocalDevice.clone()
			return nil
		})
	})
	if err != nil {
		return LocalDevice{}, err
	}
	return local, nil
}

// updateDevice posts an update and takes over the answer. A failure drops what is
// known of the record, so that the next EnsureCapabilities publishes again.
func (t *tx) updateDevice(ctx context.Context, u wire.DeviceUpdate) (LocalDevice, error) {
	token, err := t.state.refresh()
	if err != nil {
		return LocalDevice{}, err
	}
	record, err := t.a.wire.UpdateDevice(ctx, wire.Bearer(token), u)
	if err != nil {
		t.state.LocalDevice = nil
		return LocalDevice{}, errors.Join(fmt.Errorf("update the device record: %w", err), t.commit(ctx))
	}
	local := localFrom(record, u, t.state.LocalDevice)
	if t.state.DeviceID != "" && t.state.DeviceID != record.ID {
		t.state.LastCommand = 0 // the queue of another record, perhaps on a server that counts anew
		t.onCommit(func(m *memory) { m.commands.announced, m.commands.low, m.commands.received = 0, 0, nil })
	}
	t.state.DeviceID, t.state.LocalDevice = record.ID, local
	t.state.DevicesUnavailable = false
	t.onCommit(func(m *memory) { m.devices.drop() })
	return *local.clone(), nil
}

// localFrom reads the server's answer to an update. Some servers answer with an
// empty map of commands to an update that left the map alone, so that what is
// known better is kept.
func localFrom(r wire.Device, u wire.DeviceUpdate, before *LocalDevice) *LocalDevice {
	d := deviceFrom(r)
	local := &LocalDevice{
		ID: d.ID, DisplayName: d.DisplayName, Type: d.Type, Capabilities: d.Capabilities,
		PushSubscription: d.PushSubscription, PushEndpointExpired: d.PushEndpointExpired,
	}
	switch {
	case u.AvailableCommands != nil:
		local.Capabilities = capabilitiesOf(*u.AvailableCommands)
	case len(local.Capabilities) == 0 && before != nil && before.ID == local.ID:
		local.Capabilities = slices.Clone(before.Capabilities)
	}
	return local
}

// ownRecord is our device record as it was under a refresh token that is being
// replaced.
type ownRecord struct {
	name                         string
	kind                         DeviceType
	endpoint, publicKey, authKey string
	commands                     map[string]string
}

// ownRecord reads our device record with the refresh token held, from the server
// and not from a cache, so that a rename a moment ago is not undone. When the
// server cannot be asked, as after a password change, what it last said must do.
// It is nil when there is no record.
func (t *tx) ownRecord(ctx context.Context) *ownRecord {
	s := t.state
	if s.RefreshToken == nil {
		return nil
	}
	list, err := t.a.wire.Devices(ctx, wire.Bearer(s.RefreshToken.Token), time.Time{})
	if err == nil {
		for _, d := range list {
			if d.IsCurrentDevice {
				return &ownRecord{
					name: d.Name, kind: ParseDeviceType(string(d.Type)),
					endpoint: string(d.PushCallback), publicKey: string(d.PushPublicKey), authKey: string(d.PushAuthKey),
					commands: d.AvailableCommands,
				}
			}
		}
		return nil
	}
	d := s.LocalDevice
	if d == nil {
		return nil
	}
	r := &ownRecord{name: d.DisplayName, kind: d.Type}
	if p := d.PushSubscription; p != nil {
		r.endpoint, r.publicKey, r.authKey = p.Endpoint, p.PublicKey, p.AuthKey
	}
	return r
}

// carryOver makes our device record anew with the refresh token held now. The
// command keys are sealed again when the account has another sync key than the one
// they were published with: nobody could read them. Failing is no harm beyond
// [persisted.LocalDevice] being unknown, which makes the next check of the
// capabilities publish everything; only a failure to save is returned.
func (t *tx) carryOver(ctx context.Context, before *ownRecord) error {
	if before == nil {
		return nil
	}
	u := wire.DeviceUpdate{Type: string(before.kind)}
	if before.name != "" {
		u.Name = &before.name
	}
	if before.endpoint != "" && before.publicKey != "" && before.authKey != "" {
		u.PushCallback, u.PushPublicKey, u.PushAuthKey = before.endpoint, before.publicKey, before.authKey
	}
	key, err := t.state.syncKey()
	switch {
	case err != nil:
	case before.commands != nil && key.KID == t.state.BundleKID:
		u.AvailableCommands = &before.commands
	default:
		commands, err := t.sealCommands(normalCapabilities(t.state.Capabilities))
		if err != nil {
			return nil // the next check of the capabilities tries again, and reports
		}
		u.AvailableCommands = &commands
		// Keys made just now are saved before anybody can encrypt to them.
		if err := t.commit(ctx); err != nil {
			return err
		}
	}
	var save *SaveError
	if _, err = t.updateDevice(ctx, u); errors.As(err, &save) {
		return err
	}
	return t.commit(ctx)
}
