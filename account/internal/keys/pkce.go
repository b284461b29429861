package keys

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
)

const (
	// verifierBytes gives a verifier of 58 characters; RFC 7636 section 4.1
	// allows 43 to 128.
	verifierBytes = 43
	// stateBytes gives an OAuth state of 22 characters, 128 bits.
	stateBytes = 16
)

// NewPKCE makes a code verifier (58 characters) and its S256 challenge
// (RFC 7636 section 4).
func NewPKCE(rand io.Reader) (verifier, challenge string, err error) {
	b, err := randomBytes(rand, verifierBytes)
	if err != nil {
		return "", "", fmt.Errorf("make code verifier: %w", err)
	}
	verifier = base64.RawURLEncoding.EncodeToString(b)
	return verifier, Challenge(verifier), nil
}

// Challenge is the S256 code challenge of a verifier: base64url, without
// padding, of the SHA-256 of its text.
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// NewState makes an OAuth state parameter of 22 characters.
func NewState(rand io.Reader) (string, error) {
	b, err := randomBytes(rand, stateBytes)
	if err != nil {
		return "", fmt.Errorf("make state: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// randomBytes reads exactly n bytes.
func randomBytes(rand io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return b, nil
}
