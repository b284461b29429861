package accounttest

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// pushRecordSize is the record size in the header of encrypted messages.
const pushRecordSize = 4096

// vapidLifetime is how long a VAPID signature is good, as the accounts server
// makes them (RFC 8292 allows at most 24 hours).
const vapidLifetime = 12 * time.Hour

var errPushKeys = errors.New("push keys are unusable")

// decodeKey reads base64url with or without padding.
func decodeKey(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errPushKeys
	}
	return raw, nil
}

// encryptPush makes an aes128gcm body of one record (RFC 8291).
func encryptPush(sender *ecdh.PrivateKey, salt []byte, publicKey, authSecret string, plain []byte) ([]byte, error) {
	point, err := decodeKey(publicKey)
	if err != nil {
		return nil, err
	}
	auth, err := decodeKey(authSecret)
	if err != nil || len(auth) != 16 {
		return nil, errPushKeys
	}
	receiver, err := ecdh.P256().NewPublicKey(point)
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
	ikm := expand(secret, auth, "WebPush: info\x00"+string(point)+string(own), 32)
	cek := expand(ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce := expand(ikm, salt, "Content-Encoding: nonce\x00", 12)
	body := append([]byte{}, salt...)
	body = binary.BigEndian.AppendUint32(body, pushRecordSize)
	body = append(append(body, byte(len(own))), own...)
	return newGCM(cek).Seal(body, nonce, append(append([]byte{}, plain...), 2), nil), nil
}

func expand(secret, salt []byte, info string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret, salt, info, size)
	if err != nil { // only for sizes above 8160 octets
		panic(fmt.Sprintf("accounttest: hkdf: %v", err))
	}
	return out
}

// vapidKey signs push requests (RFC 8292).
type vapidKey struct {
	key    *ecdsa.PrivateKey
	public string
}

func (st *state) vapidSigner() *vapidKey {
	for st.vapid == nil {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), randomBytes(st.random, 32))
		if err != nil {
			continue // a scalar out of range, once in 2^32
		}
		public, err := key.PublicKey.Bytes()
		if err != nil {
			panic(fmt.Sprintf("accounttest: vapid key: %v", err)) // a fresh P-256 key has bytes
		}
		st.vapid = &vapidKey{key: key, public: b64(public)}
	}
	return st.vapid
}

// header is the Authorization value for one endpoint.
func (v *vapidKey) header(endpoint, subject string, now time.Time) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", fmt.Errorf("endpoint: %w", err)
	}
	claims, err := json.Marshal(map[string]any{
		"aud": u.Scheme + "://" + u.Host, "exp": now.Add(vapidLifetime).Unix(), "sub": subject,
	})
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: v.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("signer: %w", err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("serialize: %w", err)
	}
	return "vapid t=" + token + ", k=" + v.public, nil
}
