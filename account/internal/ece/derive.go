package ece

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Sizes fixed by RFC 8188, section 2, and RFC 8291, section 3.
const (
	saltSize   = 16
	authSize   = 16
	pointSize  = 65 // an uncompressed P-256 point
	cekSize    = 16
	nonceSize  = 12
	tagSize    = 16
	secretSize = 32
)

// recordCipher holds one message's content encryption key and base nonce.
type recordCipher struct {
	aead  cipher.AEAD
	nonce [nonceSize]byte
}

// newRecordCipher derives key and nonce from the input keying material
// (RFC 8188, sections 2.2 and 2.3). The aesgcm encoding differs in its info
// texts alone.
func newRecordCipher(ikm, salt []byte, cekInfo, nonceInfo string) (*recordCipher, error) {
	prk, err := hkdf.Extract(sha256.New, ikm, salt)
	if err != nil {
		return nil, fmt.Errorf("ece: extract: %w", err)
	}
	cek, err := hkdf.Expand(sha256.New, prk, cekInfo, cekSize)
	if err != nil {
		return nil, fmt.Errorf("ece: content key: %w", err)
	}
	nonce, err := hkdf.Expand(sha256.New, prk, nonceInfo, nonceSize)
	if err != nil {
		return nil, fmt.Errorf("ece: nonce: %w", err)
	}
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, fmt.Errorf("ece: cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("ece: cipher: %w", err)
	}
	c := &recordCipher{aead: aead}
	copy(c.nonce[:], nonce)
	return c, nil
}

// nonceFor is the base nonce XOR the record's number as a 96-bit big-endian
// integer. No body has 2^64 records, so its low eight octets suffice.
func (c *recordCipher) nonceFor(record uint64) [nonceSize]byte {
	n := c.nonce
	low := n[nonceSize-8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^record)
	return n
}

// agree computes the ECDH secret and runs it through HKDF with the
// authentication secret as salt (RFC 8291, section 3.3).
func agree(own *ecdh.PrivateKey, peer *ecdh.PublicKey, auth []byte, info string) ([]byte, error) {
	secret, err := own.ECDH(peer)
	if err != nil {
		return nil, refuse(KindKey, "no key agreement with the sender's key")
	}
	ikm, err := hkdf.Key(sha256.New, secret, auth, info, secretSize)
	if err != nil {
		return nil, fmt.Errorf("ece: key agreement: %w", err)
	}
	return ikm, nil
}

// checkReceiver refuses a receiver that could open nothing.
func checkReceiver(priv *ecdh.PrivateKey, auth []byte) error {
	switch {
	case priv == nil:
		return refuse(KindKey, "no receiver key")
	case priv.Curve() != ecdh.P256():
		return refuse(KindKey, "receiver key is not on P-256")
	case len(auth) != authSize:
		return refuse(KindKey, "authentication secret is not 16 octets")
	}
	return nil
}

func senderKey(point []byte) (*ecdh.PublicKey, error) {
	key, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, refuse(KindKey, "sender key is not an uncompressed point on P-256")
	}
	return key, nil
}
