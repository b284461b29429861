package accounttest

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// eventPrefix is the start of every event's URI.
const eventPrefix = "https://schemas.accounts.firefox.com/event/"

// Events that relying parties are told, by their short names.
const (
	EventPasswordChange     = "password-change"
	EventProfileChange      = "profile-change"
	EventDeleteUser         = "delete-user"
	EventSubscriptionChange = "subscription-state-change"
	EventMetricsOptOut      = "metrics-opt-out"
	EventMetricsOptIn       = "metrics-opt-in"
	// EventAppleMigration was for one former property of Mozilla's: others ignore it.
	EventAppleMigration = "apple-user-migration"
)

// Limits of event delivery.
const (
	eventTimeout    = 10 * time.Second
	eventRetryFirst = 10 * time.Second
	eventRetryMost  = 10 * time.Minute
	eventRetryUntil = 7 * 24 * time.Hour
)

// eventJob is one Security Event Token on its way to one relying party. A new
// token, with its own jti and iat, is made for every attempt.
type eventJob struct {
	url, clientID, sub string
	events             map[string]any
	firstTry, nextTry  time.Time
	wait               time.Duration
}

// SetWebhook registers the URL that a client's events go to; "" ends it.
// Events go only to clients the account has signed in to.
func (s *Service) SetWebhook(clientID, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if url == "" {
		delete(s.hooks, clientID)
		return
	}
	s.hooks[clientID] = url
}

// eventFor makes the jobs of an event. The caller holds the lock.
func (s *Service) eventFor(a *account, name string, payload map[string]any) []eventJob {
	var jobs []eventJob
	for clientID := range a.logins {
		if url := s.hooks[clientID]; url != "" {
			jobs = append(jobs, eventJob{
				url: url, clientID: clientID, sub: s.subject(s.clients[clientID], a, 0), events: map[string]any{eventPrefix + name: payload},
				firstTry: s.Clock.Now(),
			})
		}
	}
	slices.SortFunc(jobs, func(x, y eventJob) int { return strings.Compare(x.clientID, y.clientID) })
	return jobs
}

// Emit sends an event of any name about the account to the clients it has
// signed in to, and tells how many took it.
func (h *Account) Emit(name string, payload map[string]any) int {
	h.s.mu.Lock()
	jobs := h.s.eventFor(h.a, name, payload)
	h.s.mu.Unlock()
	return h.s.emit(jobs)
}

// emit delivers jobs one after the other; what is not taken waits for
// RetryEvents.
func (s *Service) emit(jobs []eventJob) (taken int) {
	for _, job := range jobs {
		if s.sendEvent(job) {
			taken++
		}
	}
	return taken
}

func (s *Service) sendEvent(job eventJob) bool {
	s.mu.Lock()
	token := s.signing.Active().Sign("", s.eventClaims(job))
	s.mu.Unlock()
	status, err := s.postEvent(job.url, token)
	if err == nil && status == http.StatusOK {
		return true
	}
	now := s.Clock.Now()
	job.wait = min(max(2*job.wait, eventRetryFirst), eventRetryMost)
	job.nextTry = now.Add(job.wait)
	if job.nextTry.Sub(job.firstTry) <= eventRetryUntil {
		s.mu.Lock()
		s.waiting = append(s.waiting, job)
		s.mu.Unlock()
	}
	return false
}

// eventClaims are the claims of one attempt; iat has a fraction.
func (s *Service) eventClaims(job eventJob) map[string]any {
	return map[string]any{
		"iss": s.base, "aud": job.clientID, "sub": job.sub, "iat": float64(s.Clock.Now().UnixMilli()) / 1000,
		"jti": s.uuid(), "events": job.events,
	}
}

