package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// schemaV2 tags the text that Mozilla's own component writes.
const schemaV2 = "V2"

// stateV2 is the state as Mozilla's component keeps it.
type stateV2 struct {
	SchemaVersion string               `json:"schema_version"`
	Config        *configV2            `json:"config"`
	DeviceID      *string              `json:"current_device_id"`
	RefreshToken  *refreshToken        `json:"refresh_token"`
	ScopedKeys    map[string]ScopedKey `json:"scoped_keys"`
	LastCommand   *int64               `json:"last_handled_command"`
	CommandKeys   map[string]string    `json:"commands_data"`
	Capabilities  []Capability         `json:"device_capabilities"`
	AccessTokens  map[string]accessV2  `json:"access_token_cache"`
	SessionToken  *string              `json:"session_token"`
	Profile       *profileV2           `json:"last_seen_profile"`
	LocalDevice   *localDeviceV2       `json:"server_local_device_info"`
	AuthIssues    bool                 `json:"logged_out_from_auth_issues"`
}

type configV2 struct {
	ContentURL     string  `json:"content_url"`
	TokenServerURL *string `json:"token_server_url_override"`
	ClientID       string  `json:"client_id"`
	RedirectURI    string  `json:"redirect_uri"`
}

type accessV2 struct {
	Scope     string     `json:"scope"`
	Token     string     `json:"token"`
	Key       *ScopedKey `json:"key"`
	ExpiresAt int64      `json:"expires_at"` // seconds
}

type profileV2 struct {
	Response struct {
		UID           string  `json:"uid"`
		Email         string  `json:"email"`
		DisplayName   *string `json:"displayName"`
		Avatar        string  `json:"avatar"`
		AvatarDefault bool    `json:"avatarDefault"`
	} `json:"response"`
	CachedAt int64  `json:"cached_at"` // milliseconds
	ETag     string `json:"etag"`
}

type localDeviceV2 struct {
	ID                  string            `json:"id"`
	DisplayName         string            `json:"display_name"`
	DeviceType          *DeviceType       `json:"device_type"`
	Capabilities        []Capability      `json:"capabilities"`
	PushSubscription    *PushSubscription `json:"push_subscription"`
	PushEndpointExpired bool              `json:"push_endpoint_expired"`
}

// importV2 reads the text of Mozilla's component. Unknown members are ignored.
func importV2(text []byte, schema string) (*persisted, error) {
	if schema != schemaV2 {
		return nil, fmt.Errorf("schema version is not %s: %w", schemaV2, ErrInvalidState)
	}
	var v stateV2
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fmt.Errorf("a member has the wrong type: %w", ErrInvalidState)
	}
	if v.Config == nil || v.ScopedKeys == nil {
		return nil, fmt.Errorf("config or scoped_keys is missing: %w", ErrInvalidState)
	}
	s := &persisted{
		Version: stateVersion,
		Config: storedConfig{
			ContentURL: v.Config.ContentURL, ClientID: v.Config.ClientID, RedirectURI: v.Config.RedirectURI,
			TokenServerURL: value(v.Config.TokenServerURL),
		},
		RefreshToken: v.RefreshToken,
		SessionToken: value(v.SessionToken),
		ScopedKeys:   v.ScopedKeys,
		AuthIssues:   v.AuthIssues,
		DeviceID:     value(v.DeviceID),
		Capabilities: normalCapabilities(v.Capabilities),
		CommandKeys:  v.CommandKeys,
		LastCommand:  value(v.LastCommand),
	}
	if s.RefreshToken != nil {
		s.Scopes = s.RefreshToken.Scopes
	}
	for _, t := range v.AccessTokens {
		if s.AccessTokens == nil {
			s.AccessTokens = make(map[string]storedAccess, len(v.AccessTokens))
		}
		s.AccessTokens[scopeKey(t.Scope)] = storedAccess{
			Scope: t.Scope, Token: t.Token, ExpiresAt: time.Unix(t.ExpiresAt, 0).UTC(),
		}
	}
	if p := v.Profile; p != nil {
		s.Profile = &storedProfile{
			Profile: Profile{
				UID: p.Response.UID, Email: p.Response.Email, DisplayName: value(p.Response.DisplayName),
				Avatar: p.Response.Avatar, IsDefaultAvatar: p.Response.AvatarDefault,
			},
			ETag: p.ETag, FetchedAt: time.UnixMilli(p.CachedAt).UTC(),
		}
		s.EmailHint = p.Response.Email
		if s.authState() == AuthStateDisconnected && s.SessionToken == "" {
			s.LastSeen, s.Profile = &s.Profile.Profile, nil // signed out
		}
	}
	if d := v.LocalDevice; d != nil {
		s.LocalDevice = &LocalDevice{
			ID: d.ID, DisplayName: d.DisplayName, Type: value(d.DeviceType), Capabilities: d.Capabilities,
			PushSubscription: d.PushSubscription, PushEndpointExpired: d.PushEndpointExpired,
		}
	}
	if key, ok := s.ScopedKeys[ScopeOldSync]; ok && len(s.CommandKeys) > 0 {
		s.BundleKID = key.KID
	}
	return s, s.check()
}

