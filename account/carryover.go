package account

import (
	"context"
	"errors"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

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
