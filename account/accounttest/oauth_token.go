package accounttest

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
)

// Grant types of the token route.
const (
	grantCode        = "authorization_code"
	grantRefresh     = "refresh_token"
	grantCredentials = "fxa-credentials"
	grantExchange    = "urn:ietf:params:oauth:grant-type:token-exchange"
)

const subjectRefresh = "urn:ietf:params:oauth:token-type:refresh_token"

func oauthRoutes() []route {
	return []route{
		{method: "POST", path: "/v1/oauth/token", space: errno.AuthSpace, auth: maybeSession, form: true, handle: (*Service).handleToken},
		{method: "POST", path: "/v1/token", space: errno.OAuthSpace, form: true, handle: (*Service).handleToken},
		{method: "POST", path: "/v1/oauth/authorization", space: errno.AuthSpace, auth: needSession, handle: (*Service).handleAuthorization},
		{method: "GET", path: "/v1/authorization", space: errno.OAuthSpace, page: redirectAuthorization},
		{method: "POST", path: "/v1/oauth/destroy", space: errno.AuthSpace, form: true, handle: (*Service).handleDestroy},
		{method: "POST", path: "/v1/destroy", space: errno.OAuthSpace, form: true, handle: (*Service).handleLegacyDestroy},
		{method: "POST", path: "/v1/introspect", space: errno.OAuthSpace, form: true, handle: (*Service).handleIntrospect},
		{method: "POST", path: "/v1/verify", space: errno.OAuthSpace, form: true, handle: (*Service).handleVerify},
		{method: "POST", path: "/v1/oauth/id-token-verify", space: errno.OAuthSpace, form: true, handle: (*Service).handleIDTokenVerify},
		{method: "POST", path: "/v1/account/scoped-key-data", space: errno.AuthSpace, auth: needSession, handle: (*Service).handleScopedKeyData},
		{method: "POST", path: "/v1/key-data", space: errno.OAuthSpace, form: true, handle: (*Service).handleWithoutAssertion},
		{method: "POST", path: "/v1/authorization", space: errno.OAuthSpace, form: true, handle: (*Service).handleWithoutAssertion},
		{method: "GET", path: "/v1/oauth/client/{id}", space: errno.AuthSpace, handle: (*Service).handleClient},
		{method: "GET", path: "/v1/client/{id}", space: errno.OAuthSpace, handle: (*Service).handleClient},
		{method: "GET", path: "/v1/jwks", space: errno.OAuthSpace, handle: (*Service).handleJWKS},
	}
}

// tokenParams are the members of a token request.
type tokenParams struct {
	grant, clientID, secret        string
	code, verifier, redirect       string
	refresh, scope, accessType     string
	subject, subjectType, resource string
	ttl                            time.Duration
	ppidSeed                       int64
}

// maxPPIDSeed is the largest ppid_seed.
const maxPPIDSeed = 1024

func (c *call) tokenParams() (tokenParams, error) {
	p := c.params()
	p.Known("reason", "service")
	var t tokenParams
	t.ppidSeed, _ = p.Integer("ppid_seed", 0, maxPPIDSeed)
	t.grant = p.Choice("grant_type", grantCode, grantRefresh, grantCredentials, grantExchange)
	t.code = p.Opt("code", member.LowerHex(64))
	t.verifier = p.Opt("code_verifier", member.Verifier)
	t.redirect = p.Opt("redirect_uri", member.Short)
	t.refresh = p.Opt("refresh_token", member.LowerHex(64))
	t.scope = p.Opt("scope", member.Scope)
	t.accessType = p.Choice("access_type", "online", "offline")
	t.subject = p.Opt("subject_token", member.LowerHex(64))
	t.subjectType = p.Choice("subject_token_type", subjectRefresh)
	t.resource = p.Opt("resource", member.Resource)
	t.secret = p.Opt("client_secret", member.Secret)
	ttl, _ := p.Integer("ttl", 1, 1<<31)
	t.ttl = time.Duration(ttl) * time.Second
	if t.grant == "" {
		if t.grant = grantCredentials; t.code != "" {
			t.grant = grantCode
		}
	}
	basicID, basicSecret, basic := basicClient(c.r)
	switch {
	case t.grant == grantExchange:
		if p.Has("client_id") {
			p.Invalid("client_id")
		}
	case basic:
		if t.secret != "" {
			p.Invalid("client_secret")
		}
		t.clientID, t.secret = basicID, basicSecret
		p.Known("client_id")
	default:
		t.clientID = p.Need("client_id", member.ClientID)
	}
	if err := p.Done(); err != nil {
		return t, err
	}
	return t, t.complete(c, basic)
}

// complete checks which members a grant needs and which exclude each other.
func (t *tokenParams) complete(c *call, basic bool) error {
	switch t.grant {
	case grantCode:
		if t.code == "" {
			return c.missing("code")
		}
		if t.secret != "" && t.verifier != "" && !basic {
			return c.invalid("code_verifier")
		}
	case grantRefresh:
		if t.refresh == "" {
			return c.missing("refresh_token")
		}
	case grantExchange:
		if t.subject == "" {
			return c.missing("subject_token")
		}
		if t.subjectType == "" {
			return c.missing("subject_token_type")
		}
		if t.scope == "" {
			return c.missing("scope")
		}
	}
	return nil
}

