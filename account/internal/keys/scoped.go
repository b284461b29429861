package keys

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// OldSyncScope is the scope whose key protects what devices of one account
// tell each other.
const OldSyncScope = "https://identity.mozilla.com/apps/oldsync"

const (
	oldSyncInfo     = "identity.mozilla.com/picl/v1/oldsync"
	scopedInfo      = "identity.mozilla.com/picl/v1/scoped_key\n"
	fingerprintSize = 16
	rootKeySize     = 32 // kB, the account's root key
	scopedKeySize   = 32
)

// ScopedKey is a symmetric key that belongs to one OAuth scope, in the shape
// the accounts service uses (a JWK of kty "oct" with its scope). Printing one
// shows neither K nor the fingerprint in KID.
type ScopedKey struct {
	KTY   string `json:"kty"`
	Scope string `json:"scope"`
	K     string `json:"k"`   // base64url without padding
	KID   string `json:"kid"` // "<rotation timestamp>-<base64url fingerprint>"
}

// String shows the scope only.
func (k ScopedKey) String() string { return "key for " + k.Scope }

// GoString shows the scope only, so that %#v leaks nothing either.
func (k ScopedKey) GoString() string { return k.String() }

// Bytes decodes the key material. Padding is tolerated.
func (k ScopedKey) Bytes() ([]byte, error) {
	raw, err := b64.DecodeString(trimPadding(k.K))
	if err != nil || len(raw) == 0 {
		return nil, malformed("scoped key")
	}
	return raw, nil
}

// Fingerprint is the second half of the kid as lower-case hex, the form in
// which command bundles name the key they were made with.
func (k ScopedKey) Fingerprint() (string, error) { return KIDHex(k.KID) }

// KIDHex converts the kid of a scoped key, "<timestamp>-<base64url>", to the
// hex form of what follows its first dash. A kid without a dash or with
// something else behind it is ErrMalformed.
func KIDHex(kid string) (string, error) {
	_, tail, ok := strings.Cut(kid, "-")
	if !ok || tail == "" {
		return "", malformed("kid")
	}
	raw, err := b64.DecodeString(trimPadding(tail))
	if err != nil {
		return "", malformed("kid")
	}
	return hex.EncodeToString(raw), nil
}

// ParseScopedKeys reads the plaintext of a keys_jwe: a JSON object from scope
// to key. A missing scope member is filled from the object's own name for it;
// missing k or kid is ErrMalformed, another kty is ErrUnsupported.
func ParseScopedKeys(plaintext []byte) (map[string]ScopedKey, error) {
	var all map[string]ScopedKey
	dec := json.NewDecoder(bytes.NewReader(plaintext))
	if err := dec.Decode(&all); err != nil || all == nil || dec.More() {
		return nil, malformed("scoped keys")
	}
	for scope, key := range all {
		if key.Scope == "" {
			key.Scope = scope
		}
		if key.KTY != "oct" {
			return nil, unsupported("scoped key kty")
		}
		if key.KID == "" {
			return nil, malformed("scoped key kid")
		}
		if _, err := key.Bytes(); err != nil {
			return nil, err
		}
		all[scope] = key
	}
	return all, nil
}

// DeriveOldSync derives the key of OldSyncScope from the account's root key kB
// (32 bytes). The rotation timestamp is in milliseconds.
func DeriveOldSync(kB []byte, rotation int64) (ScopedKey, error) {
	if len(kB) != rootKeySize {
		return ScopedKey{}, malformed("root key")
	}
	k, err := hkdf.Key(sha256.New, kB, nil, oldSyncInfo, syncKeySize)
	if err != nil {
		return ScopedKey{}, fmt.Errorf("derive sync key: %w", err)
	}
	sum := sha256.Sum256(kB)
	return newScopedKey(OldSyncScope, k, rotation, sum[:fingerprintSize]), nil
}

// Derivation says how the key of a scope other than OldSyncScope is derived.
// Secret and Rotation come from the server's scoped-key-data answer.
type Derivation struct {
	Scope      string // the scope the key is for
	Identifier string // the server's identifier of the key
	UID        []byte // 16 bytes
	KB         []byte // root key, 32 bytes
	Secret     []byte // keyRotationSecret, 32 bytes
	Rotation   int64  // keyRotationTimestamp, as the server gives it
}

// Derive makes the scoped key.
func (d Derivation) Derive() (ScopedKey, error) {
	if len(d.KB) != rootKeySize || len(d.Secret) != rootKeySize || d.Identifier == "" {
		return ScopedKey{}, malformed("scoped key inputs")
	}
	ikm := append(append([]byte(nil), d.KB...), d.Secret...)
	out, err := hkdf.Key(sha256.New, ikm, d.UID, scopedInfo+d.Identifier, fingerprintSize+scopedKeySize)
	if err != nil {
		return ScopedKey{}, fmt.Errorf("derive scoped key: %w", err)
	}
	return newScopedKey(d.Scope, out[fingerprintSize:], d.Rotation, out[:fingerprintSize]), nil
}

func newScopedKey(scope string, k []byte, rotation int64, fingerprint []byte) ScopedKey {
	return ScopedKey{
		KTY:   "oct",
		Scope: scope,
		K:     b64.EncodeToString(k),
		KID:   strconv.FormatInt(rotation, 10) + "-" + b64.EncodeToString(fingerprint),
	}
}