func (s *Service) postEvent(url, token string) (status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), eventTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return 0, fmt.Errorf("event request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := s.webhooks.Do(r)
	if err != nil {
		return 0, fmt.Errorf("event delivery: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody)) // the body says nothing
	return res.StatusCode, nil
}

// RetryEvents delivers again what was not taken and is due by the service's
// clock (10 s, doubling to 10 min, for 7 days), and tells how many still wait.
func (s *Service) RetryEvents() (waiting int) {
	now := s.Clock.Now()
	s.mu.Lock()
	var due, rest []eventJob
	for _, job := range s.waiting {
		if now.Before(job.nextTry) {
			rest = append(rest, job)
		} else {
			due = append(due, job)
		}
	}
	s.waiting = rest
	s.mu.Unlock()
	s.emit(due)
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

// EventToken describes a Security Event Token for SendEvent. The zero value of
// every field but URL, ClientID and Events means what a good token has.
type EventToken struct {
	URL      string
	ClientID string
	UID      string
	// Events maps event names (short, or full URIs) to their payloads.
	Events   map[string]map[string]any
	Issuer   string
	Audience any // for example a list, or another client's id
	IssuedAt time.Time
	ID       string // jti; repeat one to test replays
	Type     string // typ of the header, for example "at+JWT"
	Claims   map[string]any
	// ForeignKey signs with a key the service does not publish, under the id of
	// the published one.
	ForeignKey bool
	// UnknownKey signs with an unpublished key under an unknown id.
	UnknownKey bool
	// Unsigned sends alg "none" and an empty signature.
	Unsigned bool
	// Algorithm signs with another than RS256: RS384, PS256, or HS256 with the public
	// key for its secret.
	Algorithm string
	// Header has further members of the header, for example jku or crit.
	Header map[string]any
}

// SendEvent makes a token, good or bad, posts it once and gives the receiver's
// status.
func (s *Service) SendEvent(e EventToken) (status int, err error) {
	return s.postEvent(e.URL, s.SignEvent(e))
}

// SignEvent makes a token without sending it.
func (s *Service) SignEvent(e EventToken) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	job := eventJob{clientID: e.ClientID, sub: e.UID, events: map[string]any{}}
	for name, payload := range e.Events {
		if !strings.Contains(name, "://") {
			name = eventPrefix + name
		}
		job.events[name] = payload
	}
	claims := s.eventClaims(job)
	if e.Issuer != "" {
		claims["iss"] = e.Issuer
	}
	if e.Audience != nil {
		claims["aud"] = e.Audience
	}
	if !e.IssuedAt.IsZero() {
		claims["iat"] = float64(e.IssuedAt.UnixMilli()) / 1000
	}
	if e.ID != "" {
		claims["jti"] = e.ID
	}
	for name, value := range e.Claims {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	return s.eventKey(e).sign(e, claims)
}

// eventSigner is the key that a token is signed with.
type eventSigner struct{ *crypt.SigningKey }

// eventKey chooses the key of a token.
func (s *Service) eventKey(e EventToken) eventSigner {
	key := s.signing.Active()
	if e.ForeignKey || e.UnknownKey {
		foreign := s.signing.Foreign()
		id := key.ID
		if e.UnknownKey {
			id = "2000-01-01-" + s.hex(16)
		}
		key = foreign.Named(id)
	}
	return eventSigner{key}
}

// sign signs claims as a token says, well or badly.
func (k eventSigner) sign(e EventToken, claims map[string]any) string {
	if e.Algorithm != "" || e.Header != nil {
		token, err := k.SignAs(cmp.Or(e.Algorithm, "RS256"), e.Type, e.Header, claims)
		if err != nil {
			panic(fmt.Sprintf("accounttest: sign: %v", err)) // an algorithm or claims of the test's own
		}
		return token
	}
	token := k.Sign(e.Type, claims)
	if e.Unsigned {
		parts := strings.Split(token, ".")
		return crypt.B64([]byte(`{"alg":"none","kid":"`+k.ID+`"}`)) + "." + parts[1] + "."
	}
	return token
}

// uuid makes a random UUID (RFC 9562, version 4).
func (st *state) uuid() string {
	b := crypt.RandomBytes(st.random, 16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
