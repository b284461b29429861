package keys

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
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
