package crypt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-jose/go-jose/v4"
	josecipher "github.com/go-jose/go-jose/v4/cipher"
)

var errKeysJWK = errors.New("keys_jwk is not an EC P-256 public key")

// EncryptKeys makes the keys_jwe a sign-in page makes: compact JWE, ECDH-ES
// with A256GCM (RFC 7518 section 4.6), for the application's keys_jwk, which
// comes as base64url of JSON. go-jose agrees on the key; its encrypter is not
// used because that draws its own randomness, and a seed has to fix the reply.
func EncryptKeys(random io.Reader, keysJWK string, plaintext []byte) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(keysJWK)
	if err != nil {
		return "", errKeysJWK
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return "", errKeysJWK
	}
	public := jwk.Public()
	receiver, ok := public.Key.(*ecdsa.PublicKey)
	if !ok || receiver.Curve != elliptic.P256() {
		return "", errKeysJWK
	}
	sender := newP256Key(random)
	header, err := json.Marshal(struct {
		Alg jose.KeyAlgorithm      `json:"alg"`
		Enc jose.ContentEncryption `json:"enc"`
		Kid string                 `json:"kid,omitempty"`
		Epk jose.JSONWebKey        `json:"epk"`
	}{jose.ECDH_ES, jose.A256GCM, jwk.KeyID, jose.JSONWebKey{Key: sender.Public()}})
	if err != nil {
		return "", fmt.Errorf("write header: %w", err)
	}
	gcm := NewGCM(josecipher.DeriveECDHES(string(jose.A256GCM), nil, nil, sender, receiver, 32))
	iv, aad := RandomBytes(random, gcm.NonceSize()), B64(header)
	sealed := gcm.Seal(nil, iv, plaintext, []byte(aad))
	cut := len(sealed) - gcm.Overhead()
	return aad + ".." + B64(iv) + "." + B64(sealed[:cut]) + "." + B64(sealed[cut:]), nil
}
