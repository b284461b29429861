package account

import "time"

// revocationKind says what is to be revoked.
type revocationKind string

const (
	revokeDevice  revocationKind = "device"  // the device record ID, with Token
	revokeRefresh revocationKind = "refresh" // the refresh token Token
	revokeAccess  revocationKind = "access"  // the access token Token
	revokeSession revocationKind = "session" // the session token Token
)

// revocation is a credential that must be revoked on the server and is no longer
// used for anything else.
type revocation struct {
	Kind  revocationKind `json:"kind"`
	ID    string         `json:"id,omitempty"`
	Token string         `json:"token"`
	Since time.Time      `json:"since"`
}
