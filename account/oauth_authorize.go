package account

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// AuthorizationParams is what another client asks for when it wants to be let in to
// the account, for instance a phone that scanned a pairing code.
type AuthorizationParams struct {
	ClientID string
	Scopes   []string
	State    string
	// AccessType is "offline" for a client that is to stay, with a refresh token of its
	// own, and "online" for one that is not; the server decides where it is empty.
	AccessType          string
	CodeChallenge       string
	CodeChallengeMethod string
	// KeysJWK is the base64url JWK that the keys of the scopes are encrypted to; empty
	// for a client that wants none.
	KeysJWK string
}

// ParseAuthorizationParams reads the parameters of an authorization address. One
// that lacks scope, client_id, state or access_type is ErrInvalidArgument and names
// the first that is missing, in this order.
func ParseAuthorizationParams(u *url.URL) (AuthorizationParams, error) {
	q := u.Query()
	for _, name := range []string{"scope", "client_id", "state", "access_type"} {
		if strings.TrimSpace(q.Get(name)) == "" {
			return AuthorizationParams{}, fmt.Errorf("%s is missing: %w", name, ErrInvalidArgument)
		}
	}
	return AuthorizationParams{
		ClientID: q.Get("client_id"), Scopes: strings.Fields(q.Get("scope")), State: q.Get("state"),
		AccessType: q.Get("access_type"), CodeChallenge: q.Get("code_challenge"),
		CodeChallengeMethod: q.Get("code_challenge_method"), KeysJWK: q.Get("keys_jwk"),
	}, nil
}

// What the server, and the page that does this in a browser, take.
const (
	clientIDDigits = 16
	maxState       = 512
	minChallenge   = 43
	maxChallenge   = 128
)

// check refuses what the server's own rules of form refuse. PKCE is demanded, as
// that server does of every public client.
func (p AuthorizationParams) check() error {
	switch {
	case len(p.ClientID) != clientIDDigits || strings.Trim(p.ClientID, "0123456789abcdef") != "":
		return fmt.Errorf("client_id: %w", ErrInvalidArgument)
	case p.State == "" || len(p.State) > maxState:
		return fmt.Errorf("state: %w", ErrInvalidArgument)
	case len(p.Scopes) == 0:
		return fmt.Errorf("scope: %w", ErrInvalidArgument)
	case p.CodeChallengeMethod != "S256":
		return fmt.Errorf("code_challenge_method: %w", ErrInvalidArgument)
	case len(p.CodeChallenge) < minChallenge || len(p.CodeChallenge) > maxChallenge || !base64url(p.CodeChallenge):
		return fmt.Errorf("code_challenge: %w", ErrInvalidArgument)
	}
	return nil
}

func base64url(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// AuthorizeCode lets another client in: it returns the authorization code with which
// that client gets tokens, and encrypts the keys of the scopes to it, if it gives a
// key to encrypt to. The person must have said yes to exactly this client before, and
// to what it asks for: access type and scopes go to the server as they are given, and
// it decides. Scopes that it does not let the client have are ErrScopeNotAllowed, a
// client that it does not know is ErrClientConfiguration, and what else it does not
// take is a [RemoteError] of the class ErrOther.
//
// It needs a verified session (ErrNoSessionToken, ErrReauthenticate) and the keys
// of the scopes (ErrNoScopedKey).
//
// POST /v1/account/scoped-key-data and /v1/oauth/authorization; fxa-client
// authorize_code_using_session_token; docs/protocol/accounts-client.md §4.5.
func (a *Account) AuthorizeCode(ctx context.Context, p AuthorizationParams) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	var code string
	err := a.onSession(ctx, func(ctx context.Context, s *persisted, cred wire.Credential) error {
		scope := strings.Join(p.Scopes, " ")
		data, err := a.wire.ScopedKeyData(ctx, cred, p.ClientID, scope)
		if err != nil {
			return err
		}
		jwe, err := a.wrapKeys(s, p, data)
		if err != nil {
			return err
		}
		granted, err := a.wire.Authorize(ctx, cred, wire.AuthorizationRequest{
			ClientID: p.ClientID, ResponseType: "code", Scope: scope, State: p.State,
			AccessType: p.AccessType, CodeChallenge: p.CodeChallenge, CodeChallengeMethod: p.CodeChallengeMethod, KeysJWE: jwe,
		})
		if err != nil {
			return err
		}
		if granted.State != p.State {
			return fmt.Errorf("the server gave back another state: %w", ErrInvalidAnswer)
		}
		code = granted.Code
		return nil
	})
	return code, err
}

// wrapKeys encrypts the keys of those scopes that the server names as bearing keys
// for the client. Scopes without keys are not in its answer, and are decided upon
// by the authorization itself.
func (a *Account) wrapKeys(s *persisted, p AuthorizationParams, data map[string]wire.ScopedKeyData) (string, error) {
	if p.KeysJWK == "" {
		return "", nil
	}
	for _, scope := range p.Scopes {
		if _, held := s.ScopedKeys[scope]; held {
			if _, allowed := data[scope]; !allowed {
				return "", fmt.Errorf("the server does not let the client have the key: %w", ErrScopeNotAllowed)
			}
		}
	}
	bundle := make(map[string]ScopedKey)
	for _, scope := range p.Scopes {
		if _, bearing := data[scope]; !bearing {
			continue
		}
		key, held := s.ScopedKeys[scope]
		if !held {
			return "", ErrNoScopedKey
		}
		bundle[scope] = key
	}
	if len(bundle) == 0 {
		return "", nil
	}
	jwk, err := keys.ParseKeysJWK(p.KeysJWK)
	if err != nil {
		return "", fmt.Errorf("keys_jwk: %w: %w", ErrInvalidArgument, err)
	}
	text, err := json.Marshal(bundle)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInternal, err)
	}
	jwe, err := keys.EncryptJWE(a.random, jwk, text)
	if err != nil {
		return "", fmt.Errorf("encrypt the keys: %w: %w", ErrCrypto, err)
	}
	return jwe, nil
}
