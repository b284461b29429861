package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// clientsFresh is how long the list of attached clients is taken for current, as
// Mozilla's component does.
const clientsFresh = 60 * time.Second

// cachedClients is the last list of attached clients and when it was fetched, on
// the monotonic clock; a nil list is none.
type cachedClients struct {
	list []AttachedClient
	at   time.Duration
}

// AttachedClient is one thing that has access to the account: a device, a browser
// session, or an OAuth client. Of the ids, those are set that the server has for it.
type AttachedClient struct {
	ClientID         string
	DeviceID         string
	SessionTokenID   string
	RefreshTokenID   string
	DeviceType       DeviceType
	IsCurrentSession bool
	Name             string
	Created          time.Time // zero when unknown
	LastAccess       time.Time // zero when unknown
	Scopes           []string
}

// AttachedClients lists what has access to the account. It needs a session token
// (ErrNoSessionToken). A list younger than a minute is returned again unless [Fresh]
// is asked for.
//
// GET /v1/account/attached_clients; fxa-client get_attached_clients;
// docs/protocol/accounts-client.md §6.6.
func (a *Account) AttachedClients(ctx context.Context, opts ...ReadOption) ([]AttachedClient, error) {
	o := applied[readOptions](opts)
	var list []AttachedClient
	err := a.onSession(ctx, func(ctx context.Context, s *persisted, cred wire.Credential) error {
		now := a.clock.Monotonic()
		a.remember(func(m *memory) {
			if !o.fresh && m.clients.list != nil && now-m.clients.at < clientsFresh {
				list = m.clients.list
			}
		})
		if list != nil {
			return nil
		}
		told, err := a.wire.AttachedClients(ctx, cred)
		if err != nil {
			return err
		}
		list = make([]AttachedClient, 0, len(told))
		for _, c := range told {
			list = append(list, publicClient(c))
		}
		a.remember(func(m *memory) {
			if a.state().SessionToken == s.SessionToken { // else the list is another account's
				m.clients = cachedClients{list: list, at: now}
			}
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.Clone(list), nil
}

func publicClient(c wire.AttachedClient) AttachedClient {
	return AttachedClient{
		ClientID: c.ClientID, DeviceID: c.DeviceID, SessionTokenID: c.SessionTokenID, RefreshTokenID: c.RefreshTokenID,
		DeviceType: ParseDeviceType(c.DeviceType), IsCurrentSession: c.IsCurrentSession, Name: c.Name,
		Created: milliseconds(int64(c.CreatedTime)), LastAccess: milliseconds(int64(c.LastAccessTime)), Scopes: c.Scope,
	}
}

// milliseconds reads the server's times; 0 is unknown.
func milliseconds(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// DisconnectClient ends the access of an attached client from the list of
// [Account.AttachedClients]. It needs a verified session: ErrReauthenticate when
// ours is not.
//
// POST /v1/account/attached_client/destroy; not in fxa-client;
// docs/protocol/accounts-server.md §5.
func (a *Account) DisconnectClient(ctx context.Context, c AttachedClient) error {
	if c.ClientID == "" && c.DeviceID == "" && c.SessionTokenID == "" && c.RefreshTokenID == "" {
		return fmt.Errorf("the attached client has no id: %w", ErrInvalidArgument)
	}
	return a.onSession(ctx, func(ctx context.Context, _ *persisted, cred wire.Credential) error {
		err := a.wire.DestroyClient(ctx, cred, wire.ClientReference{
			ClientID: c.ClientID, DeviceID: c.DeviceID,
			SessionTokenID: c.SessionTokenID, RefreshTokenID: c.RefreshTokenID,
		})
		if err != nil {
			return err
		}
		a.remember(func(m *memory) {
			m.clients = cachedClients{}
			m.devices.drop()
		})
		return nil
	})
}
