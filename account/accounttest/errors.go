package accounttest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

// space says which table an error number belongs to.
type space uint8

const (
	authSpace space = iota
	oauthSpace
	profileSpace
	contentSpace
)

// errorInfoURL is sent with every error as its documentation.
const errorInfoURL = "https://mozilla.github.io/ecosystem-platform/api#section/Response-format"

// retryAfterDefault is the wait in seconds of errors that have one.
const retryAfterDefault = 30

// apiError is an error reply. Everything but the number comes from the tables.
type apiError struct {
	space      space
	errno      int
	status     int // 0: the table's
	extras     map[string]any
	retryAfter int // seconds, 0: none
}

func (e *apiError) Error() string { return fmt.Sprintf("accounts error %d", e.errno) }

func authErr(errno int) *apiError    { return &apiError{space: authSpace, errno: errno} }
func oauthErr(errno int) *apiError   { return &apiError{space: oauthSpace, errno: errno} }
func profileErr(errno int) *apiError { return &apiError{space: profileSpace, errno: errno} }

func (e *apiError) with(name string, value any) *apiError {
	if e.extras == nil {
		e.extras = map[string]any{}
	}
	e.extras[name] = value
	return e
}

func notFound() *apiError {
	return &apiError{space: authSpace, errno: 999, status: http.StatusNotFound}
}

// errInvalidToken is the answer to every dead, unknown or missing credential.
func errInvalidToken() *apiError { return authErr(110) }

// translate turns an OAuth error into what an auth-style route answers.
func (e *apiError) translate(bare bool) *apiError {
	if e.space != oauthSpace {
		return e
	}
	to, ok := oauthToAuth[e.errno]
	if !ok { // 111, 112 and 115 pass with their own status
		out := *e
		return &out
	}
	out := &apiError{space: authSpace, errno: to, retryAfter: e.retryAfter, extras: maps.Clone(e.extras)}
	if bare {
		for _, name := range []string{"clientId", "redirectUri", "invalidScopes", "authAt", "expiredAt", "validation"} {
			delete(out.extras, name)
		}
	}
	return out
}

// reply gives status, headers and body, so that they cannot disagree.
func (e *apiError) reply(millis bool) (status int, header http.Header, body map[string]any) {
	row, ok := errorTables[e.space][e.errno]
	if !ok {
		row = errorTables[e.space][999]
	}
	status = row.status
	if e.status != 0 {
		status = e.status
	}
	header = http.Header{}
	body = map[string]any{
		"code": status, "errno": e.errno, "error": row.phrase, "message": row.message, "info": errorInfoURL,
	}
	if e.status != 0 && e.status != row.status {
		body["error"] = http.StatusText(e.status)
	}
	for name, value := range e.extras {
		body[name] = value
	}
	wait := e.retryAfter
	if wait == 0 && row.waits {
		wait = retryAfterDefault
	}
	if wait > 0 {
		header.Set("Retry-After", strconv.Itoa(wait))
		body["retryAfter"] = wait
		if e.space == authSpace && e.errno == 114 && millis {
			body["retryAfter"] = wait * 1000
		}
	}
	return status, header, body
}

func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return authErr(999)
}
