package accounttest

import (
	mathrand "math/rand/v2"
	"net/http"
	"strings"
)

// parts are the servers of their own kind behind the same listener.
type parts struct {
	push  *pushService
	relay *Relay
}

func (s *Service) startParts() {
	s.push = newPushService(pushParams{base: s.base, now: s.Clock.Now, random: s.branch()})
	s.relay = newRelay(relayParams{random: s.branch()})
}

// branch gives a source of randomness of its own, which follows from the
// seed but not from the order of later requests.
func (st *state) branch() *mathrand.ChaCha8 {
	return mathrand.NewChaCha8([32]byte(randomBytes(st.random, 32)))
}

// part finds the handler of a path outside the table of routes.
func (s *Service) part(path string) http.Handler {
	switch {
	case path == "/push" || strings.HasPrefix(path, "/wpush/"):
		return s.push
	case strings.HasPrefix(path, "/v1/ws/"):
		return s.relay
	}
	return nil
}

func (s *Service) closeParts() {
	s.push.close()
	s.relay.Close()
}

// Push steers and watches the push service.
func (s *Service) Push() *PushControl { return s.push.control() }

// Relay steers and watches the pairing relay.
func (s *Service) Relay() *Relay { return s.relay }
