package account

import "time"

// cachedClients is the last list of attached clients and when it was fetched, on
// the monotonic clock; a nil list is none.
type cachedClients struct {
	list []AttachedClient
	at   time.Duration
}

// AttachedClient is one thing that has access to the account: a device, a browser
// session, or an OAuth client.
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
