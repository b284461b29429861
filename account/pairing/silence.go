package pairing

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Silence remembers, from one pairing to the next, for how long the relay wants to be left alone
// (docs/decisions.md §10): until then it is not dialled, whoever asks. The zero value is ready. Share
// one between the pairings with one relay; methods may be called at once from several goroutines.
type Silence struct {
	mu    sync.Mutex
	until time.Time // its monotonic part rules
	own   kit.Growth
}

// The waits after refusals that name no time.
const (
	silenceFirst = 30 * time.Second
	silenceMost  = 15 * time.Minute
)

// BusyError says that the relay asked to be left alone. It comes with ErrRelayUnreachable.
type BusyError struct{ Until time.Time }

// Error tells the time.
func (e *BusyError) Error() string {
	return fmt.Sprintf("asked to wait until %s", e.Until.UTC().Format(time.RFC3339))
}

// Check returns the error for a connection that must not be made now: ErrRelayUnreachable with a BusyError.
func (s *Silence) Check() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Until(s.until) > 0 {
		return fmt.Errorf("%w: %w", ErrRelayUnreachable, &BusyError{s.until})
	}
	return nil
}

// heard notes how the relay answered a handshake, nil for not at all, and returns the error when it asked to be
// left alone.
func (s *Silence) heard(response *http.Response) error {
	if s == nil {
		s = new(Silence) // nobody remembers
	}
	if response == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
	case http.StatusSwitchingProtocols:
		s.own = kit.Growth{}
		return nil
	default:
		return nil
	}
	now := time.Now()
	wait := kit.RetryAfter(response.Header, now)
	if wait == 0 {
		s.own.First, s.own.Most = silenceFirst, silenceMost
		wait = s.own.Next()
	}
	s.until = now.Add(wait)
	return fmt.Errorf("%w: %w", ErrRelayUnreachable, &BusyError{s.until})
}
