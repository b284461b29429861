package mailbox

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account/events/internal/issuer"
)

const (
	// refusals of an address at once, and how often it has one more.
	refusals      = 60
	refusalsEvery = time.Second
	// questions to the accounts server at once, and how often there may be one more: everybody can
	// send tokens that are none.
	questions      = 200
	questionsEvery = 100 * time.Millisecond
	// grantLife is how long the accounts server's word about a token is believed; mostGrants bounds how many.
	grantLife  = time.Minute
	mostGrants = 10_000
	// maxToken bounds an access token, in bytes: some are JWTs.
	maxToken = 4096
	// requestTime bounds one request.
	requestTime = 10 * time.Second
	// retryAfter is the wait that is asked for while the accounts server cannot be asked.
	retryAfter = time.Minute
)

type tokenHash [sha256.Size]byte

// grant is what is believed of a token.
type grant struct {
	subject string // empty: it is no good
	foreign bool   // it is, but not for this
	until   time.Duration
}

// answer is what installations get.
type answer struct {
	Events []Record `json:"events"`
	Newest uint64   `json:"newest"`
}

// statusError is a refusal.
type statusError struct {
	status int
	wait   time.Duration
}

func (e *statusError) Error() string { return http.StatusText(e.status) }

// ServeHTTP answers with the events of the person whose token is shown.
func (m *Mailbox) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	ctx, cancel := context.WithTimeout(q.Context(), requestTime)
	defer cancel()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	a, err := m.answer(ctx, q)
	var refused *statusError
	if err != nil && !errors.As(err, &refused) {
		m.Logger.Error("events could not be read", "error", err)
		refused = &statusError{http.StatusInternalServerError, 0}
	}
	if refused != nil {
		refuse(w, refused)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(a); err != nil {
		m.Logger.Debug("an answer was not taken", "error", err)
	}
}

func refuse(w http.ResponseWriter, e *statusError) {
	switch e.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodGet)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	case http.StatusForbidden:
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="profile:uid"`)
	}
	if e.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.wait.Seconds()))))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_, _ = w.Write([]byte(`{"error":"` + strings.ToLower(e.Error()) + `"}` + "\n")) // whoever has gone needs no answer
}

func (m *Mailbox) answer(ctx context.Context, q *http.Request) (a answer, err error) {
	if q.Method != http.MethodGet {
		return a, &statusError{http.StatusMethodNotAllowed, 0}
	}
	address := m.Address(q)
	if wait := m.bad.Take(address); wait > 0 {
		return a, &statusError{http.StatusTooManyRequests, wait}
	}
	subject, err := m.subject(ctx, q.Header)
	if err != nil {
		return a, err
	}
	m.bad.Return(address)
	after := uint64(0)
	if text := q.URL.Query().Get("after"); text != "" {
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			return a, &statusError{http.StatusBadRequest, 0}
		}
	}
	err = m.db.View(func(tx *bolt.Tx) error {
		a.Newest = tx.Bucket(orderBucket).Sequence()
		a.Events = m.read(tx, personOf(m.ClientID, subject), after)
		return nil
	})
	return a, err
}

// subject finds out whose token is shown.
func (m *Mailbox) subject(ctx context.Context, h http.Header) (string, error) {
	fields := h.Values("Authorization")
	if len(fields) != 1 || len(fields[0]) > maxToken {
		return "", &statusError{http.StatusUnauthorized, 0}
	}
	scheme, token, _ := strings.Cut(fields[0], " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", &statusError{http.StatusUnauthorized, 0}
	}
	hash := tokenHash(sha256.Sum256([]byte(token)))
	g, known := m.grants.Get(hash)
	if !known || m.Clock.Monotonic() >= g.until {
		var err error
		if g, err = m.ask(ctx, token); err != nil {
			return "", err
		}
		m.grants.Put(hash, g)
	}
	switch {
	case g.foreign:
		return "", &statusError{http.StatusForbidden, 0}
	case g.subject == "":
		return "", &statusError{http.StatusUnauthorized, 0}
	}
	return g.subject, nil
}

// ask asks the accounts server about a token.
func (m *Mailbox) ask(ctx context.Context, token string) (grant, error) {
	if wait := m.asked.Take(""); wait > 0 {
		return grant{}, &statusError{http.StatusServiceUnavailable, wait}
	}
	told, err := m.issuer.Introspect(ctx, token)
	var busy *issuer.BusyError
	switch {
	case errors.As(err, &busy):
		return grant{}, &statusError{http.StatusServiceUnavailable, busy.Wait}
	case err != nil:
		m.Logger.Warn("a token cannot be checked", "error", err)
		return grant{}, &statusError{http.StatusServiceUnavailable, retryAfter}
	}
	now := m.Clock.Now()
	g := grant{until: m.Clock.Monotonic() + grantLife}
	if !told.Active || told.Subject == "" || !told.Expires.IsZero() && !told.Expires.After(now) {
		return g, nil
	}
	if !told.Expires.IsZero() {
		g.until = min(g.until, m.Clock.Monotonic()+told.Expires.Sub(now))
	}
	if g.subject = told.Subject; told.ClientID != m.ClientID || !namesPerson(told.Scope) {
		g.foreign = true
	}
	return g, nil
}

// namesPerson reports whether a scope lets its holder know the uid: profile:uid, or what includes it.
func namesPerson(scope string) bool {
	for s := range strings.FieldsSeq(scope) {
		if s == "profile:uid" || s == "profile" || s == "profile:write" {
			return true
		}
	}
	return false
}
