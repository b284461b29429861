package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Space is one of the service's three spaces of error numbers. The same number
// means different things in each; the route tells which one applies.
type Space int

// The number spaces.
const (
	SpaceAuth Space = iota + 1
	SpaceOAuth
	SpaceProfile
)

// String names the space.
func (s Space) String() string {
	switch s {
	case SpaceAuth:
		return "auth"
	case SpaceOAuth:
		return "oauth"
	case SpaceProfile:
		return "profile"
	default:
		return "content"
	}
}

// StatusError is an answer that is not a success.
type StatusError struct {
	// Route is the path of the request, without host and query.
	Route string
	// Status is the HTTP status.
	Status int
	// Errno is the service's number in Space, 0 when the body held none.
	Errno int
	Space Space
	// Foreign says that the answer was not JSON, so that it came from a proxy, a
	// captive portal or a firewall and says nothing about the account.
	Foreign bool
	// RetryAfter is how long the same feature must not be asked for again; 0 when the
	// service did not say.
	RetryAfter time.Duration
	// Held says that nothing was sent, because the service has switched the feature
	// off and RetryAfter is not over.
	Held bool
	// ServerTime is the server's clock, present with errno 111 of the auth space.
	ServerTime time.Time
	// DeviceID is the device record the credential already has, with errno 124.
	DeviceID string
}

// Error names route and numbers, never the server's text.
func (e *StatusError) Error() string {
	if e.Foreign {
		return fmt.Sprintf("%s: status %d, not an answer of the accounts service", e.Route, e.Status)
	}
	if e.Held {
		return fmt.Sprintf("%s: switched off by the service, not asked before %s", e.Route, e.RetryAfter.Round(time.Second))
	}
	return fmt.Sprintf("%s: status %d, %s errno %d", e.Route, e.Status, e.Space, e.Errno)
}

// BackoffError says that the service asked us not to send anything before Until.
type BackoffError struct {
	Base  Base
	Until time.Time
	// Cause is the answer that started the wait; nil for a call that was not sent.
	Cause *StatusError
}

// Error tells the service and the time.
func (e *BackoffError) Error() string {
	return fmt.Sprintf("the %s service asked to wait until %s", e.Base, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap returns the answer that started the wait.
func (e *BackoffError) Unwrap() error {
	if e.Cause == nil {
		return nil
	}
	return e.Cause
}

// SizeError says that a request would be larger than the server accepts.
type SizeError struct {
	Route       string
	Size, Limit int
}

// Error tells the sizes in octets.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s: the request has %d octets, the server takes %d", e.Route, e.Size, e.Limit)
}

// TransportError says that no whole answer came: no connection, connection cut,
// or time out.
type TransportError struct {
	Route string
	Err   error
}

// Error says what kind of trouble it was. The text of the error below is left
// out: it may name a proxy, a local address or a whole URL.
func (e *TransportError) Error() string {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	what := "connection failed"
	switch {
	case errors.As(e.Err, &dns):
		what = "the name of the server could not be looked up"
	case errors.Is(e.Err, context.DeadlineExceeded), errors.As(e.Err, &timeout) && timeout.Timeout():
		what = "timed out"
	case errors.Is(e.Err, ErrSimulated):
		what = "simulated network error"
	}
	return fmt.Sprintf("%s: %s", e.Route, what)
}

// Unwrap returns what the transport said.
func (e *TransportError) Unwrap() error { return e.Err }

// ErrSimulated is the cause of the failure that [Client.FailNext] arranges.
var ErrSimulated = errors.New("simulated network error")

// AnswerError says that a success could not be understood: not the promised JSON,
// a needed member missing or of the wrong type, or too long.
type AnswerError struct {
	Route  string
	Reason string
}

// Error tells the reason, which holds nothing of the answer.
func (e *AnswerError) Error() string { return fmt.Sprintf("%s: %s", e.Route, e.Reason) }

// InsecureError says that a request would have gone over plain http to a host
// that is not this machine, or to something that is no http at all.
type InsecureError struct{ Route string }

// Error names the route.
func (e *InsecureError) Error() string {
	return e.Route + ": refused, the address is not https"
}

// unauthorized reports whether err is a 401 with one of the given auth numbers.
func unauthorized(err error, errnos ...int) (*StatusError, bool) {
	var s *StatusError
	if !errors.As(err, &s) || s.Status != http.StatusUnauthorized || s.Space != SpaceAuth || s.Foreign {
		return nil, false
	}
	for _, n := range errnos {
		if s.Errno == n {
			return s, true
		}
	}
	return nil, false
}
