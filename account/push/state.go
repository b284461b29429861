package push

import (
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

const (
	// stateFormat numbers the layout of the stored blob.
	stateFormat = 1
	// maxVersions is how many message versions each subscription remembers.
	// Firefox keeps 100 (maxRecentMessageIDsPerSubscription); but the service may
	// repeat all that it has sent and not yet seen acknowledged, which is up to 150
	// stored messages and any number of live ones, and a window that is too short
	// by one lets the whole row through again.
	maxVersions = 500
	// versionDigest is how many octets of a version's SHA-256 are kept. Versions
	// are about 200 characters long and made by the service, so nobody can aim for
	// a collision.
	versionDigest = 9
	// authSize and scalarSize are octets of the two secrets (RFC 8291).
	authSize   = 16
	scalarSize = 32
	// scalarAttempts bounds the search for a private scalar; one draw fails with a
	// probability of 2^-32.
	scalarAttempts = 8
)

// state is all that is stored. Values of it are never changed in place: a change
// makes a clone, saves it and only then puts it in place of the old one.
type state struct {
	Format        int                `json:"format"`
	ServerURL     string             `json:"server_url"`
	UAID          string             `json:"uaid,omitempty"`
	Subscriptions map[string]*record `json:"subscriptions,omitempty"`
	// NotBefore is the end of the last silence that the server asked for, and Noted is
	// when it did.
	NotBefore time.Time `json:"not_before,omitzero"`
	Noted     time.Time `json:"noted,omitzero"`
}

// record is one subscription. Without an endpoint it waits to be made anew.
type record struct {
	ChannelID string    `json:"channel_id,omitempty"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Private   []byte    `json:"private_key,omitempty"`
	Auth      []byte    `json:"auth_secret,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	Versions  []string  `json:"versions,omitempty"` // digests, oldest first
	Renewed   time.Time `json:"renewed,omitzero"`
	// RenewWait is how long after Renewed the next renewal may be.
	RenewWait time.Duration `json:"renew_wait,omitempty"`

	key *ecdh.PrivateKey
	pub Subscription
}

func (r *record) live() bool { return r != nil && r.Endpoint != "" }

// decodeState reads a stored blob. One made at another server keeps the names
// alone. The error means that the blob is not ours.
func decodeState(blob []byte, serverURL string) (state, error) {
	empty := state{Format: stateFormat, ServerURL: serverURL, Subscriptions: map[string]*record{}}
	if len(blob) == 0 {
		return empty, nil
	}
	var s state
	if err := json.Unmarshal(blob, &s); err != nil {
		return empty, errors.New("push: stored state is not readable")
	}
	if s.Format != stateFormat {
		return empty, fmt.Errorf("push: stored state has the unknown format %d", s.Format)
	}
	if s.Subscriptions == nil {
		s.Subscriptions = map[string]*record{}
	}
	for name, r := range s.Subscriptions {
		if r == nil {
			s.Subscriptions[name] = &record{}
			continue
		}
		if !r.live() {
			continue
		}
		if err := r.derive(); err != nil {
			return empty, err
		}
	}
	if s.ServerURL != serverURL {
		s.NotBefore, s.Noted = time.Time{}, time.Time{}
	}
	if s.ServerURL != serverURL || s.UAID == "" {
		s = s.orphaned("")
		s.ServerURL = serverURL
	}
	return s, nil
}

// derive computes what is not stored.
func (r *record) derive() error {
	key, err := ecdh.P256().NewPrivateKey(r.Private)
	if err != nil || len(r.Auth) != authSize || r.ChannelID == "" {
		return errors.New("push: stored state holds an unusable subscription")
	}
	r.key = key
	r.pub = Subscription{
		Endpoint:  r.Endpoint,
		PublicKey: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		AuthKey:   base64.RawURLEncoding.EncodeToString(r.Auth),
	}
	return nil
}

func (s state) encode() ([]byte, error) { return json.Marshal(s) }

func (s state) clone() state {
	s.Subscriptions = maps.Clone(s.Subscriptions)
	return s
}

// with puts a record in place of another.
func (s state) with(name string, r *record) state {
	s = s.clone()
	s.Subscriptions[name] = r
	return s
}

// without drops a subscription; with the last one goes the identity, so that
// nothing links this install's subscriptions over time.
func (s state) without(name string) state {
	s = s.clone()
	delete(s.Subscriptions, name)
	if len(s.Subscriptions) == 0 {
		s.UAID = ""
	}
	return s
}

// orphaned gives every subscription up, keeping names and what bounds their
// renewal.
func (s state) orphaned(uaid string) state {
	s = s.clone()
	s.UAID = uaid
	for name, r := range s.Subscriptions {
		s.Subscriptions[name] = &record{Renewed: r.Renewed, RenewWait: r.RenewWait}
	}
	return s
}

// byChannel finds the live subscription of a channel.
func (s state) byChannel(channel string) (string, *record) {
	for name, r := range s.Subscriptions {
		if r.live() && r.ChannelID == channel {
			return name, r
		}
	}
	return "", nil
}

func (s state) anyLive() bool {
	for _, r := range s.Subscriptions {
		if r.live() {
			return true
		}
	}
	return false
}

// seen is the record after one more message. It writes behind the versions of the record before it, which does not see
// that: copying 500 of them was a twentieth of all that a received tab allocates. A record is followed by one other
// only, and where that is given up, as when it cannot be stored, nobody looks at it any more.
func (r *record) seen(version string) *record {
	next := *r
	from := max(0, len(r.Versions)+1-maxVersions)
	next.Versions = append(r.Versions[from:], digestVersion(version))
	return &next
}

// knows reports whether a message was seen before.
func (r *record) knows(version string) bool {
	return slices.Contains(r.Versions, digestVersion(version))
}

func digestVersion(version string) string {
	sum := sha256.Sum256([]byte(version))
	return base64.RawURLEncoding.EncodeToString(sum[:versionDigest])
}

// newRecord makes keys and secret for a registered channel.
func newRecord(rand io.Reader, channel, endpoint string, now time.Time) (*record, error) {
	r := &record{ChannelID: channel, Endpoint: endpoint, Created: now.UTC()}
	scalar := make([]byte, scalarSize)
	for range scalarAttempts {
		if _, err := io.ReadFull(rand, scalar); err != nil {
			return nil, fmt.Errorf("push: key: %w", err)
		}
		if _, err := ecdh.P256().NewPrivateKey(scalar); err == nil {
			r.Private = scalar
			break
		}
	}
	r.Auth = make([]byte, authSize)
	if _, err := io.ReadFull(rand, r.Auth); err != nil {
		return nil, fmt.Errorf("push: authentication secret: %w", err)
	}
	if err := r.derive(); err != nil {
		return nil, errors.New("push: the random source yields no usable key")
	}
	return r, nil
}

// newChannelID draws a version 4 UUID, lower-case and dashed as the service
// demands (RFC 9562, section 5.4).
func newChannelID(rand io.Reader) (string, error) {
	var u [16]byte
	if _, err := io.ReadFull(rand, u[:]); err != nil {
		return "", fmt.Errorf("push: channel id: %w", err)
	}
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}
