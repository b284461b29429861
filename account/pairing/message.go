package pairing

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// The messages of the channel (docs/protocol/pairing.md §6).
const (
	nameRequest       = "pair:supp:request"
	nameMetadata      = "pair:auth:metadata"
	nameSuppAuthorize = "pair:supp:authorize"
	nameAuthAuthorize = "pair:auth:authorize"
	nameCancel        = "pair:auth:cancel"
)

// message is one payload of the secure channel.
type message struct {
	Name string          `json:"message"`
	Data json.RawMessage `json:"data,omitempty"`
}

// isCancel also takes names that newer pages may use for a cancellation.
func (m message) isCancel() bool {
	return strings.HasPrefix(m.Name, "pair:") && strings.HasSuffix(m.Name, ":cancel")
}

// Request is what a supplicant asks for: the parameters of an OAuth authorization.
type Request struct {
	ClientID            string `json:"client_id"`
	Scope               string `json:"scope"` // space separated
	State               string `json:"state"`
	CodeChallenge       string `json:"code_challenge"`
	CodeChallengeMethod string `json:"code_challenge_method"`
	// KeysJWK is the base64url of the JSON of a P-256 public key.
	KeysJWK    string `json:"keys_jwk"`
	AccessType string `json:"access_type,omitempty"`
}

// Scopes are the requested scopes.
func (r Request) Scopes() []string { return strings.Fields(r.Scope) }

// RequestFromURL reads a request out of the query of an authorization or pairing page's address.
func RequestFromURL(address string) (Request, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Request{}, errors.New("pairing: the page address cannot be read")
	}
	q := u.Query()
	r := Request{
		ClientID:            q.Get("client_id"),
		Scope:               q.Get("scope"),
		State:               q.Get("state"),
		CodeChallenge:       q.Get("code_challenge"),
		CodeChallengeMethod: q.Get("code_challenge_method"),
		KeysJWK:             q.Get("keys_jwk"),
		AccessType:          q.Get("access_type"),
	}
	return r, r.check()
}

// Limits of a request, as the accounts pages and server set them.
const (
	minChallenge = 43
	maxChallenge = 128
	maxState     = 512
	maxJWK       = 4096
)

// The scopes that may be given to another device.
const (
	ScopeProfile = "profile"
	ScopeOldSync = "https://identity.mozilla.com/apps/oldsync"
	ScopeSession = "https://identity.mozilla.com/tokens/session"
)

var (
	clientIDForm = kit.Pattern(`^[0-9a-f]{16}$`)
	codeForm     = kit.Pattern(`^[0-9a-fA-F]{64}$`)
	twoStepForm  = kit.Pattern(`^[0-9]{6,10}$`)
)

// check applies the rules of the accounts pages (version 2), which are the only thing between a
// stolen QR code and the keys.
func (r Request) check() error {
	fault := func(what string) error { return fmt.Errorf("%w: %s", ErrRequestRefused, what) }
	switch n := len(r.CodeChallenge); {
	case !clientIDForm().MatchString(r.ClientID):
		return fault("client_id")
	case n < minChallenge || n > maxChallenge || !isBase64URL(r.CodeChallenge):
		return fault("code_challenge")
	case r.CodeChallengeMethod != "S256":
		return fault("code_challenge_method")
	case r.State == "" || len(r.State) > maxState:
		return fault("state")
	case !slices.Contains([]string{"", "offline", "online"}, r.AccessType):
		return fault("access_type")
	case len(r.Scopes()) == 0:
		return fault("scope")
	}
	for _, scope := range r.Scopes() {
		if scope != ScopeProfile && scope != ScopeOldSync && scope != ScopeSession {
			return fault("scope")
		}
	}
	if err := checkJWK(r.KeysJWK); err != nil {
		return fault("keys_jwk")
	}
	return nil
}

// checkJWK wants a P-256 public key on the curve, and no private part.
func checkJWK(text string) error {
	if text == "" || len(text) > maxJWK || !isBase64URL(text) {
		return errors.New("not base64url")
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	var jwk struct {
		KTY, Crv, X, Y string
		D              *string
	}
	if err := json.Unmarshal(raw, &jwk); err != nil {
		return err
	}
	x, errX := base64.RawURLEncoding.DecodeString(jwk.X)
	y, errY := base64.RawURLEncoding.DecodeString(jwk.Y)
	if jwk.KTY != "EC" || jwk.Crv != "P-256" || jwk.D != nil || errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
		return errors.New("not a P-256 public key")
	}
	_, err = ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, x, y))
	return err
}

// Metadata is what an authority says about its account and itself. Any part may be missing.
type Metadata struct {
	Email       string `json:"email,omitempty"`
	Avatar      string `json:"avatar,omitempty"` // URL
	DisplayName string `json:"displayName,omitempty"`
	DeviceName  string `json:"deviceName,omitempty"`
}

// authorization is the data of pair:auth:authorize.
type authorization struct {
	Code     string `json:"code"`
	State    string `json:"state"`
	Redirect string `json:"redirect,omitempty"`
}
