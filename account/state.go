package account

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// stateVersion is the version of our own schema. A state with another one was
// written by another program and is refused rather than read in part.
const stateVersion = 1

// persisted is everything that outlives the process. A value that has been made
// current is never changed again: changes are made to a clone, see [tx].
type persisted struct {
	Version int          `json:"version"`
	Config  storedConfig `json:"config"`

	// RefreshToken is what being signed in means.
	RefreshToken *refreshToken `json:"refresh_token,omitempty"`
	// SessionToken is hex of 32 bytes; empty when the sign-in brought none.
	SessionToken string `json:"session_token,omitempty"`
	// SessionUID is whose session it is, by the word of the page that delivered it.
	SessionUID string               `json:"session_uid,omitempty"`
	ScopedKeys map[string]ScopedKey `json:"scoped_keys,omitempty"`
	// AccessTokens is keyed by the normalised scope list.
	AccessTokens map[string]storedAccess `json:"access_tokens,omitempty"`
	// Scopes is what was granted last. It outlives AuthIssues, so that the next
	// sign-in can ask for the same.
	Scopes []string `json:"scopes,omitempty"`
	// AuthIssues says that the server ended the sign-in.
	AuthIssues bool `json:"auth_issues,omitempty"`

	Profile *storedProfile `json:"profile,omitempty"`
	// LastSeen is the profile of the sign-in that ended here, until the next one's is
	// known; PreviousUID is whose it was when that is somebody else.
	LastSeen    *Profile `json:"last_seen,omitempty"`
	PreviousUID string   `json:"previous_uid,omitempty"`
	// EmailHint is the last e-mail signed in with; see Account.EmailHint.
	EmailHint string `json:"email_hint,omitempty"`

	// DeviceID is our record on the server; LocalDevice what the server last said
	// about it, nil when that must not be relied on.
	DeviceID    string       `json:"device_id,omitempty"`
	LocalDevice *LocalDevice `json:"local_device,omitempty"`
	// Capabilities are those last asked for.
	Capabilities []Capability `json:"capabilities,omitempty"`
	// CommandKeys holds for each command the text of its key pair.
	CommandKeys map[string]string `json:"command_keys,omitempty"`
	// BundleKID is the kid of the sync key that the published command keys are
	// sealed with; they must be published again when the key is another.
	BundleKID string `json:"bundle_kid,omitempty"`
	// LastCommand is the index of the last command handled, 0 when none was.
	LastCommand int64 `json:"last_command,omitempty"`
	// DevicesUnavailable says that this server does not offer device features to
	// this client, although the sign-in is alive.
	DevicesUnavailable bool `json:"devices_unavailable,omitempty"`
	// known is written apart; see knownDevices.
	known *knownDevices

	// MetricsRefused says that the last profile here said no to usage data. It outlives the
	// sign-in: who comes next is asked on the same screen.
	MetricsRefused bool `json:"metrics_refused,omitempty"`

	// Hawk says that the server was found to take session tokens in the Hawk form only.
	Hawk bool `json:"hawk,omitempty"`

	// Revocations are credentials still to be revoked on the server.
	Revocations []revocation `json:"revocations,omitempty"`
	// Waits are the waits that servers asked for, by service or by feature that is
	// switched off, and WaitsAt is when they were noted.
	Waits   map[string]time.Time `json:"waits,omitempty"`
	WaitsAt time.Time            `json:"waits_at,omitzero"`
}

type storedConfig struct {
	ContentURL     string `json:"content_url"`
	ClientID       string `json:"client_id"`
	RedirectURI    string `json:"redirect_uri"`
	TokenServerURL string `json:"token_server_url,omitempty"`
}

func (c storedConfig) public() Config {
	return Config{
		Server: CustomServer(c.ContentURL), ClientID: c.ClientID,
		RedirectURI: c.RedirectURI, TokenServerURL: c.TokenServerURL,
	}
}

func (c Config) stored() storedConfig {
	return storedConfig{
		ContentURL: c.Server.ContentURL(), ClientID: c.ClientID,
		RedirectURI: c.RedirectURI, TokenServerURL: c.TokenServerURL,
	}
}

type refreshToken struct {
	Token  string   `json:"token"`
	Scopes []string `json:"scopes"` // normalised
}

