// Package crypt is the service's own reading of the cryptography of Mozilla
// accounts: the onepw derivations, scoped keys, keys_jwe (RFC 7516), Web Push
// messages and their signatures (RFC 8291, 8292), and the RS256 tokens of the
// OAuth server. It keeps no state; randomness is handed in.
//
// The client has code for the same formats. They share none of it, so that a
// misreading on one side shows on the other.
package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// B64 is base64url without padding.
func B64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// DecodeB64 reads base64url with or without padding.
func DecodeB64(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, fmt.Errorf("base64url: %w", err)
	}
	return raw, nil
}

// SHA256Hex is the digest of a text in hexadecimal digits.
func SHA256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// RandomBytes draws n octets. A source that fails is a fault of the program.
func RandomBytes(random io.Reader, n int) []byte {
	out := make([]byte, n)
	if _, err := io.ReadFull(random, out); err != nil {
		panic(fmt.Sprintf("accounttest: randomness: %v", err))
	}
	return out
}

// NewGCM returns AES-GCM for a key of one of the AES sizes.
func NewGCM(key []byte) cipher.AEAD {
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
