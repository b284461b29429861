package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// The classes of failure. Every error of this package, except the end of a
// context and what a [Saver] returned, belongs to exactly one of them, to be
// asked with errors.Is.
var (
	// ErrAuthentication says that a token is missing, was refused, or lacks a scope
	// or key. Check the authorization, then let the person sign in again.
	ErrAuthentication = errors.New("authentication needed")
	// ErrForbidden says that the server refuses this client the request (403); the
	// account is fine.
	ErrForbidden = errors.New("forbidden")
	// ErrNetwork says that the service could not be reached, or that something in
	// between answered in its place. Try again later.
	ErrNetwork = errors.New("network failure")
	// ErrNoAuthFlow says that no sign-in is under way that could be completed.
	ErrNoAuthFlow = errors.New("no sign-in under way")
	// ErrWrongAuthFlow says that sign-ins are under way, but not the one with the
	// state that came back.
	ErrWrongAuthFlow = errors.New("the answer belongs to no sign-in under way")
	// ErrOriginMismatch says that a pairing address belongs to another server.
	ErrOriginMismatch = errors.New("the pairing address belongs to another server")
	// ErrSyncKeyMissing says that the sync scope was granted without its key.
	ErrSyncKeyMissing = errors.New("the server did not hand over the sync key")
	// ErrInternal says that something happened that must not happen.
	ErrInternal = errors.New("internal error")
	// ErrOther is the class of everything else.
	ErrOther = errors.New("account error")
)

// sentinel is an error that belongs to a class.
type sentinel struct {
	text  string
	class error
}

func (s *sentinel) Error() string { return s.text }
func (s *sentinel) Unwrap() error { return s.class }

func newSentinel(class error, text string) error { return &sentinel{text: text, class: class} }

// Particular failures, each within one of the classes above.
var (
	// ErrNoRefreshToken: signed out, or in need of a new sign-in. Class ErrAuthentication.
	ErrNoRefreshToken = newSentinel(ErrAuthentication, "no refresh token is held")
	// ErrNoSessionToken: the sign-in brought no session token, which pairing and
	// the list of attached clients need. Class ErrAuthentication.
	ErrNoSessionToken = newSentinel(ErrAuthentication, "no session token is held")
	// ErrNoScopedKey: the key of a scope is needed and not held. Class ErrAuthentication.
	ErrNoScopedKey = newSentinel(ErrAuthentication, "the key of the scope is not held")
	// ErrScopeMissing: the sign-in does not cover the scope. Class ErrAuthentication.
	ErrScopeMissing = newSentinel(ErrAuthentication, "the sign-in does not cover the scope")

	// ErrSignInExpired: the authorization code is unknown, used, expired or does
	// not fit; begin again. Class ErrOther.
	ErrSignInExpired = newSentinel(ErrOther, "the sign-in has expired")
	// ErrOtherAccount: the person signed in to another account than the one held
	// here. Nothing was changed; sign out first. Class ErrOther.
	ErrOtherAccount = newSentinel(ErrOther, "the sign-in is for another account")
	// ErrReauthenticate: the account is fine, but the server wants a fresh, a
	// confirmed or a two-step sign-in on its page. Class ErrOther.
	ErrReauthenticate = newSentinel(ErrOther, "the server wants a fresh sign-in")
	// ErrAccountGone: the server does not know the account. Class ErrOther.
	ErrAccountGone = newSentinel(ErrOther, "the account does not exist")
	// ErrScopeNotAllowed: this client may not have the scope. Class ErrOther.
	ErrScopeNotAllowed = newSentinel(ErrOther, "the scope is not allowed")
	// ErrClientConfiguration: client id, redirect address or kind of client do not
	// fit what the server has registered. Class ErrOther.
	ErrClientConfiguration = newSentinel(ErrOther, "the server does not accept this client's configuration")
	// ErrUnavailable: the server is busy or broken; try again later. Class ErrOther.
	ErrUnavailable = newSentinel(ErrOther, "the server is not available")
	// ErrUnsupported: the server, or the target device, does not offer this. Class ErrOther.
	ErrUnsupported = newSentinel(ErrOther, "not supported")
	// ErrBlocked: the server blocked the request for reasons of security; no time
	// helps, only the person. Class ErrOther.
	ErrBlocked = newSentinel(ErrOther, "the server blocked the request")
	// ErrTooLarge: the request would be larger than the server takes. Class ErrOther.
	ErrTooLarge = newSentinel(ErrOther, "the request is too large")
	// ErrCircuitOpen: the authorization was checked too often in a short time.
	// Class ErrOther.
	ErrCircuitOpen = newSentinel(ErrOther, "the authorization was checked too often")
	// ErrUnknownDevice: the account has no such device. Class ErrOther.
	ErrUnknownDevice = newSentinel(ErrOther, "no such device")
	// ErrNoDevice: this installation has no device record yet. Class ErrOther.
	ErrNoDevice = newSentinel(ErrOther, "this installation has no device record")
	// ErrInvalidTransition: the event does not fit the state. Class ErrOther.
	ErrInvalidTransition = newSentinel(ErrOther, "the event does not fit the state")
	// ErrInvalidPush: a push message cannot be understood. Class ErrOther.
	ErrInvalidPush = newSentinel(ErrOther, "the push message cannot be understood")
	// ErrInvalidAnswer: the server's answer cannot be understood. Class ErrOther.
	ErrInvalidAnswer = newSentinel(ErrOther, "the server's answer cannot be understood")
	// ErrInvalidState: text given to Restore is not a saved state. Class ErrOther.
	ErrInvalidState = newSentinel(ErrOther, "not a saved account state")
	// ErrInvalidArgument: an argument or setting cannot be used. Class ErrOther.
	ErrInvalidArgument = newSentinel(ErrOther, "invalid argument")
	// ErrCrypto: something could not be encrypted or decrypted. Class ErrOther.
	ErrCrypto = newSentinel(ErrOther, "cryptographic failure")
)

