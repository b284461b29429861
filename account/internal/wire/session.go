package wire

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

const (
	scopedKeyDataPath   = "v1/account/scoped-key-data"
	sessionStatusPath   = "v1/session/status"
	sessionDestroyPath  = "v1/session/destroy"
	verifyTOTPPath      = "v1/session/verify/totp"
	accountStatusPath   = "v1/account/status"
	accountProfilePath  = "v1/account/profile"
	attachedClientsPath = "v1/account/attached_clients"
	destroyClientPath   = "v1/account/attached_client/destroy"
)

// ScopedKeyData tells which key a key-bearing scope has.
type ScopedKeyData struct {
	Identifier           string `json:"identifier"`
	KeyRotationSecret    string `json:"keyRotationSecret"`
	KeyRotationTimestamp int64  `json:"keyRotationTimestamp"`
}

// ScopedKeyData asks which of the scopes bear keys for a client. Scopes without
// keys are absent from the answer.
func (c *Client) ScopedKeyData(ctx context.Context, session Credential, clientID, scope string) (map[string]ScopedKeyData, error) {
	var out map[string]ScopedKeyData
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: scopedKeyDataPath, cred: session,
		body: struct {
			ClientID string `json:"client_id"`
			Scope    string `json:"scope"`
		}{clientID, scope},
	}, &out)
	if err == nil && out == nil {
		err = a.missing("object")
	}
	return out, c.out(err)
}

// SessionStatus tells whose session it is and whether it is verified. A dead
// session is a 401.
type SessionStatus struct {
	UID   string `json:"uid"`
	State string `json:"state"`
}

// SessionStatus asks about a session.
func (c *Client) SessionStatus(ctx context.Context, session Credential) (SessionStatus, error) {
	var out SessionStatus
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodGet, path: sessionStatusPath, cred: session,
	}, &out)
	if err == nil && out.UID == "" {
		err = a.missing("uid")
	}
	return out, c.out(err)
}

// DestroySession ends a session.
func (c *Client) DestroySession(ctx context.Context, session Credential) error {
	_, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: sessionDestroyPath, cred: session,
		body: struct{}{},
	}, nil)
	return c.out(err)
}

// AccountExists asks whether there is an account with this uid.
func (c *Client) AccountExists(ctx context.Context, uid string) (bool, error) {
	var out struct {
		Exists *bool `json:"exists"`
	}
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodGet, path: accountStatusPath,
		query: url.Values{"uid": {uid}},
	}, &out)
	switch {
	case err != nil:
		return false, c.out(err)
	case out.Exists == nil:
		return false, c.out(a.missing("exists"))
	}
	return *out.Exists, c.out(nil)
}

// AccountProfile is what the auth server itself knows of an account. Members that
// the credential may not see are empty.
type AccountProfile struct {
	Email                 string   `json:"email"`
	Locale                string   `json:"locale"`
	AuthenticationMethods []string `json:"authenticationMethods"`
	AssuranceLevel        int      `json:"authenticatorAssuranceLevel"`
	MetricsEnabled        *bool    `json:"metricsEnabled"`
}

// AccountProfile asks the auth server for the account behind a session or an
// access token.
func (c *Client) AccountProfile(ctx context.Context, cred Credential) (AccountProfile, error) {
	var out AccountProfile
	_, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodGet, path: accountProfilePath, cred: cred,
	}, &out)
	return out, c.out(err)
}

// VerifyTOTP checks a two-step code for the session; false means a wrong code.
func (c *Client) VerifyTOTP(ctx context.Context, session Credential, code string) (bool, error) {
	var out struct {
		Success *bool `json:"success"`
	}
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: verifyTOTPPath, cred: session, byHand: true,
		body: map[string]string{"code": code},
	}, &out)
	switch {
	case err != nil:
		return false, c.out(err)
	case out.Success == nil:
		return false, c.out(a.missing("success"))
	}
	return *out.Success, c.out(nil)
}

// AttachedClient is one session, device or OAuth client of the account.
type AttachedClient struct {
	ClientID         string   `json:"clientId"`
	SessionTokenID   string   `json:"sessionTokenId"`
	RefreshTokenID   string   `json:"refreshTokenId"`
	DeviceID         string   `json:"deviceId"`
	DeviceType       string   `json:"deviceType"`
	IsCurrentSession bool     `json:"isCurrentSession"`
	Name             string   `json:"name"`
	CreatedTime      looseInt `json:"createdTime"`
	LastAccessTime   looseInt `json:"lastAccessTime"`
	Scope            []string `json:"scope"`
}

// AttachedClients lists what is attached to the account. Elements that cannot be
// read are left out.
func (c *Client) AttachedClients(ctx context.Context, session Credential) ([]AttachedClient, error) {
	var raw []json.RawMessage
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodGet, path: attachedClientsPath, cred: session,
	}, &raw)
	if err == nil && raw == nil {
		err = a.missing("list")
	}
	if err != nil {
		return nil, c.out(err)
	}
	return elements[AttachedClient](raw), c.out(nil)
}

// elements decodes the elements of a list one by one and leaves out those that
// do not fit: one odd entry must not hide the others.
func elements[T any](raw []json.RawMessage) []T {
	list := make([]T, 0, len(raw))
	for _, text := range raw {
		var element *T
		if json.Unmarshal(text, &element) == nil && element != nil {
			list = append(list, *element)
		}
	}
	return list
}

// ClientReference names an attached client by the ids the server gave for it; at
// least one is needed, and RefreshTokenID needs ClientID.
type ClientReference struct {
	ClientID       string `json:"clientId,omitempty"`
	SessionTokenID string `json:"sessionTokenId,omitempty"`
	RefreshTokenID string `json:"refreshTokenId,omitempty"`
	DeviceID       string `json:"deviceId,omitempty"`
}

// DestroyClient ends the access of an attached client. The session must be
// verified.
func (c *Client) DestroyClient(ctx context.Context, session Credential, r ClientReference) error {
	_, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: destroyClientPath, cred: session, body: r,
	}, nil)
	return c.out(err)
}
