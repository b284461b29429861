package accounttest

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// The derivations of Mozilla's onepw protocol, version 1.
const (
	derivePrefix      = "identity.mozilla.com/picl/v1/"
	quickStretchRound = 1000
)

// derive is HKDF-SHA256 without salt, for the named use.
func derive(secret []byte, name string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret, nil, derivePrefix+name, size)
	if err != nil { // only for sizes above 8160 octets
		panic(fmt.Sprintf("accounttest: hkdf: %v", err))
	}
	return out
}

// credential is what a token gives after derivation: the id is sent, the key
// signs Hawk requests.
type credential struct {
	id    string
	key   []byte
	extra []byte
}

func deriveCredential(token []byte, kind string) credential {
	out := derive(token, kind, 96)
	// 64 octets of HKDF output are the start of 96, so one call serves both
	// the session token (64) and the keyFetch token (96).
	return credential{id: hex.EncodeToString(out[:32]), key: out[32:64], extra: out[64:]}
}

// stretched are the two secrets made of a password.
type stretched struct{ authPW, unwrapBKey []byte }

func stretch(email, password string) stretched {
	quick, err := pbkdf2.Key(sha256.New, password, []byte(derivePrefix+"quickStretch:"+email), quickStretchRound, 32)
	if err != nil { // only in FIPS mode, for short salts
		panic(fmt.Sprintf("accounttest: pbkdf2: %v", err))
	}
	return stretched{authPW: derive(quick, "authPW", 32), unwrapBKey: derive(quick, "unwrapBkey", 32)}
}

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	subtle.XORBytes(out, a, b)
	return out
}

// keysBundle encrypts kA and wrapKb for the holder of a keyFetch token.
func keysBundle(keyRequestKey, kA, wrapKb []byte) string {
	out := derive(keyRequestKey, "account/keys", 96)
	sealed := xor(append(append([]byte{}, kA...), wrapKb...), out[32:])
	mac := hmac.New(sha256.New, out[:32])
	mac.Write(sealed)
	return hex.EncodeToString(mac.Sum(sealed))
}

// scopedKey is one entry of a keys_jwe, the form applications store.
type scopedKey struct {
	Kty   string `json:"kty"`
	Scope string `json:"scope"`
	K     string `json:"k"`
	Kid   string `json:"kid"`
}

// deriveScopedKey gives the key of a scope. oldsync has the older derivation,
// whose fingerprint is that of kB.
func deriveScopedKey(scope string, kB []byte, uid string, rotation int64) (scopedKey, error) {
	key := scopedKey{Kty: "oct", Scope: scope}
	if scope == scopeOldSync {
		print := sha256.Sum256(kB)
		key.K = b64(derive(kB, "oldsync", 64))
		key.Kid = fmt.Sprintf("%d-%s", rotation, b64(print[:16]))
		return key, nil
	}
	return deriveOtherKey(scope, kB, make([]byte, 32), uid, rotation/1000)
}

// deriveOtherKey is the derivation of every scope but oldsync. The rotation
// time stamp is in seconds here.
func deriveOtherKey(scope string, kB, rotationSecret []byte, uid string, rotation int64) (scopedKey, error) {
	key := scopedKey{Kty: "oct", Scope: scope}
	salt, err := hex.DecodeString(uid)
	if err != nil {
		return key, fmt.Errorf("uid: %w", err)
	}
	secret := append(append([]byte{}, kB...), rotationSecret...)
	out, err := hkdf.Key(sha256.New, secret, salt, derivePrefix+"scoped_key\n"+scope, 48)
	if err != nil {
		return key, fmt.Errorf("derive scoped key: %w", err)
	}
	key.K = b64(out[16:])
	key.Kid = fmt.Sprintf("%d-%s", rotation, b64(out[:16]))
	return key, nil
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func hash256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
