package events_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
)

// TestKeysAreKept: discovery and keys are fetched once for many tokens, and anew when their life ends.
func TestKeysAreKept(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for range 20 {
		s.expect("good", http.StatusOK, s.good())
	}
	if d, k := s.line.count("openid-configuration"), s.line.count("/jwks"); d != 1 || k != 1 {
		t.Errorf("discovery %d times, keys %d times, want once", d, k)
	}
	s.service.Clock.Advance(4 * time.Minute)
	s.expect("within their life", http.StatusOK, s.good())
	if k := s.line.count("/jwks"); k != 0 {
		t.Errorf("%d fetches within their life", k)
	}
	s.service.Clock.Advance(2 * time.Minute)
	s.expect("after it", http.StatusOK, s.good())
	if k := s.line.count("/jwks"); k != 1 {
		t.Errorf("%d fetches after it", k)
	}
}

// TestOneFetchForAll: deliveries at the same time share one fetch.
func TestOneFetchForAll(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var all sync.WaitGroup
	for i := range 30 {
		token := s.good()
		all.Go(func() {
			if got := s.post(token, "192.0.2."+strconv.Itoa(i)); got.Code != http.StatusOK {
				t.Errorf("%d", got.Code)
			}
		})
	}
	all.Wait()
	if k := s.line.count("/jwks"); k != 1 {
		t.Errorf("%d fetches for 30 tokens", k)
	}
}

// TestRotation: a key that was announced works at once, one that was not after a minute, and a key that
// is published no more is refused once that is known.
func TestRotation(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.service.AnnounceKey()
	old := s.good(func(e *accounttest.EventToken) { e.ID = "of the old key" })
	s.expect("the first key", http.StatusOK, s.good())
	s.service.RotateKey()
	s.expect("an announced key", http.StatusOK, s.good())
	s.service.RotateKey()
	s.expect("a surprising key", http.StatusUnauthorized, s.good())
	if k := s.line.count("/jwks"); k != 1 {
		t.Errorf("%d fetches within the minute", k)
	}
	s.service.Clock.Advance(61 * time.Second)
	s.expect("the same key later", http.StatusOK, s.good())
	s.expect("the former keys, no longer published", http.StatusUnauthorized, old)
	if k := s.line.count("/jwks"); k != 1 {
		t.Errorf("%d fetches", k)
	}
}

// TestUnknownKeysCostOneFetchAMinute: whoever sends tokens of invented keys makes nobody ask the issuer.
func TestUnknownKeysCostOneFetchAMinute(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.expect("good", http.StatusOK, s.good())
	s.line.count("/jwks")
	for i := range 300 {
		s.service.Clock.Advance(time.Second)
		s.expect("unknown "+strconv.Itoa(i), http.StatusUnauthorized, s.good(func(e *accounttest.EventToken) { e.UnknownKey = true }))
	}
	if k := s.line.count("/jwks"); k != 5 {
		t.Errorf("%d fetches in five minutes, want 5", k)
	}
}

// TestIssuerAway: without keys a token is to come again; keys that were known are used for half an hour
// beyond their life; an unknown one is refused by what is known.
func TestIssuerAway(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.line.set(true)
	for range 200 {
		if got := s.post(s.good(), "192.0.2.1"); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
			t.Fatalf("without keys: %d %v", got.Code, got.Header())
		}
	}
	if d := s.line.count("openid-configuration"); d != 1 {
		t.Errorf("%d requests to an issuer that is away, want 1 in ten seconds", d)
	}
	s.line.set(false)
	s.service.Clock.Advance(11 * time.Second)
	s.expect("it is back", http.StatusOK, s.good())
	s.line.set(true)
	s.service.Clock.Advance(34 * time.Minute)
	s.expect("a stale copy", http.StatusOK, s.good())
	s.expect("an unknown key", http.StatusUnauthorized, s.good(func(e *accounttest.EventToken) { e.UnknownKey = true }))
	s.service.Clock.Advance(2 * time.Minute)
	s.expect("too stale a copy", http.StatusServiceUnavailable, s.good())
	s.line.set(false)
	s.service.Clock.Advance(11 * time.Second)
	s.expect("it is back again", http.StatusOK, s.good())
}

// TestIssuerLies: answers that are no keys are as good as none.
func TestIssuerLies(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]struct {
		route  string
		status int
		fault  []accounttest.FaultOption
	}{
		"an error for discovery": {"GET /.well-known/openid-configuration", 500, nil},
		"HTML for keys":          {"GET /v1/jwks", 200, []accounttest.FaultOption{accounttest.HTML()}},
		"busy":                   {"GET /v1/jwks", 503, []accounttest.FaultOption{accounttest.RetryAfter(3)}},
	} {
		s := newStage(t)
		s.service.Faults.Next(options.route, options.status, options.fault...)
		s.expect(name, http.StatusServiceUnavailable, s.good())
		s.service.Clock.Advance(11 * time.Second)
		s.expect(name+", over", http.StatusOK, s.good())
	}
}
