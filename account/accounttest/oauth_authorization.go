package accounttest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
)

// authorizationParams is a request for an authorization code, from the
// authorization route or from the page.
type authorizationParams struct {
	clientID, state, scope     string
	responseType, redirect     string
	accessType                 string
	challenge, challengeMethod string
	keysJWE                    string
	acr                        string
	maxAge                     time.Duration // 0: any
}

func (c *call) authorizationParams() (authorizationParams, error) {
	p := c.params()
	p.MetricsContext()
	p.Known("prompt", "resource")
	a := authorizationParams{
		clientID: p.Need("client_id", member.ClientID),
		state:    p.Need("state", member.State),
		scope:    p.Opt("scope", member.Scope),
		redirect: p.Opt("redirect_uri", member.URI),
	}
	a.responseType = p.Opt("response_type", member.Short)
	a.accessType = p.Choice("access_type", "online", "offline")
	a.challenge = p.Opt("code_challenge", member.Challenge)
	a.challengeMethod = p.Choice("code_challenge_method", "S256")
	a.keysJWE = p.Opt("keys_jwe", member.JWE)
	a.acr = p.Opt("acr_values", member.Short)
	if seconds, given := p.Integer("max_age", 0, 1<<31); given {
		a.maxAge = max(time.Duration(seconds)*time.Second, time.Millisecond)
	}
	service := p.Opt("service", member.Service)
	if client := c.s.clients[a.clientID]; a.scope == "" && service == "sync" && client != nil && client.FirefoxDevice {
		a.scope = scopeOldSync + " profile"
	}
	if err := p.Done(); err != nil {
		return a, err
	}
	if a.scope == "" {
		return a, c.invalid("scope")
	}
	if (a.challenge == "") != (a.challengeMethod == "") {
		return a, c.invalid("code_challenge_method")
	}
	return a, nil
}

func (s *Service) handleAuthorization(c *call) (any, error) {
	a, err := c.authorizationParams()
	if err != nil {
		return nil, err
	}
	code, err := s.authorize(c.session, a)
	if err != nil {
		return nil, err
	}
	return map[string]any{"code": code.code, "state": a.state, "redirect": withCode(code.redirect, code.code, a.state), "scope": strings.Join(code.scopes, " ")}, nil
}

// authorize checks a request and makes the code. The caller holds the lock.
func (s *Service) authorize(session *session, a authorizationParams) (*authCode, error) {
	client := s.clients[a.clientID]
	if client == nil {
		return nil, errno.OAuth(101).With("clientId", a.clientID)
	}
	redirect, err := s.redirectFor(client, a.redirect)
	if err != nil {
		return nil, err
	}
	if a.responseType != "" && a.responseType != "code" {
		return nil, errno.OAuth(110)
	}
	if client.Disabled {
		return nil, errno.OAuth(202).With("clientId", client.ID)
	}
	switch {
	case client.public() && a.challenge == "":
		return nil, errno.OAuth(118)
	case !client.public() && a.challenge != "":
		return nil, errno.OAuth(116).With("clientId", client.ID)
	}
	now := s.Clock.Now()
	if err := session.mustSatisfy(a, now); err != nil {
		return nil, err
	}
	scopes := oauthscope.Split(a.scope)
	if err := s.checkGrantScopes(client, session, scopes); err != nil {
		return nil, err
	}
	if s.cfg.lint {
		if s.states[a.state] {
			s.finding("an authorization used its state a second time")
			return nil, errno.OAuth(109).With("validation", map[string]any{"source": "payload", "keys": []string{"state"}})
		}
		s.states[a.state] = true
	}
	code := &authCode{
		code: s.hex(32), clientID: client.ID, account: session.account, session: session, scopes: scopes,
		offline: a.accessType == "offline", challenge: a.challenge, keysJWE: a.keysJWE, redirect: redirect,
		createdAt: now, authAt: session.authAt, verified: session.verified, aal: session.aal,
	}
	s.codes[code.code] = code
	session.account.logins[client.ID] = true
	return code, nil
}

