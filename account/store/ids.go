package store

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"
)

// The parts of an id in bytes: milliseconds since 1970, a counter, random bytes.
const (
	idTime    = 6
	idCounter = 2
	idRandom  = 4
	idSize    = idTime + idCounter + idRandom
)

// IDs makes keys of 24 hex digits that sort in the order they were made, also within one
// millisecond and when the clock is set back. Rand must be set.
type IDs struct {
	Rand io.Reader

	mu   sync.Mutex
	last uint64 // milliseconds and counter of the newest id
}

// After makes all further ids sort behind this one, for example the newest in the store. Text that
// is no id changes nothing.
func (d *IDs) After(id string) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != idSize {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = max(d.last, binary.BigEndian.Uint64(raw))
}

// Next returns the id of something that happened at this time.
func (d *IDs) Next(at time.Time) (string, error) {
	var id [idSize]byte
	if _, err := io.ReadFull(d.Rand, id[idTime+idCounter:]); err != nil {
		return "", fmt.Errorf("drawing an id: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = max(d.last+1, uint64(max(at.UnixMilli(), 0))<<(8*idCounter))
	binary.BigEndian.PutUint64(id[:], d.last)
	return hex.EncodeToString(id[:]), nil
}

// IDAt returns the text that ids of this time and later do not sort before.
func IDAt(at time.Time) string {
	return fmt.Sprintf("%016x", uint64(max(at.UnixMilli(), 0))<<(8*idCounter))
}