// value reads an optional member.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// ExportV2 returns the state as Mozilla's component writes it (schema "V2"), so that
// another program can go on with this sign-in. Afterwards only one of the two may
// be used. Revocations still owed, waits, and the cached device list have no place
// in that schema and are left out. The text holds tokens and keys.
//
// No request; fxa-client to_json; docs/protocol/accounts-client.md §11.
func (a *Account) ExportV2() ([]byte, error) {
	s := a.state()
	v := stateV2{
		SchemaVersion: schemaV2,
		Config: &configV2{
			ContentURL: s.Config.ContentURL, ClientID: s.Config.ClientID, RedirectURI: s.Config.RedirectURI,
			TokenServerURL: optional(s.Config.TokenServerURL),
		},
		DeviceID:     optional(s.DeviceID),
		RefreshToken: s.RefreshToken,
		ScopedKeys:   map[string]ScopedKey{},
		LastCommand:  optional(s.LastCommand),
		CommandKeys:  map[string]string{},
		Capabilities: append([]Capability{}, s.Capabilities...),
		AccessTokens: map[string]accessV2{},
		SessionToken: optional(s.SessionToken),
		AuthIssues:   s.AuthIssues,
	}
	maps.Copy(v.ScopedKeys, s.ScopedKeys)
	maps.Copy(v.CommandKeys, s.CommandKeys)
	for name, t := range s.AccessTokens {
		access := accessV2{Scope: t.Scope, Token: t.Token, ExpiresAt: t.ExpiresAt.Unix()}
		if key, ok := s.ScopedKeys[name]; ok {
			access.Key = &key
		}
		v.AccessTokens[name] = access
	}
	p := s.Profile
	if p == nil && s.LastSeen != nil {
		p = &storedProfile{Profile: *s.LastSeen, FetchedAt: time.UnixMilli(0)}
	}
	if p != nil {
		v.Profile = &profileV2{CachedAt: p.FetchedAt.UnixMilli(), ETag: p.ETag}
		r := &v.Profile.Response
		r.UID, r.Email, r.DisplayName = p.Profile.UID, p.Profile.Email, optional(p.Profile.DisplayName)
		r.Avatar, r.AvatarDefault = p.Profile.Avatar, p.Profile.IsDefaultAvatar
	}
	if d := s.LocalDevice; d != nil {
		v.LocalDevice = &localDeviceV2{
			ID: d.ID, DisplayName: d.DisplayName, DeviceType: optional(d.Type),
			Capabilities:     append([]Capability{}, d.Capabilities...),
			PushSubscription: d.PushSubscription, PushEndpointExpired: d.PushEndpointExpired,
		}
	}
	slices.Sort(v.Capabilities)
	text, err := json.Marshal(v) // #nosec G117 -- the state holds tokens; the saver seals it
	if err != nil {
		return nil, fmt.Errorf("write the account state: %w: %w", ErrInternal, err)
	}
	return text, nil
}

// optional writes a zero value as null.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
