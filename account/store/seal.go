package store

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the size of the sealing key in bytes.
const KeySize = chacha20poly1305.KeySize

// sealDomain separates our sealed values from any other use of the same key.
const sealDomain = "tabferry store v1"

// Key is a sealing key. Its text forms do not show it.
type Key [KeySize]byte

// String hides the key.
func (Key) String() string { return "[sealing key]" }

// GoString hides the key.
func (Key) GoString() string { return "[sealing key]" }

// newKey draws a key.
func newKey(rand io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(rand, k[:]); err != nil {
		return Key{}, fmt.Errorf("drawing a key: %w", err)
	}
	return k, nil
}

// sealer seals and opens values under one key.
type sealer struct {
	aead cipher.AEAD
	rand io.Reader
}

func newSealer(k Key, rand io.Reader) (*sealer, error) {
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return &sealer{aead, rand}, nil
}

// place is the additional data that binds a value to its bucket and key. The length in front keeps
// ("ab", "c") and ("a", "bc") apart.
func place(bucket, key string) []byte {
	return appendPlace(make([]byte, 0, len(sealDomain)+4+len(bucket)+len(key)), bucket, []byte(key))
}

func appendPlace(text []byte, bucket string, key []byte) []byte {
	text = append(text, sealDomain...)
	text = binary.BigEndian.AppendUint32(text, uint32(len(bucket))) // #nosec G115 -- our own short names
	text = append(text, bucket...)
	return append(text, key...)
}

// seal returns nonce and ciphertext. A 24-byte random nonce does not repeat in practice.
func (s *sealer) seal(bucket, key string, value []byte) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(value)+s.aead.Overhead())
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return s.aead.Seal(nonce, nonce, value, place(bucket, key)), nil
}

// open returns the value, or [ErrCorrupt].
func (s *sealer) open(bucket, key string, sealed []byte) ([]byte, error) {
	return new(room).open(s, bucket, []byte(key), sealed)
}

// room is what opening one value after the other needs, used again for each. Its zero value is ready.
type room struct{ value, place []byte }

// open is [sealer.open] for a value that is done with when the next one is opened.
func (r *room) open(s *sealer, bucket string, key, sealed []byte) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, fmt.Errorf("%w: a value of %s is too short", ErrCorrupt, bucket)
	}
	r.place = appendPlace(r.place[:0], bucket, key)
	value, err := s.aead.Open(r.value[:0], sealed[:n], sealed[n:], r.place)
	if err != nil {
		return nil, fmt.Errorf("%w: a value of %s does not open", ErrCorrupt, bucket)
	}
	r.value = value
	return value, nil
}
