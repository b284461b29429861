package wire

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

const (
	grantCode     = "authorization_code"
	grantRefresh  = "refresh_token"
	grantSession  = "fxa-credentials"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	refreshType   = "urn:ietf:params:oauth:token-type:refresh_token"

	tokenPath         = "v1/oauth/token" // #nosec G101 -- a path
	destroyPath       = "v1/oauth/destroy"
	legacyDestroyPath = "v1/destroy"
	authorizationPath = "v1/oauth/authorization"
)

// maxExpiresIn caps the life of an access token, in seconds, at a year: servers give
// a day, older ones two weeks, and a larger number is a mistake.
const maxExpiresIn = 365 * 24 * 60 * 60

// The kinds of token that [Client.DestroyToken] takes, as RFC 7009 names them.
const (
	HintAccess  = "access_token"
	HintRefresh = "refresh_token"
)

// Tokens is the answer of the token endpoint. Printing one shows the scope only.
type Tokens struct {
	AccessToken string `json:"access_token"`
	// ExpiresIn is the life of the access token in seconds.
	ExpiresIn    int64  `json:"expires_in"`
	Scope        string `json:"scope"`
	RefreshToken string `json:"refresh_token"`
	SessionToken string `json:"session_token"`
	KeysJWE      string `json:"keys_jwe"`
}

// String hides the tokens.
func (t Tokens) String() string { return "tokens for " + t.Scope }

// GoString hides the tokens from %#v.
func (t Tokens) GoString() string { return t.String() }

// Scopes splits the granted scope at any ASCII white space.
func (t Tokens) Scopes() []string { return strings.Fields(t.Scope) }

type tokenRequest struct {
	GrantType        string `json:"grant_type"`
	ClientID         string `json:"client_id,omitempty"`
	Code             string `json:"code,omitempty"`
	CodeVerifier     string `json:"code_verifier,omitempty"`
	RefreshToken     string `json:"refresh_token,omitempty"`
	SubjectToken     string `json:"subject_token,omitempty"`
	SubjectTokenType string `json:"subject_token_type,omitempty"`
	Scope            string `json:"scope,omitempty"`
	TTL              int64  `json:"ttl,omitempty"`
	AccessType       string `json:"access_type,omitempty"`
}

func (c *Client) tokens(ctx context.Context, cred Credential, r tokenRequest) (Tokens, error) {
	var t struct {
		Tokens
		Expires *float64 `json:"expires_in"`
		Granted *string  `json:"scope"`
	}
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: tokenPath, cred: cred, body: r,
		part: r.GrantType, byHand: r.GrantType == grantCode,
	}, &t)
	switch {
	case err != nil:
		return Tokens{}, err
	case t.AccessToken == "":
		return Tokens{}, a.missing("access_token")
	case t.Expires == nil:
		return Tokens{}, a.missing("expires_in")
	case t.Granted == nil:
		return Tokens{}, a.missing("scope")
	}
	t.Tokens.ExpiresIn, t.Tokens.Scope = int64(min(max(*t.Expires, 0), maxExpiresIn)), *t.Granted
	return t.Tokens, nil
}

// RedeemCode exchanges an authorization code. The credential is a session or none.
func (c *Client) RedeemCode(ctx context.Context, cred Credential, code, verifier string) (Tokens, error) {
	t, err := c.tokens(ctx, cred, tokenRequest{
		GrantType: grantCode, ClientID: c.clientID, Code: code, CodeVerifier: verifier,
	})
	return t, c.out(err)
}

// RefreshAccess makes an access token from a refresh token. ttl is in seconds,
// 0 leaves the choice to the server, which caps it (86400 by default).
func (c *Client) RefreshAccess(ctx context.Context, refreshToken, scope string, ttl int64) (Tokens, error) {
	t, err := c.tokens(ctx, Credential{}, tokenRequest{
		GrantType: grantRefresh, ClientID: c.clientID, RefreshToken: refreshToken, Scope: scope, TTL: ttl,
	})
	return t, c.out(err)
}

// SessionAccess makes an access token from a session.
func (c *Client) SessionAccess(ctx context.Context, session Credential, scope string) (Tokens, error) {
	t, err := c.tokens(ctx, session, tokenRequest{GrantType: grantSession, ClientID: c.clientID, Scope: scope})
	return t, c.out(err)
}

// SessionRefresh makes a new refresh token from a session.
func (c *Client) SessionRefresh(ctx context.Context, session Credential, scope string) (Tokens, error) {
	t, err := c.tokens(ctx, session, tokenRequest{
		GrantType: grantSession, ClientID: c.clientID, Scope: scope, AccessType: "offline",
	})
	return t, c.out(err)
}

