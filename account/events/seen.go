package events

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// seenFor is how long a token's id is remembered: longer than the token may be used.
	seenFor = 30 * time.Minute
	// mostSeen bounds how many are. Beyond it the oldest are forgotten, and a replay of one of them
	// would be stored a second time, which sinks must take anyway.
	mostSeen = 1 << 16
)

// seen remembers the ids of tokens that were stored.
type seen struct {
	clock kit.Clock

	mu    sync.Mutex
	state map[seenID]bool // false: being stored
	queue []seenAt        // those stored, oldest first
}

type (
	seenID [16]byte
	seenAt struct {
		id seenID
		at time.Duration // monotonic
	}
)

// standing is what is known of a token's id.
type standing int

const (
	unseen  standing = iota
	storing          // by another request, that may still fail
	stored
)

// begin notes that a token is being stored, unless its id is known.
func (s *seen) begin(jti string) (id seenID, was standing) {
	sum := sha256.Sum256([]byte(jti))
	copy(id[:], sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	if done, known := s.state[id]; known {
		if done {
			return id, stored
		}
		return id, storing
	}
	if s.state == nil {
		s.state = make(map[seenID]bool)
	}
	s.state[id] = false
	return id, unseen
}

// end notes how storing ended.
func (s *seen) end(id seenID, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok {
		delete(s.state, id)
		return
	}
	s.state[id] = true
	s.queue = append(s.queue, seenAt{id, s.clock.Monotonic()})
	s.forget()
}

// forget drops what is old or too much.
func (s *seen) forget() {
	gone, now := 0, s.clock.Monotonic()
	for gone < len(s.queue) && (now-s.queue[gone].at > seenFor || len(s.queue)-gone > mostSeen) {
		delete(s.state, s.queue[gone].id)
		gone++
	}
	s.queue = s.queue[gone:]
}

func (s *seen) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.state)
}