// BackoffError says that the server asked for silence: nothing is sent to that
// service before Until, and calls that would, fail at once with this error. It
// never means that the account is signed out. Class ErrOther.
type BackoffError struct {
	// Until is on the injected clock.
	Until time.Time
	// Service is content, auth, oauth, profile, or metrics, which is /metrics-flow and
	// waits by itself.
	Service string
	// Remote is the answer that began the wait; nil for a call that was not sent.
	Remote *RemoteError
}

// Error tells the service and the time.
func (e *BackoffError) Error() string {
	return fmt.Sprintf("the %s server asked to wait until %s", e.Service, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap returns the class. Remote is left out: what began a wait may have been a
// proxy, and a wait is not a network failure to be repeated at once.
func (e *BackoffError) Unwrap() error { return ErrUnavailable }

// RemoteError is a refusal by the server. What it means is asked with errors.Is;
// the numbers are for diagnosis.
type RemoteError struct {
	// Route is the path of the request.
	Route string
	// Status is the HTTP status.
	Status int
	// Errno is the service's own number, 0 when it gave none. Space tells which of
	// its tables the number is from: auth, oauth, profile or content.
	Errno int
	Space string
	// Foreign says that the answer did not come from the service but from a proxy
	// or captive portal. Class ErrNetwork.
	Foreign bool
	// RetryAfter is how long this feature is left alone: what the server has switched
	// off is not asked for again before it said, nor more than once in an hour. 0 when
	// the refusal names no time.
	RetryAfter time.Duration
	// Held says that nothing was sent now, because RetryAfter is not over.
	Held bool
	// DeviceID is the record that the credential already has, with auth errno 124.
	DeviceID string

	meanings []error
}

// Error tells route and numbers, never the server's own text, which may hold
// addresses, codes and headers.
func (e *RemoteError) Error() string {
	if e.Foreign {
		return fmt.Sprintf("%s answered with status %d by something that is not the accounts server", e.Route, e.Status)
	}
	if e.Held {
		return fmt.Sprintf("%s is switched off by the server and not asked for another %s", e.Route, e.RetryAfter.Round(time.Second))
	}
	return fmt.Sprintf("%s answered with status %d, %s errno %d", e.Route, e.Status, e.Space, e.Errno)
}

// Unwrap returns the class and the particular meanings.
func (e *RemoteError) Unwrap() []error { return e.meanings }

// SaveError says that the [Saver] failed: the call failed with it, and nothing
// changed.
type SaveError struct{ Err error }

// Error holds the saver's text.
func (e *SaveError) Error() string { return fmt.Sprintf("save the account state: %v", e.Err) }

// Unwrap returns what the saver returned.
func (e *SaveError) Unwrap() error { return e.Err }

// wireError is an error of the HTTP layer with the class it belongs to.
type wireError struct {
	err      error
	meanings []error
}

func (e *wireError) Error() string { return e.err.Error() }

func (e *wireError) Unwrap() []error { return append([]error{e.err}, e.meanings...) }

// translate gives the errors of the HTTP layer their public form. It is applied
// once to everything that layer returns.
func translate(err error) error {
	var (
		status    *wire.StatusError
		wait      *wire.BackoffError
		size      *wire.SizeError
		transport *wire.TransportError
		answer    *wire.AnswerError
		insecure  *wire.InsecureError
	)
	switch {
	case errors.As(err, &wait):
		b := &BackoffError{Until: wait.Until, Service: string(wait.Base)}
		if wait.Cause != nil {
			b.Remote = remote(wait.Cause)
		}
		return b
	case errors.As(err, &status):
		return remote(status)
	case errors.As(err, &size):
		return &wireError{err, []error{ErrTooLarge}}
	case errors.As(err, &transport):
		return &wireError{err, []error{ErrNetwork}}
	case errors.As(err, &answer):
		return &wireError{err, []error{ErrInvalidAnswer}}
	case errors.As(err, &insecure):
		return &wireError{err, []error{ErrInvalidArgument}}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return &wireError{err, []error{ErrOther}}
	}
}

func remote(s *wire.StatusError) *RemoteError {
	return &RemoteError{
		Route: s.Route, Status: s.Status, Errno: s.Errno, Space: s.Space.String(), Foreign: s.Foreign,
		RetryAfter: s.RetryAfter, Held: s.Held, DeviceID: s.DeviceID,
		meanings: remoteMeanings(s),
	}
}

// remoteMeanings sorts a refusal: by status first, then by number within the
// number space of the route. What is not known by number has the meaning of its
// status only.
func remoteMeanings(s *wire.StatusError) []error {
	if s.Foreign {
		if s.Status == http.StatusRequestEntityTooLarge {
			return []error{ErrTooLarge}
		}
		return []error{ErrNetwork}
	}
	if meaning := numberMeaning(s); meaning != nil {
		return []error{meaning}
	}
	switch status := s.Status; {
	case status == http.StatusUnauthorized:
		return []error{ErrAuthentication}
	case status == http.StatusForbidden:
		return []error{ErrForbidden}
	case status == http.StatusNotFound, status == http.StatusGone, status == http.StatusMethodNotAllowed:
		return []error{ErrUnsupported}
	case status == http.StatusRequestEntityTooLarge:
		return []error{ErrTooLarge}
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusConflict,
		status == http.StatusRequestTimeout, status == http.StatusTooEarly: // it did not even get the request
		return []error{ErrUnavailable}
	default:
		return []error{ErrOther}
	}
}

// numbered is an errno together with the status that it must come with: on an
// auth route some numbers of the oauth space pass through untranslated, and the
// status is what tells them apart.
type numbered struct {
	space         wire.Space
	status, errno int
}

// numberMeaning returns the particular meaning of a number, nil when the status
// says it all.
func numberMeaning(s *wire.StatusError) error {
	switch (numbered{s.Space, s.Status, s.Errno}) {
	case numbered{wire.SpaceAuth, 400, 172}, numbered{wire.SpaceAuth, 400, 173},
		numbered{wire.SpaceAuth, 400, 174}, numbered{wire.SpaceAuth, 400, 175},
		numbered{wire.SpaceOAuth, 400, 105}, numbered{wire.SpaceOAuth, 400, 106},
		numbered{wire.SpaceOAuth, 400, 107}, numbered{wire.SpaceOAuth, 400, 117}:
		return ErrSignInExpired
	case numbered{wire.SpaceAuth, 400, 163}, numbered{wire.SpaceOAuth, 400, 114}:
		return ErrScopeNotAllowed
	case numbered{wire.SpaceAuth, 400, 182}, numbered{wire.SpaceOAuth, 400, 108},
		numbered{wire.SpaceOAuth, 400, 122}, numbered{wire.SpaceAuth, 400, 115},
		numbered{wire.SpaceOAuth, 400, 115}:
		return ErrAuthentication // the token is unknown or expired, whatever the status says
	case numbered{wire.SpaceAuth, 400, 162}, numbered{wire.SpaceAuth, 400, 166},
		numbered{wire.SpaceAuth, 400, 167}, numbered{wire.SpaceAuth, 400, 168},
		numbered{wire.SpaceAuth, 400, 171}, numbered{wire.SpaceAuth, 401, 171},
		numbered{wire.SpaceAuth, 500, 162}, numbered{wire.SpaceOAuth, 400, 101},
		numbered{wire.SpaceOAuth, 400, 102}, numbered{wire.SpaceOAuth, 400, 103},
		numbered{wire.SpaceOAuth, 400, 110}, numbered{wire.SpaceOAuth, 400, 116},
		numbered{wire.SpaceOAuth, 400, 121}:
		return ErrClientConfiguration
	case numbered{wire.SpaceAuth, 400, 104}, numbered{wire.SpaceAuth, 400, 126},
		numbered{wire.SpaceAuth, 400, 138}, numbered{wire.SpaceAuth, 400, 160},
		numbered{wire.SpaceAuth, 400, 164}, numbered{wire.SpaceAuth, 400, 170},
		numbered{wire.SpaceAuth, 400, 222}, numbered{wire.SpaceOAuth, 401, 119},
		numbered{wire.SpaceOAuth, 400, 120}, numbered{wire.SpaceAuth, 401, 223},
		numbered{wire.SpaceAuth, 401, 227}, numbered{wire.SpaceAuth, 401, 238}:
		return ErrReauthenticate
	case numbered{wire.SpaceAuth, 400, 102}:
		return ErrAccountGone
	case numbered{wire.SpaceAuth, 400, 123}:
		return ErrUnknownDevice
	case numbered{wire.SpaceAuth, 400, 157}, numbered{wire.SpaceAuth, 403, 202},
		numbered{wire.SpaceAuth, 503, 202}:
		return ErrUnsupported
	case numbered{wire.SpaceAuth, 400, 125}, numbered{wire.SpaceProfile, 400, 125}:
		return ErrBlocked
	default:
		return nil
	}
}
