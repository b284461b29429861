package crypt

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"

	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
)

// The derivations of Mozilla's onepw protocol, version 1.
const (
	derivePrefix      = "identity.mozilla.com/picl/v1/"
	quickStretchRound = 1000
)

// Derive is HKDF-SHA256 without salt, for the named use.
func Derive(secret []byte, name string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret, nil, derivePrefix+name, size)
	if err != nil { // only for sizes above 8160 octets
		panic(fmt.Sprintf("accounttest: hkdf: %v", err))
	}
	return out
}

// Credential is what a token gives after derivation: the ID is sent, the Key
// signs Hawk requests.
type Credential struct {
	ID    string
	Key   []byte
	Extra []byte // of keyFetch tokens: the key of the key bundle
}

// DeriveCredential derives the credential of a token of the given kind.
func DeriveCredential(token []byte, kind string) Credential {
	out := Derive(token, kind, 96)
	// 64 octets of HKDF output are the start of 96, so one call serves both
	// the session token (64) and the keyFetch token (96).
	return Credential{ID: hex.EncodeToString(out[:32]), Key: out[32:64], Extra: out[64:]}
}

// Stretched holds the two secrets made of a password.
type Stretched struct{ AuthPW, UnwrapBKey []byte }

// Stretch makes the secrets of an address and a password.
func Stretch(email, password string) Stretched {
	quick, err := pbkdf2.Key(sha256.New, password, []byte(derivePrefix+"quickStretch:"+email), quickStretchRound, 32)
	if err != nil { // only in FIPS mode, for short salts
		panic(fmt.Sprintf("accounttest: pbkdf2: %v", err))
	}
	return Stretched{AuthPW: Derive(quick, "authPW", 32), UnwrapBKey: Derive(quick, "unwrapBkey", 32)}
}

// XOR combines two texts of one length.
func XOR(a, b []byte) []byte {
	out := make([]byte, len(a))
	subtle.XORBytes(out, a, b)
	return out
}

// KeysBundle encrypts kA and wrapKb for the holder of a keyFetch token.
func KeysBundle(keyRequestKey, kA, wrapKb []byte) string {
	out := Derive(keyRequestKey, "account/keys", 96)
	sealed := XOR(append(append([]byte{}, kA...), wrapKb...), out[32:])
	mac := hmac.New(sha256.New, out[:32])
	mac.Write(sealed)
	return hex.EncodeToString(mac.Sum(sealed))
}

// ScopedKey is one entry of a keys_jwe, the form applications store.
type ScopedKey struct {
	Kty   string `json:"kty"`
	Scope string `json:"scope"`
	K     string `json:"k"`
	Kid   string `json:"kid"`
}

// DeriveScopedKey returns the key of a scope. oldsync has the older derivation,
// whose fingerprint is that of kB.
func DeriveScopedKey(scope string, kB []byte, uid string, rotation int64) (ScopedKey, error) {
	key := ScopedKey{Kty: "oct", Scope: scope}
	if scope == oauthscope.OldSync {
		print := sha256.Sum256(kB)
		key.K = B64(Derive(kB, "oldsync", 64))
		key.Kid = fmt.Sprintf("%d-%s", rotation, B64(print[:16]))
		return key, nil
	}
	return deriveOtherKey(scope, kB, make([]byte, 32), uid, rotation/1000)
}

// deriveOtherKey is the derivation of every scope but oldsync. The rotation
// time stamp is in seconds here.
func deriveOtherKey(scope string, kB, rotationSecret []byte, uid string, rotation int64) (ScopedKey, error) {
	key := ScopedKey{Kty: "oct", Scope: scope}
	salt, err := hex.DecodeString(uid)
	if err != nil {
		return key, fmt.Errorf("uid: %w", err)
	}
	secret := append(append([]byte{}, kB...), rotationSecret...)
	out, err := hkdf.Key(sha256.New, secret, salt, derivePrefix+"scoped_key\n"+scope, 48)
	if err != nil {
		return key, fmt.Errorf("derive scoped key: %w", err)
	}
	key.K = B64(out[16:])
	key.Kid = fmt.Sprintf("%d-%s", rotation, B64(out[:16]))
	return key, nil
}
