package store

import (
	"encoding/json"
	"fmt"
)

// headerBucket holds the only values that are not sealed.
const (
	headerBucket = "header"
	headerKey    = "header"
)

// checkText is sealed into the header so that a wrong key is told from damage.
const (
	checkName = "check"
	checkText = "tabferry"
)

// Protection is the way a store's key is kept.
type Protection string

// The ways. A memory store has no file.
const (
	ByKeyring    Protection = "keyring"
	ByPassphrase Protection = "passphrase"
	InMemory     Protection = "memory"
)

// Header is the clear part of a store file: what a [KeySource] needs to find or derive the key.
type Header struct {
	Version    int        `json:"version"`
	Protection Protection `json:"protection"`
	// Entry is the name of the key in the keyring.
	Entry string `json:"entry,omitempty"`
	// Argon2id holds the parameters for a passphrase, Wrapped the key sealed under it.
	Argon2id *Argon2id `json:"argon2id,omitempty"`
	Wrapped  []byte    `json:"wrapped,omitempty"`
	// Check is a known text sealed under the key.
	Check []byte `json:"check"`
}

// Argon2id are the parameters of RFC 9106.
type Argon2id struct {
	Time      uint32 `json:"time"`
	MemoryKiB uint32 `json:"memoryKiB"`
	Threads   uint8  `json:"threads"`
	Salt      []byte `json:"salt"`
}

// parseHeader reads a header and refuses what this version cannot use.
func parseHeader(text []byte) (Header, error) {
	var h Header
	if text == nil {
		return h, fmt.Errorf("%w: it has no header", ErrCorrupt)
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, fmt.Errorf("%w: its header cannot be read", ErrCorrupt)
	}
	if h.Version > headerVersion() {
		return h, ErrNewer
	}
	known := h.Protection == ByKeyring && h.Entry != "" ||
		h.Protection == ByPassphrase && h.Argon2id != nil && h.Argon2id.valid()
	if h.Version < 1 || !known || len(h.Check) == 0 {
		return h, fmt.Errorf("%w: its header makes no sense", ErrCorrupt)
	}
	return h, nil
}

// checkKey returns [ErrWrongKey] unless the key is the one of this file.
func (h Header) checkKey(s *sealer) error {
	text, err := s.open(headerBucket, checkName, h.Check)
	if err != nil || string(text) != checkText {
		return ErrWrongKey
	}
	return nil
}