// Exchange swaps a refresh token for one that also covers scope. The server
// revokes the old one and carries its device record over.
func (c *Client) Exchange(ctx context.Context, refreshToken, scope string) (Tokens, error) {
	t, err := c.tokens(ctx, Credential{}, tokenRequest{
		GrantType: grantExchange, SubjectToken: refreshToken, SubjectTokenType: refreshType, Scope: scope,
	})
	return t, c.out(err)
}

// Introspection is what the server tells about a token.
type Introspection struct {
	Active bool
	// Subject is the uid of the token's account; empty when inactive.
	Subject string
}

// Introspect asks whether a refresh token is alive.
func (c *Client) Introspect(ctx context.Context, refreshToken string) (Introspection, error) {
	i, err := c.introspect(ctx, refreshToken)
	return i, c.out(err)
}

func (c *Client) introspect(ctx context.Context, refreshToken string) (Introspection, error) {
	e, err := c.endpoints(ctx)
	if err != nil {
		return Introspection{}, err
	}
	var told struct {
		Active  *bool  `json:"active"`
		Subject string `json:"sub"`
	}
	a, err := c.call(ctx, request{
		base: BaseOAuth, space: SpaceOAuth, method: http.MethodPost, url: e.Introspection,
		body: struct {
			Hint  string `json:"token_type_hint"`
			Token string `json:"token"`
		}{HintRefresh, refreshToken},
	}, &told)
	switch {
	case err != nil:
		return Introspection{}, err
	case told.Active == nil:
		return Introspection{}, a.missing("active")
	}
	return Introspection{Active: *told.Active, Subject: told.Subject}, nil
}

// DestroyToken revokes a token (RFC 7009); hint is HintAccess or HintRefresh. A
// token that the server does not know counts as revoked. Servers without the
// route are asked by the older one.
func (c *Client) DestroyToken(ctx context.Context, token, hint string) error {
	_, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: destroyPath,
		body: struct {
			ClientID string `json:"client_id"`
			Token    string `json:"token"`
			Hint     string `json:"token_type_hint"`
		}{c.clientID, token, hint},
	}, nil)
	var s *StatusError
	if errors.As(err, &s) && s.Status == http.StatusNotFound && !s.Foreign {
		err = c.destroyLegacy(ctx, token, hint)
	}
	return c.out(err)
}

func (c *Client) destroyLegacy(ctx context.Context, token, hint string) error {
	member := "token"
	if hint == HintRefresh {
		member = HintRefresh
	}
	_, err := c.call(ctx, request{
		base: BaseOAuth, space: SpaceOAuth, method: http.MethodPost, path: legacyDestroyPath,
		body: map[string]string{member: token},
	}, nil)
	var s *StatusError
	if errors.As(err, &s) && !s.Foreign && s.Errno == 108 {
		return nil // unknown there: revoked already
	}
	return err
}

// AuthorizationRequest asks for a code on behalf of another client. Empty members
// are left out.
type AuthorizationRequest struct {
	ClientID            string `json:"client_id"`
	ResponseType        string `json:"response_type,omitempty"`
	Scope               string `json:"scope,omitempty"`
	State               string `json:"state"`
	AccessType          string `json:"access_type,omitempty"`
	CodeChallenge       string `json:"code_challenge,omitempty"`
	CodeChallengeMethod string `json:"code_challenge_method,omitempty"`
	KeysJWE             string `json:"keys_jwe,omitempty"`
}

// Authorization is the answer: the code, the state as sent, and where a browser
// would go.
type Authorization struct {
	Code     string `json:"code"`
	State    string `json:"state"`
	Redirect string `json:"redirect"`
}

// String hides the code.
func (Authorization) String() string { return "authorization" }

// GoString hides the code from %#v.
func (Authorization) GoString() string { return "authorization" }

// Authorize asks for an authorization code.
func (c *Client) Authorize(ctx context.Context, session Credential, r AuthorizationRequest) (Authorization, error) {
	var out Authorization
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: authorizationPath, cred: session, body: r,
		byHand: true,
	}, &out)
	switch {
	case err != nil:
		return Authorization{}, c.out(err)
	case out.Code == "":
		return Authorization{}, c.out(a.missing("code"))
	case out.State == "":
		return Authorization{}, c.out(a.missing("state"))
	}
	return out, c.out(nil)
}
