package accounttest

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
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
		{method: "POST", path: "/v1/oauth/token", space: authSpace, auth: maybeSession, form: true, handle: (*Service).handleToken},
		{method: "POST", path: "/v1/token", space: oauthSpace, form: true, handle: (*Service).handleToken},
		{method: "POST", path: "/v1/oauth/authorization", space: authSpace, auth: needSession, handle: (*Service).handleAuthorization},
		{method: "GET", path: "/v1/authorization", space: oauthSpace, page: redirectAuthorization},
		{method: "POST", path: "/v1/oauth/destroy", space: authSpace, form: true, handle: (*Service).handleDestroy},
		{method: "POST", path: "/v1/destroy", space: oauthSpace, form: true, handle: (*Service).handleLegacyDestroy},
		{method: "POST", path: "/v1/introspect", space: oauthSpace, form: true, handle: (*Service).handleIntrospect},
		{method: "POST", path: "/v1/verify", space: oauthSpace, form: true, handle: (*Service).handleVerify},
		{method: "POST", path: "/v1/oauth/id-token-verify", space: oauthSpace, form: true, handle: (*Service).handleIDTokenVerify},
		{method: "POST", path: "/v1/account/scoped-key-data", space: authSpace, auth: needSession, handle: (*Service).handleScopedKeyData},
		{method: "POST", path: "/v1/key-data", space: oauthSpace, form: true, handle: (*Service).handleWithoutAssertion},
		{method: "POST", path: "/v1/authorization", space: oauthSpace, form: true, handle: (*Service).handleWithoutAssertion},
		{method: "GET", path: "/v1/oauth/client/{id}", space: authSpace, handle: (*Service).handleClient},
		{method: "GET", path: "/v1/client/{id}", space: oauthSpace, handle: (*Service).handleClient},
		{method: "GET", path: "/v1/jwks", space: oauthSpace, handle: (*Service).handleJWKS},
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
	p.known("reason", "service")
	var t tokenParams
	t.ppidSeed, _ = p.integer("ppid_seed", 0, maxPPIDSeed)
	t.grant = p.choice("grant_type", grantCode, grantRefresh, grantCredentials, grantExchange)
	t.code = p.opt("code", lowerHexRule(64))
	t.verifier = p.opt("code_verifier", verifierRule)
	t.redirect = p.opt("redirect_uri", shortRule)
	t.refresh = p.opt("refresh_token", lowerHexRule(64))
	t.scope = p.opt("scope", scopeRule)
	t.accessType = p.choice("access_type", "online", "offline")
	t.subject = p.opt("subject_token", lowerHexRule(64))
	t.subjectType = p.choice("subject_token_type", subjectRefresh)
	t.resource = p.opt("resource", resourceRule)
	t.secret = p.opt("client_secret", secretRule)
	ttl, _ := p.integer("ttl", 1, 1<<31)
	t.ttl = time.Duration(ttl) * time.Second
	if t.grant == "" {
		if t.grant = grantCredentials; t.code != "" {
			t.grant = grantCode
		}
	}
	basicID, basicSecret, basic := basicClient(c.r)
	switch {
	case t.grant == grantExchange:
		if p.has("client_id") {
			p.invalid("client_id")
		}
	case basic:
		if t.secret != "" {
			p.invalid("client_secret")
		}
		t.clientID, t.secret = basicID, basicSecret
		p.known("client_id")
	default:
		t.clientID = p.need("client_id", clientIDRule)
	}
	if err := p.done(); err != nil {
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
		e := oauthErr(202).with("clientId", client.ID)
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
		return nil, oauthErr(101).with("clientId", id)
	}
	if secret != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 {
		return nil, oauthErr(102).with("clientId", id)
	}
	return client, nil
}

// mustProve wants the secret of confidential clients.
func (c *Client) mustProve(secret string) error {
	if !c.public() && secret == "" {
		return oauthErr(102).with("clientId", c.ID)
	}
	return nil
}

func (s *Service) grantCode(c *call, client *Client, t tokenParams) (any, error) {
	if !client.public() && t.verifier != "" {
		return nil, oauthErr(116).with("clientId", client.ID)
	}
	if err := client.mustProve(t.secret); err != nil {
		return nil, err
	}
	code := s.codes[t.code]
	switch {
	case code == nil:
		return nil, oauthErr(105).with("requestCode", t.code)
	case code.clientID != client.ID:
		return nil, oauthErr(106).with("requestCode", t.code).with("client", client.ID)
	case c.now.Sub(code.createdAt) >= codeLifetime:
		return nil, oauthErr(107).with("requestCode", t.code).with("expiredAt", code.createdAt.Add(codeLifetime).UnixMilli())
	case code.challenge != "" && t.verifier == "":
		return nil, oauthErr(118)
	case code.challenge != challengeOf(t.verifier):
		return nil, oauthErr(117).with("requestCodeChallenge", challengeOf(t.verifier))
	case t.redirect != "" && t.redirect != code.redirect:
		return nil, oauthErr(103).with("redirectUri", t.redirect)
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
		return nil, oauthErr(108)
	}
	scopes := held.scopes
	if t.scope != "" {
		scopes = splitScopes(t.scope)
		for _, scope := range scopes {
			allowed := impliedByAny(held.scopes, scope) || client.Trusted && impliedByAny(client.AllowedScopes, scope)
			if !allowed {
				return nil, oauthErr(114).with("invalidScopes", []string{scope})
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
		if c.route.space == authSpace {
			return nil, errInvalidToken()
		}
		return nil, oauthErr(104)
	}
	if !client.public() {
		return nil, oauthErr(116).with("clientId", client.ID)
	}
	if !client.CanGrant {
		return nil, oauthErr(121).with("validation", "grant_type")
	}
	if !c.session.account.verified {
		return nil, authErr(104)
	}
	scopes := splitScopes(t.scope)
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
	if len(keyBearing(scopes)) > 0 && !session.verified {
		return oauthErr(104)
	}
	return nil
}