type storedAccess struct {
	// Scope is what the server granted, in its own words.
	Scope     string    `json:"scope"`
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

type storedProfile struct {
	Profile   Profile   `json:"profile"`
	ETag      string    `json:"etag,omitempty"`
	FetchedAt time.Time `json:"fetched_at"`
	// Stale says that the server told of a change since.
	Stale bool `json:"stale,omitempty"`
}

// clone copies everything that can be changed through the value.
func (s *persisted) clone() *persisted {
	c := *s
	if s.RefreshToken != nil {
		t := *s.RefreshToken
		t.Scopes = slices.Clone(t.Scopes)
		c.RefreshToken = &t
	}
	c.ScopedKeys = maps.Clone(s.ScopedKeys)
	c.AccessTokens = maps.Clone(s.AccessTokens)
	c.Scopes = slices.Clone(s.Scopes)
	if s.Profile != nil {
		p := *s.Profile
		c.Profile = &p
	}
	if s.LastSeen != nil {
		p := s.LastSeen.clone()
		c.LastSeen = &p
	}
	if s.LocalDevice != nil {
		c.LocalDevice = s.LocalDevice.clone()
	}
	c.Capabilities = slices.Clone(s.Capabilities)
	c.CommandKeys = maps.Clone(s.CommandKeys)
	c.Revocations = slices.Clone(s.Revocations)
	c.Waits = maps.Clone(s.Waits)
	return &c
}

func (d *LocalDevice) clone() *LocalDevice {
	c := *d
	c.Capabilities = slices.Clone(d.Capabilities)
	if d.PushSubscription != nil {
		p := *d.PushSubscription
		c.PushSubscription = &p
	}
	return &c
}

// authState is the persisted view of being signed in.
func (s *persisted) authState() AuthState {
	switch {
	case s.RefreshToken != nil:
		return AuthStateConnected
	case s.AuthIssues:
		return AuthStateAuthIssues
	default:
		return AuthStateDisconnected
	}
}

// uid is the account's id, empty until a profile was fetched.
func (s *persisted) uid() string {
	if s.Profile == nil {
		return ""
	}
	return s.Profile.Profile.UID
}

// countedUID is whose usage data may be collected as far as the profile's age goes: empty where none is
// known, or the server told of a change since.
func (s *persisted) countedUID() string {
	if s.Profile == nil || s.Profile.Stale {
		return ""
	}
	return s.uid()
}

// refresh is the refresh token, ErrNoRefreshToken when there is none.
func (s *persisted) refresh() (string, error) {
	if s.RefreshToken == nil {
		return "", ErrNoRefreshToken
	}
	return s.RefreshToken.Token, nil
}

// syncKey is the key of ScopeOldSync, ErrNoScopedKey when it is not held.
func (s *persisted) syncKey() (ScopedKey, error) {
	key, ok := s.ScopedKeys[ScopeOldSync]
	if !ok {
		return ScopedKey{}, ErrNoScopedKey
	}
	return key, nil
}

// wipe removes what belongs to the sign-in. What must still be revoked has to be
// put into Revocations before.
func (s *persisted) wipe() {
	s.RefreshToken = nil
	s.setSession("", "")
	s.ScopedKeys, s.AccessTokens = nil, nil
	s.CommandKeys, s.BundleKID, s.LocalDevice = nil, "", nil
	s.DevicesUnavailable = false
}

// wipeForAuthIssues is what remains after the server ended the sign-in: device
// id, capabilities, command index, profile and scopes stay for the next one.
func (s *persisted) wipeForAuthIssues() {
	s.wipe()
	s.AuthIssues = true
}

// setSession puts a session token in the place of the one held; uid is whose it is,
// empty when nobody said.
func (s *persisted) setSession(token, uid string) { s.SessionToken, s.SessionUID = token, uid }

// wipeForDisconnect leaves configuration, the profile seen last, e-mail hint, waits
// and revocations.
func (s *persisted) wipeForDisconnect() {
	s.wipe()
	s.AuthIssues = false
	if s.Profile != nil {
		s.LastSeen, s.PreviousUID = &s.Profile.Profile, ""
	}
	s.Scopes, s.Profile = nil, nil
	s.DeviceID, s.Capabilities, s.LastCommand = "", nil, 0
	s.known = nil
}

// encode writes the state without the list of devices. The text is the same for equal
// states.
func (s *persisted) encode() ([]byte, error) {
	text, err := json.Marshal(s) // #nosec G117 -- the state holds tokens; the saver seals it
	if err != nil {
		return nil, fmt.Errorf("write the account state: %w: %w", ErrInternal, err)
	}
	return text, nil
}

// decodeState reads our own schema or imports that of Mozilla's component.
func decodeState(text []byte) (*persisted, error) {
	var head struct {
		Version       *int    `json:"version"`
		SchemaVersion *string `json:"schema_version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("not JSON: %w", ErrInvalidState)
	}
	switch {
	case head.SchemaVersion != nil:
		return importV2(text, *head.SchemaVersion)
	case head.Version == nil:
		return nil, fmt.Errorf("no version: %w", ErrInvalidState)
	case *head.Version != stateVersion:
		return nil, fmt.Errorf("version %d is not known: %w", *head.Version, ErrInvalidState)
	}
	s := new(persisted)
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("a member has the wrong type: %w", ErrInvalidState)
	}
	var err error
	if s.known, err = decodeDevices(text); err != nil {
		return nil, err
	}
	return s, s.check()
}

// check refuses what no state of ours can be, and brings lists into their form.
func (s *persisted) check() error {
	config, err := s.Config.public().normalized()
	if err != nil {
		return fmt.Errorf("configuration: %w: %w", ErrInvalidState, err)
	}
	s.Config = config.stored()
	if s.RefreshToken != nil {
		if s.RefreshToken.Token == "" {
			return fmt.Errorf("empty refresh token: %w", ErrInvalidState)
		}
		s.RefreshToken.Scopes = normalScopes(s.RefreshToken.Scopes...)
	}
	if s.LastCommand < 0 {
		return fmt.Errorf("negative command index: %w", ErrInvalidState)
	}
	s.Scopes = normalScopes(s.Scopes...)
	return nil
}

// knownDevices is the last list of devices that the server gave and when, so that a
// start without network can show it. It is the part of the state that grows with the
// account (600 octets a device) and hardly ever changes, so that it has a text of its
// own: writing it again with the index of each received tab was nine tenths of what a
// tab wrote with 500 devices. A value is never changed, only replaced; nil is no list.
type knownDevices struct {
	list []Device
	at   time.Time
	text func() ([]byte, error) // made when first asked for
}

// storedDevices is the text of the list: two members of the state's own.
type storedDevices struct {
	Devices   []Device  `json:"devices,omitempty"`
	DevicesAt time.Time `json:"devices_at,omitzero"`
}

func newKnownDevices(list []Device, at time.Time) *knownDevices {
	k := &knownDevices{list: list, at: at}
	k.text = sync.OnceValues(func() ([]byte, error) { return json.Marshal(storedDevices{list, at}) })
	return k
}

// decodeDevices reads the list out of its own text, or out of a whole state.
func decodeDevices(text []byte) (*knownDevices, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var s storedDevices
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("the list of devices: %w", ErrInvalidState)
	}
	if len(s.Devices) == 0 && s.DevicesAt.IsZero() {
		return nil, nil
	}
	return newKnownDevices(s.Devices, s.DevicesAt), nil
}

// encode writes the list. There is no text where there is no list.
func (k *knownDevices) encode() ([]byte, error) {
	if k == nil {
		return []byte{}, nil
	}
	text, err := k.text()
	if err != nil {
		return nil, fmt.Errorf("write the list of devices: %w: %w", ErrInternal, err)
	}
	return text, nil
}

func (k *knownDevices) devices() []Device {
	if k == nil {
		return nil
	}
	return k.list
}

// whole is the state in one text, for those who do not keep the list apart.
func (s *snapshot) whole() ([]byte, error) {
	devices, err := s.state.known.encode()
	if err != nil {
		return nil, err
	}
	return joined(s.text, devices), nil
}

func joined(state, devices []byte) []byte {
	if len(devices) == 0 {
		return bytes.Clone(state)
	}
	text := make([]byte, 0, len(state)+len(devices))
	text = append(text, state[:len(state)-1]...) // a state has members, and so has the list
	text = append(text, ',')
	return append(text, devices[1:]...)
}

// wholeSaver hands both parts to a [Saver] as one.
type wholeSaver struct {
	saver   Saver
	devices []byte // as saved last
}

func (w *wholeSaver) SaveParts(ctx context.Context, state, devices []byte, received []IncomingCommand) error {
	if devices == nil {
		devices = w.devices
	}
	if err := w.saver.Save(ctx, joined(state, devices), received); err != nil {
		return err
	}
	w.devices = devices
	return nil
}
