package keys

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
)

const (
	scalarSize      = 32 // a P-256 private key
	coordinateSize  = 32 // one coordinate of a P-256 point
	uncompressedLen = 1 + 2*coordinateSize
	// maxKeyTries bounds the search for a scalar inside the group order; a
	// draw outside it has a probability of about 2^-32, so that a source
	// that fails this often is broken.
	maxKeyTries = 8
)

// b64 is the encoding of JOSE (RFC 7515 section 2): base64url, no padding,
// and no stray bits in the last character.
var b64 = base64.RawURLEncoding.Strict()

// NewPrivateKey makes a P-256 key from the given randomness. The standard
// library's own generator ignores the reader it is given, and recorded runs
// must be repeatable.
func NewPrivateKey(rand io.Reader) (*ecdh.PrivateKey, error) {
	var last error
	for range maxKeyTries {
		d, err := randomBytes(rand, scalarSize)
		if err != nil {
			return nil, err
		}
		key, err := ecdh.P256().NewPrivateKey(d)
		if err == nil {
			return key, nil
		}
		last = err
	}
	return nil, last
}

// jwk is a public EC key as RFC 7518 section 6.2 writes it. The order of the
// members is that of the accounts service.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

func jwkOf(pub *ecdh.PublicKey) jwk {
	raw := pub.Bytes()
	return jwk{
		Kty: "EC",
		Crv: "P-256",
		X:   b64.EncodeToString(raw[1 : 1+coordinateSize]),
		Y:   b64.EncodeToString(raw[1+coordinateSize:]),
	}
}

// key checks the members and that the point lies on the curve.
func (j jwk) key() (*ecdh.PublicKey, error) {
	if j.Kty != "EC" {
		return nil, unsupported("jwk kty")
	}
	if j.Crv != "P-256" {
		return nil, unsupported("jwk crv")
	}
	x, errX := b64.DecodeString(j.X)
	y, errY := b64.DecodeString(j.Y)
	if errX != nil || errY != nil || len(x) != coordinateSize || len(y) != coordinateSize {
		return nil, malformed("jwk coordinates")
	}
	raw := make([]byte, 0, uncompressedLen)
	raw = append(raw, 4)
	raw = append(raw, x...)
	raw = append(raw, y...)
	pub, err := ecdh.P256().NewPublicKey(raw)
	if err != nil {
		return nil, malformed("jwk point")
	}
	return pub, nil
}

// PublicJWK writes a P-256 public key as compact JSON, members in the order
// kty, crv, x, y.
func PublicJWK(pub *ecdh.PublicKey) ([]byte, error) {
	return json.Marshal(jwkOf(pub))
}

// KeysJWK is the value of the keys_jwk parameter of a sign-in URL: base64url
// of the public key's JSON, 168 characters.
func KeysJWK(pub *ecdh.PublicKey) (string, error) {
	text, err := PublicJWK(pub)
	if err != nil {
		return "", err
	}
	return b64.EncodeToString(text), nil
}

// ParseKeysJWK reads a keys_jwk parameter back into the JSON that EncryptJWE
// takes, and checks that it holds a P-256 key. Padding is tolerated, as some
// clients send it.
func ParseKeysJWK(param string) ([]byte, error) {
	text, err := b64.DecodeString(trimPadding(param))
	if err != nil {
		return nil, malformed("keys_jwk")
	}
	var j jwk
	if err := json.Unmarshal(text, &j); err != nil {
		return nil, malformed("keys_jwk")
	}
	if _, err := j.key(); err != nil {
		return nil, err
	}
	return text, nil
}

func trimPadding(s string) string {
	return strings.TrimRight(s, "=")
}
