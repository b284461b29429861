package accounttest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

var errKeysJWK = errors.New("keys_jwk is not an EC P-256 public key")

type ecJWK struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	Kid string `json:"kid,omitempty"`
}

// encryptKeys makes the keys_jwe a sign-in page makes: compact JWE, ECDH-ES
// with A256GCM (RFC 7518 section 4.6), for the application's keys_jwk, which
// comes as base64url of JSON.
func encryptKeys(random io.Reader, keysJWK string, plaintext []byte) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(keysJWK)
	if err != nil {
		return "", errKeysJWK
	}
	var jwk ecJWK
	if err := json.Unmarshal(text, &jwk); err != nil || jwk.Kty != "EC" || jwk.Crv != "P-256" {
		return "", errKeysJWK
	}
	x, errX := base64.RawURLEncoding.DecodeString(jwk.X)
	y, errY := base64.RawURLEncoding.DecodeString(jwk.Y)
	if errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
		return "", errKeysJWK
	}
	receiver, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, x...), y...))
	if err != nil {
		return "", errKeysJWK
	}
	sender := newECDHKey(random)
	secret, err := sender.ECDH(receiver)
	if err != nil {
		return "", fmt.Errorf("agree on a key: %w", err)
	}
	point := sender.PublicKey().Bytes()
	header, err := json.Marshal(struct {
		Alg string `json:"alg"`
		Enc string `json:"enc"`
		Kid string `json:"kid,omitempty"`
		Epk ecJWK  `json:"epk"`
	}{"ECDH-ES", "A256GCM", jwk.Kid, ecJWK{Kty: "EC", Crv: "P-256", X: b64(point[1:33]), Y: b64(point[33:])}})
	if err != nil {
		return "", fmt.Errorf("write header: %w", err)
	}
	gcm := newGCM(concatKDF(secret))
	iv := randomBytes(random, 12)
	aad := b64(header)
	sealed := gcm.Seal(nil, iv, plaintext, []byte(aad))
	cut := len(sealed) - 16
	return aad + ".." + b64(iv) + "." + b64(sealed[:cut]) + "." + b64(sealed[cut:]), nil
}

// concatKDF is one round of the Concat KDF for A256GCM without party info.
func concatKDF(secret []byte) []byte {
	h := sha256.New()
	number := func(n uint32) { h.Write(binary.BigEndian.AppendUint32(nil, n)) }
	number(1)
	h.Write(secret)
	number(7)
	h.Write([]byte("A256GCM"))
	number(0)
	number(0)
	number(256)
	return h.Sum(nil)
}

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("accounttest: aes: %v", err)) // key sizes are fixed
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(fmt.Sprintf("accounttest: gcm: %v", err))
	}
	return gcm
}

// newECDHKey takes its scalar from random, so that a seed fixes it.
func newECDHKey(random io.Reader) *ecdh.PrivateKey {
	for {
		if key, err := ecdh.P256().NewPrivateKey(randomBytes(random, 32)); err == nil {
			return key
		}
	}
}

func randomBytes(random io.Reader, n int) []byte {
	out := make([]byte, n)
	if _, err := io.ReadFull(random, out); err != nil {
		panic(fmt.Sprintf("accounttest: randomness: %v", err))
	}
	return out
}
