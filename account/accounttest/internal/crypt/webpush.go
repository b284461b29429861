package crypt

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// pushRecordSize is the record size in the header of encrypted messages.
const pushRecordSize = 4096

// vapidLifetime is how long a VAPID signature is good, as the accounts server
// makes them (RFC 8292 allows at most 24 hours).
const vapidLifetime = 12 * time.Hour

var errPushKeys = errors.New("push keys are unusable")

// EncryptPush makes an aes128gcm body of one record (RFC 8291) for the keys of
// a push subscription.
func EncryptPush(random io.Reader, publicKey, authSecret string, plain []byte) ([]byte, error) {
	return encryptPush(newP256Key(random), RandomBytes(random, 16), publicKey, authSecret, plain)
}

func encryptPush(key *ecdsa.PrivateKey, salt []byte, publicKey, authSecret string, plain []byte) ([]byte, error) {
	point, err := DecodeB64(publicKey)
	if err != nil {
		return nil, errPushKeys
	}
	auth, err := DecodeB64(authSecret)
	if err != nil || len(auth) != 16 {
		return nil, errPushKeys
	}
	receiver, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, errPushKeys
	}
	sender, err := key.ECDH()
	if err != nil {
		return nil, errPushKeys
	}
	secret, err := sender.ECDH(receiver)
	if err != nil {
		return nil, errPushKeys
	}
	if len(plain)+17 > pushRecordSize {
		return nil, fmt.Errorf("push payload of %d octets: %w", len(plain), errPushKeys)
	}
	own := sender.PublicKey().Bytes()
	ikm := Expand(secret, auth, "WebPush: info\x00"+string(point)+string(own), 32)
	cek := Expand(ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce := Expand(ikm, salt, "Content-Encoding: nonce\x00", 12)
	body := append([]byte{}, salt...)
	body = binary.BigEndian.AppendUint32(body, pushRecordSize)
	body = append(append(body, byte(len(own))), own...)
	return NewGCM(cek).Seal(body, nonce, append(append([]byte{}, plain...), 2), nil), nil
}

// Expand is HKDF-SHA256.
func Expand(secret, salt []byte, info string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret, salt, info, size)
	if err != nil { // only for sizes above 8160 octets
		panic(fmt.Sprintf("accounttest: hkdf: %v", err))
	}
	return out
}

// VAPIDKey signs push requests (RFC 8292).
type VAPIDKey struct {
	key    *ecdsa.PrivateKey
	public string
}

// NewVAPIDKey makes a key of the octets of random.
func NewVAPIDKey(random io.Reader) *VAPIDKey {
	key := newP256Key(random)
	public, err := key.PublicKey.Bytes()
	if err != nil {
		panic(fmt.Sprintf("accounttest: vapid key: %v", err)) // a fresh P-256 key has bytes
	}
	return &VAPIDKey{key: key, public: B64(public)}
}

// newP256Key takes its scalar from random, so that a seed fixes it.
func newP256Key(random io.Reader) *ecdsa.PrivateKey {
	for { // until the scalar is in range: it is not once in 2^32
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), RandomBytes(random, 32)); err == nil {
			return key
		}
	}
}

// Header is the Authorization value for one endpoint.
func (v *VAPIDKey) Header(endpoint, subject string, now time.Time) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", fmt.Errorf("endpoint: %w", err)
	}
	token, err := signJWT(jose.SigningKey{Algorithm: jose.ES256, Key: v.key}, (&jose.SignerOptions{}).WithType("JWT"), map[string]any{
		"aud": u.Scheme + "://" + u.Host, "exp": now.Add(vapidLifetime).Unix(), "sub": subject,
	})
	if err != nil {
		return "", err
	}
	return "vapid t=" + token + ", k=" + v.public, nil
}
