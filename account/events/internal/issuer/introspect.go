package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Grant is what an access token is good for.
type Grant struct {
	Active   bool
	ClientID string
	Scope    string
	Subject  string
	// Expires is when it ends; zero if the server does not say.
	Expires time.Time
}

// Introspect asks what an access token is good for.
//
// POST introspection_endpoint; RFC 7662; docs/protocol/accounts-server.md §4.
func (s *Server) Introspect(ctx context.Context, token string) (Grant, error) {
	e, err := s.endpoints.get(ctx, never)
	if err != nil {
		return Grant{}, err
	}
	body, err := json.Marshal(map[string]string{"token": token, "token_type_hint": "access_token"})
	if err != nil {
		return Grant{}, fmt.Errorf("introspection: %w", err)
	}
	var told struct {
		Active   bool    `json:"active"`
		ClientID string  `json:"client_id"`
		Scope    string  `json:"scope"`
		Subject  string  `json:"sub"`
		Expires  float64 `json:"exp"`
	}
	_, err = s.fetch(ctx, http.MethodPost, e.Introspection, bytes.NewReader(body), &told)
	if refused := (*refusedError)(nil); errors.As(err, &refused) {
		return Grant{}, nil // what does not even look like a token is none
	}
	if err != nil {
		return Grant{}, err
	}
	g := Grant{Active: told.Active, ClientID: told.ClientID, Scope: told.Scope, Subject: told.Subject}
	if told.Expires > 0 && told.Expires < 1e15 {
		g.Expires = Moment(told.Expires)
	}
	return g, nil
}

// millisecondsFrom: a number of this size is a time in milliseconds; in seconds it would be in the
// year 5138.
const millisecondsFrom = 1e11

// Moment reads a time in seconds or milliseconds, whatever the server means: it writes both.
func Moment(n float64) time.Time {
	if n >= millisecondsFrom {
		n /= 1000
	}
	return time.UnixMilli(int64(n * 1000)).UTC()
}