func (s *Service) handleToken(c *call) (any, error) {
	t, err := c.tokenParams()
	if err != nil {
		return nil, err
	}
	if t.grant == grantExchange {
		return s.grantExchange(c, t)
	}
	client, err := s.clientFor(t.clientID, t.secret)
	if err != nil {
		return nil, err
	}
	if client.Disabled && t.grant != grantCode {
		e := errno.OAuth(202).With("clientId", client.ID)
		return nil, e
	}
	switch t.grant {
	case grantCode:
		return s.grantCode(c, client, t)
	case grantRefresh:
		return s.grantRefresh(c, client, t)
	}
	return s.grantCredentials(c, client, t)
}

// clientFor finds a client and checks its secret.
func (s *Service) clientFor(id, secret string) (*Client, error) {
	client := s.clients[id]
	if client == nil {
		return nil, errno.OAuth(101).With("clientId", id)
	}
	if secret != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 {
		return nil, errno.OAuth(102).With("clientId", id)
	}
	return client, nil
}

// mustProve wants the secret of confidential clients.
func (c *Client) mustProve(secret string) error {
	if !c.public() && secret == "" {
		return errno.OAuth(102).With("clientId", c.ID)
	}
	return nil
}

func (s *Service) grantCode(c *call, client *Client, t tokenParams) (any, error) {
	if !client.public() && t.verifier != "" {
		return nil, errno.OAuth(116).With("clientId", client.ID)
	}
	if err := client.mustProve(t.secret); err != nil {
		return nil, err
	}
	code := s.codes[t.code]
	switch {
	case code == nil:
		return nil, errno.OAuth(105).With("requestCode", t.code)
	case code.clientID != client.ID:
		return nil, errno.OAuth(106).With("requestCode", t.code).With("client", client.ID)
	case c.now.Sub(code.createdAt) >= codeLifetime:
		return nil, errno.OAuth(107).With("requestCode", t.code).With("expiredAt", code.createdAt.Add(codeLifetime).UnixMilli())
	case code.challenge != "" && t.verifier == "":
		return nil, errno.OAuth(118)
	case code.challenge != challengeOf(t.verifier):
		return nil, errno.OAuth(117).With("requestCodeChallenge", challengeOf(t.verifier))
	case t.redirect != "" && t.redirect != code.redirect:
		return nil, errno.OAuth(103).With("redirectUri", t.redirect)
	}
	delete(s.codes, t.code)
	g := grant{
		client: client, account: code.account, scopes: code.scopes, ttl: t.ttl, authAt: code.authAt,
		verified: code.verified, aal: code.aal, offline: code.offline, fresh: true, resource: t.resource, ppidSeed: t.ppidSeed,
	}
	if slices.Contains(code.scopes, scopeSession) {
		g.mintSession = true
	} else {
		g.session = c.session
	}
	reply := s.grant(c, g)
	if code.keysJWE != "" {
		reply["keys_jwe"] = code.keysJWE
	}
	return reply, nil
}

func challengeOf(verifier string) string {
	if verifier == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return crypt.B64(sum[:])
}

func (s *Service) grantRefresh(c *call, client *Client, t tokenParams) (any, error) {
	if err := client.mustProve(t.secret); err != nil {
		return nil, err
	}
	held := s.refresh[tokenID(t.refresh)]
	if held == nil || held.clientID != client.ID {
		return nil, errno.OAuth(108)
	}
	scopes := held.scopes
	if t.scope != "" {
		scopes = oauthscope.Split(t.scope)
		for _, scope := range scopes {
			allowed := oauthscope.Implied(held.scopes, scope) || client.Trusted && oauthscope.Implied(client.AllowedScopes, scope)
			if !allowed {
				return nil, errno.OAuth(114).With("invalidScopes", []string{scope})
			}
		}
	}
	scopes = slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return scope == "openid" || scope == scopeSession })
	held.lastUsed = c.now
	reply := s.grant(c, grant{
		client: client, account: held.account, scopes: scopes, ttl: t.ttl, authAt: held.authAt, resource: t.resource,
		refreshID: held.id, ppidSeed: t.ppidSeed,
	})
	delete(reply, "auth_at")
	return reply, nil
}

func (s *Service) grantCredentials(c *call, client *Client, t tokenParams) (any, error) {
	if c.session == nil {
		if c.route.space == errno.AuthSpace {
			return nil, errno.InvalidToken()
		}
		return nil, errno.OAuth(104)
	}
	if !client.public() {
		return nil, errno.OAuth(116).With("clientId", client.ID)
	}
	if !client.CanGrant {
		return nil, errno.OAuth(121).With("validation", "grant_type")
	}
	if !c.session.account.verified {
		return nil, errno.Auth(104)
	}
	scopes := oauthscope.Split(t.scope)
	if err := s.checkGrantScopes(client, c.session, scopes); err != nil {
		return nil, err
	}
	return s.grant(c, grant{
		client: client, account: c.session.account, scopes: scopes, ttl: t.ttl, authAt: c.session.authAt,
		verified: c.session.verified, aal: c.session.aal, offline: t.accessType == "offline", fresh: true,
		session: c.session, mintSession: slices.Contains(scopes, scopeSession), resource: t.resource,
		ppidSeed: t.ppidSeed,
	}), nil
}

// checkGrantScopes applies the client's rules and wants a confirmed session
// for scopes with keys.
func (s *Service) checkGrantScopes(client *Client, session *session, scopes []string) error {
	if err := s.checkScopes(client, scopes); err != nil {
		return err
	}
	if len(oauthscope.KeyBearing(scopes)) > 0 && !session.verified {
		return errno.OAuth(104)
	}
	return nil
}
