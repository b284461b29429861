// Package errno holds the error replies of Mozilla's servers: the numbers, which
// each server counts for itself, with their statuses and waits, and what the
// auth server makes of an OAuth error.
package errno

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

// Space says which table an error number belongs to.
type Space uint8

// The spaces: one per server, and one for the pages.
const (
	AuthSpace Space = iota
	OAuthSpace
	ProfileSpace
	ContentSpace
)

// errorInfoURL is sent with every error as its documentation.
const errorInfoURL = "https://mozilla.github.io/ecosystem-platform/api#section/Response-format"

// retryAfterDefault is the wait in seconds of errors that have one.
const retryAfterDefault = 30

// Error is an error reply. Everything but the number comes from the tables.
type Error struct {
	Space      Space
	Errno      int
	Status     int            // 0: the table's
	Extras     map[string]any // members of the body
	RetryAfter int            // seconds, 0: the table's
}

func (e *Error) Error() string { return fmt.Sprintf("accounts error %d", e.Errno) }

// Auth makes an error of the auth server.
func Auth(number int) *Error { return &Error{Space: AuthSpace, Errno: number} }

// OAuth makes an error of the OAuth server.
func OAuth(number int) *Error { return &Error{Space: OAuthSpace, Errno: number} }

// Profile makes an error of the profile server.
func Profile(number int) *Error { return &Error{Space: ProfileSpace, Errno: number} }

// With adds a member to the body.
func (e *Error) With(name string, value any) *Error {
	if e.Extras == nil {
		e.Extras = map[string]any{}
	}
	e.Extras[name] = value
	return e
}

// NotFound is the answer to an unknown path.
func NotFound() *Error {
	return &Error{Space: AuthSpace, Errno: 999, Status: http.StatusNotFound}
}

// InvalidToken is the answer to every dead, unknown or missing credential.
func InvalidToken() *Error { return Auth(110) }

// Translate turns an OAuth error into what an auth-style route answers.
func (e *Error) Translate(bare bool) *Error {
	if e.Space != OAuthSpace {
		return e
	}
	to, ok := oauthToAuth[e.Errno]
	if !ok { // 111, 112 and 115 pass with their own status
		out := *e
		return &out
	}
	out := &Error{Space: AuthSpace, Errno: to, RetryAfter: e.RetryAfter, Extras: maps.Clone(e.Extras)}
	if bare {
		for _, name := range []string{"clientId", "redirectUri", "invalidScopes", "authAt", "expiredAt", "validation"} {
			delete(out.Extras, name)
		}
	}
	return out
}

// Reply returns status, headers and body, so that they cannot disagree.
func (e *Error) Reply(millis bool) (status int, header http.Header, body map[string]any) {
	row, ok := Tables[e.Space][e.Errno]
	if !ok {
		row = Tables[e.Space][999]
	}
	status = row.Status
	if e.Status != 0 {
		status = e.Status
	}
	header = http.Header{}
	body = map[string]any{
		"code": status, "errno": e.Errno, "error": row.Phrase, "message": row.Message, "info": errorInfoURL,
	}
	if e.Status != 0 && e.Status != row.Status {
		body["error"] = http.StatusText(e.Status)
	}
	for name, value := range e.Extras {
		body[name] = value
	}
	wait := e.RetryAfter
	if wait == 0 && row.Waits {
		wait = retryAfterDefault
	}
	if wait > 0 {
		header.Set("Retry-After", strconv.Itoa(wait))
		body["retryAfter"] = wait
		if e.Space == AuthSpace && e.Errno == 114 && millis {
			body["retryAfter"] = wait * 1000
		}
	}
	return status, header, body
}

// From finds the reply in err; what is none is error 999 of the auth server.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Auth(999)
}