// mustSatisfy refuses a session that is weaker or older than a request demands.
func (s *session) mustSatisfy(a authorizationParams, now time.Time) error {
	if err := s.mustBeVerifiedAccount(); err != nil {
		return err
	}
	if strings.Contains(a.acr, "AAL2") && s.aal < 2 {
		return errno.OAuth(120).With("foundValue", s.aal)
	}
	if a.maxAge > 0 && now.Sub(s.authAt) > a.maxAge {
		return errno.OAuth(119).With("authAt", s.authAt.Unix())
	}
	return nil
}

// mustBeVerifiedAccount refuses accounts whose address is not confirmed.
func (s *session) mustBeVerifiedAccount() error {
	if !s.account.verified {
		return errno.Auth(104)
	}
	return nil
}

// withCode adds code and state to a redirect URI.
func withCode(redirect, code, state string) string {
	u, err := url.Parse(redirect)
	if err != nil {
		return redirect
	}
	q := u.Query()
	q.Set("code", code)
	q.Set("state", state)
	u.RawQuery = q.Encode()
	return u.String()
}

// redirectAuthorization is the old authorization endpoint: it leads to the page.
func redirectAuthorization(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	if r.URL.Query().Has("keys_jwk") {
		s.writeError(w, r, errno.OAuthSpace, errno.OAuth(109).With("validation", map[string]any{"source": "query", "keys": []string{"keys_jwk"}}))
		return
	}
	http.Redirect(w, r, s.base+"/authorization?"+r.URL.RawQuery, http.StatusFound)
}

// handleScopedKeyData tells which of the requested scopes have keys.
func (s *Service) handleScopedKeyData(c *call) (any, error) {
	p := c.params()
	id := p.Need("client_id", member.ClientID)
	scope := p.Need("scope", member.Scope)
	if err := p.Done(); err != nil {
		return nil, err
	}
	client := s.clients[id]
	if client == nil {
		return nil, errno.OAuth(101).With("clientId", id)
	}
	if err := c.session.mustBeVerifiedAccount(); err != nil {
		return nil, err
	}
	scopes := oauthscope.Split(scope)
	if err := s.checkGrantScopes(client, c.session, scopes); err != nil {
		return nil, err
	}
	a := c.session.account
	if c.session.authAt.Before(a.keysChangedAt) {
		return nil, errno.OAuth(119).With("authAt", c.session.authAt.Unix())
	}
	reply := map[string]any{}
	for _, scope := range oauthscope.KeyBearing(scopes) {
		reply[scope] = map[string]any{
			"identifier":           scope,
			"keyRotationSecret":    strings.Repeat("0", 64),
			"keyRotationTimestamp": a.keysChangedAt.UnixMilli(),
		}
	}
	return reply, nil
}

// handleWithoutAssertion answers the routes that need a BrowserID assertion,
// which nobody can make any more.
func (s *Service) handleWithoutAssertion(c *call) (any, error) {
	p := c.params()
	p.Need("client_id", member.ClientID)
	p.Opt("scope", member.Scope)
	p.Need("assertion", member.Rule{Max: 10240})
	p.Known("state", "response_type", "redirect_uri", "access_type", "code_challenge", "code_challenge_method", "keys_jwe", "ttl", "acr_values")
	if err := p.Done(); err != nil {
		return nil, err
	}
	return nil, errno.OAuth(104)
}

func (s *Service) handleClient(c *call) (any, error) {
	client := s.clients[c.path["id"]]
	if client == nil {
		e := errno.OAuth(101).With("clientId", c.path["id"])
		e.Status = http.StatusBadRequest
		return nil, e
	}
	return map[string]any{
		"id": client.ID, "name": client.Name, "trusted": client.Trusted,
		"image_uri": client.ImageURI, "redirect_uri": strings.Join(slices.Clone(client.RedirectURIs), ","),
	}, nil
}
