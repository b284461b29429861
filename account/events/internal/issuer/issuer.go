// Package issuer is what a relying party asks of an accounts server: where its parts
// are (OpenID Connect Discovery 1.0), the keys its tokens are signed with (RFC 7517),
// and what an access token is good for (RFC 7662).
package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// ErrUnreachable says that the accounts server could not be asked, or did not answer
// as it should.
var ErrUnreachable = errors.New("the accounts server cannot be asked")

// ErrAddress says that an issuer is not an address that can be trusted.
var ErrAddress = errors.New("the issuer is not an https address without user, query and fragment, nor an http one of this machine")

const (
	// discoveryLife is how long addresses are believed; the server declares as much.
	discoveryLife = time.Hour
	// discoveryStale is how much longer they are used if the document cannot be had:
	// addresses hardly ever change.
	discoveryStale = 24 * time.Hour
	// failurePause is the least time from a failure to the next request.
	failurePause = 10 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 256 << 10
)

// Server is one accounts server. Make it with [New].
type Server struct {
	issuer    string
	http      *http.Client
	clock     kit.Clock
	endpoints *cached[endpoints]
	keys      *cached[Keys]
}

type endpoints struct {
	Issuer        string `json:"issuer"`
	JWKS          string `json:"jwks_uri"`
	Introspection string `json:"introspection_endpoint"`
}

// New returns the server with this origin: https, or http on this machine. Nothing is
// asked yet. Redirects are not followed.
func New(origin string, client *http.Client, clock kit.Clock) (*Server, error) {
	u, err := url.Parse(origin)
	if err != nil || !kit.SecureURL(u, "https", "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, ErrAddress
	}
	asking := http.Client{}
	if client != nil {
		asking = *client
	}
	asking.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := &Server{issuer: Trim(origin), http: &asking, clock: clock}
	s.endpoints = &cached[endpoints]{clock: clock, fetch: s.discover, stale: discoveryStale, pause: failurePause, turn: make(chan struct{}, 1)}
	s.keys = &cached[Keys]{clock: clock, fetch: s.fetchKeys, stale: keysStale, pause: failurePause, turn: make(chan struct{}, 1)}
	return s, nil
}

// Issuer is the server's origin, without a slash at the end.
func (s *Server) Issuer() string { return s.issuer }

// Trim takes one slash from the end: issuers are written with and without it.
func Trim(issuer string) string { return strings.TrimSuffix(issuer, "/") }

// discover reads the OpenID configuration.
func (s *Server) discover(ctx context.Context) (e endpoints, life time.Duration, err error) {
	_, err = s.fetch(ctx, http.MethodGet, s.issuer+"/.well-known/openid-configuration", nil, &e)
	if err == nil && Trim(e.Issuer) != s.issuer {
		err = fmt.Errorf("%w: its configuration names another issuer", ErrUnreachable)
	}
	for _, address := range []string{e.JWKS, e.Introspection} {
		u, parsed := url.Parse(address)
		if err == nil && (parsed != nil || !kit.SecureURL(u, "https", "http")) {
			err = fmt.Errorf("%w: its configuration has no usable addresses", ErrUnreachable)
		}
	}
	return e, discoveryLife, err
}

// BusyError says that the server wants no request for a while.
type BusyError struct{ Wait time.Duration }

func (e *BusyError) Error() string { return "the accounts server asks to wait" }

// Unwrap makes it an ErrUnreachable.
func (*BusyError) Unwrap() error { return ErrUnreachable }

// refusedError is an answer that the request itself was no good.
type refusedError struct{ status int }

func (e *refusedError) Error() string {
	return fmt.Sprintf("%v: status %d", ErrUnreachable, e.status)
}

// Unwrap makes it an ErrUnreachable.
func (*refusedError) Unwrap() error { return ErrUnreachable }

// fetch makes a request and reads the JSON of its answer.
func (s *Server) fetch(ctx context.Context, method, address string, body io.Reader, into any) (http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, ErrUnreachable
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := s.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, cause(err))
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	wait := kit.RetryAfter(res.Header, s.clock.Now())
	busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, cause(err))
	case busy && wait > 0:
		return nil, &BusyError{wait}
	case res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusUnauthorized:
		return nil, &refusedError{res.StatusCode}
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: status %d", ErrUnreachable, res.StatusCode)
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("%w: its answer is longer than %d bytes", ErrUnreachable, maxAnswer)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, fmt.Errorf("%w: its answer is not the promised JSON", ErrUnreachable)
	}
	return res.Header, nil
}

// cause is an error of a request without the address in it.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

var maxAge = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[ ,])max-age="?([0-9]{1,9})`)
})

// lifeOf is how long an answer may be kept by its Cache-Control, within bounds: a life of nothing would have
// every stranger's token make a request.
func lifeOf(h http.Header, usual, least, most time.Duration) time.Duration {
	found := maxAge().FindStringSubmatch(h.Get("Cache-Control"))
	if found == nil {
		return usual
	}
	seconds, err := strconv.Atoi(found[1])
	if err != nil {
		return usual
	}
	return min(max(time.Duration(seconds)*time.Second, least), most)
}
