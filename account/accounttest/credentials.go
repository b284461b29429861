package accounttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// Prefixes of typed bearer credentials, by kind of token.
var bearerPrefixes = map[string]string{
	"sessionToken": "fxs_", "keyFetchToken": "fxk_", "passwordChangeToken": "fxpc_",
	"passwordForgotToken": "fxpf_", "accountResetToken": "fxar_",
}

var (
	typedBearer   = regexp.MustCompile(`^Bearer (fx[a-z]+_)([0-9a-f]{64})$`)
	refreshBearer = regexp.MustCompile(`^Bearer ([0-9a-fA-F]{64})$`)
	accessBearer  = regexp.MustCompile(`^Bearer ([0-9a-f]{64}|[\w-]+\.[\w-]+\.[\w-]+)$`)
	hawkHeader    = regexp.MustCompile(`^Hawk (.*)$`)
	hawkMember    = regexp.MustCompile(`(\w+)="([^"\\]*)"`)
)

// credentialID finds the id of a credential of the given kind in a request,
// by typed bearer or by Hawk, whose signature is checked with the key that
// lookup gives.
func (s *Service) credentialID(c *call, kind string, lookup func(id string) (key []byte, ok bool)) (string, error) {
	header := c.r.Header.Get("Authorization")
	if m := typedBearer.FindStringSubmatch(header); m != nil {
		if m[1] != bearerPrefixes[kind] {
			return "", errno.InvalidToken()
		}
		if _, ok := lookup(m[2]); !ok {
			return "", errno.InvalidToken()
		}
		return m[2], nil
	}
	m := hawkHeader.FindStringSubmatch(header)
	if m == nil {
		return "", errno.InvalidToken()
	}
	members := map[string]string{}
	for _, pair := range hawkMember.FindAllStringSubmatch(m[1], -1) {
		members[pair[1]] = pair[2]
	}
	key, ok := lookup(members["id"])
	if !ok {
		return "", errno.InvalidToken()
	}
	if s.cfg.loose {
		return members["id"], nil
	}
	return members["id"], s.checkHawk(c, key, members)
}

// checkHawk verifies MAC and payload hash as older servers did.
func (s *Service) checkHawk(c *call, key []byte, m map[string]string) error {
	host, port := splitHost(c.r)
	text := "hawk.1.header\n" + m["ts"] + "\n" + m["nonce"] + "\n" + c.r.Method + "\n" + c.r.URL.RequestURI() + "\n" +
		host + "\n" + port + "\n" + m["hash"] + "\n" + m["ext"] + "\n"
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	if !hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(m["mac"])) {
		return errno.Auth(109)
	}
	if m["hash"] == "" {
		if len(c.body) > 0 && s.cfg.lint {
			s.finding("%s has a Hawk header without payload hash", c.route)
			return errno.Auth(109)
		}
		return nil
	}
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	sum := sha256.Sum256([]byte("hawk.1.payload\n" + strings.ToLower(strings.TrimSpace(kind)) + "\n" + string(c.body) + "\n"))
	if base64.StdEncoding.EncodeToString(sum[:]) != m["hash"] {
		return errno.Auth(109)
	}
	return nil
}

func splitHost(r *http.Request) (host, port string) {
	if h, p, err := net.SplitHostPort(r.Host); err == nil {
		return h, p
	}
	return r.Host, "80"
}

// authenticate finds out who calls, as far as the route wants to know.
func (s *Service) authenticate(c *call) error {
	header := c.r.Header.Get("Authorization")
	switch c.route.auth {
	case maybeSession:
		if header == "" || strings.HasPrefix(header, "Basic ") {
			return nil
		}
		return s.sessionAuth(c)
	case needSession:
		return s.sessionAuth(c)
	case verifiedSession:
		if err := s.sessionAuth(c); err != nil {
			return err
		}
		return c.session.mustBeVerified()
	case deviceAuth:
		if strings.HasPrefix(header, "Bearer ") && !typedBearer.MatchString(header) {
			return s.refreshAuth(c, header)
		}
		return s.sessionAuth(c)
	}
	return nil
}

func (s *session) mustBeVerified() error {
	switch {
	case !s.account.verified:
		return errno.Auth(104)
	case !s.verified:
		return errno.Auth(138)
	}
	return nil
}

func (s *Service) sessionAuth(c *call) error {
	id, err := s.credentialID(c, "sessionToken", func(id string) ([]byte, bool) {
		have := s.sessions[id]
		if have == nil || !have.alive(c.now) {
			return nil, false
		}
		return have.key, true
	})
	if err != nil {
		return err
	}
	c.session = s.sessions[id]
	c.session.lastAccess = c.now
	if agent := useragent.Parse(c.r.UserAgent()); agent.Text != "" {
		c.session.agent = agent
	}
	if c.caller = c.session.device; c.caller != nil {
		c.caller.lastAccess = c.now
	}
	return nil
}

// refreshAuth lets refresh tokens of Firefox-like clients in.
func (s *Service) refreshAuth(c *call, header string) error {
	m := refreshBearer.FindStringSubmatch(header)
	if m == nil {
		return errno.Auth(107).With("validation", "authorization")
	}
	token := s.refresh[tokenID(strings.ToLower(m[1]))]
	if token == nil {
		return errno.InvalidToken()
	}
	client := s.clients[token.clientID]
	if client == nil || !client.public() {
		return errno.Auth(166)
	}
	allowed := client.FirefoxDevice || !s.cfg.listedOnly && oauthscope.Implied(token.scopes, scopeOldSync)
	if !allowed {
		return errno.InvalidToken()
	}
	c.refresh = token
	token.lastUsed = c.now
	if agent := useragent.Parse(c.r.UserAgent()); agent.Text != "" {
		token.agent = agent
	}
	if c.caller = token.device; c.caller != nil {
		c.caller.lastAccess = c.now
	}
	return nil
}

// account is whom the call is about, nil without a credential.
func (c *call) account() *account {
	switch {
	case c.session != nil:
		return c.session.account
	case c.refresh != nil:
		return c.refresh.account
	}
	return nil
}

// accessAuth finds the access token of a profile request.
func (s *Service) accessAuth(c *call) (*accessToken, error) {
	m := accessBearer.FindStringSubmatch(c.r.Header.Get("Authorization"))
	if m == nil {
		return nil, errno.Profile(100).With("reason", "Bearer token not provided")
	}
	token := s.findAccess(m[1])
	if token == nil || !c.now.Before(token.expireAt) {
		return nil, errno.Profile(100).With("reason", "Token is not valid")
	}
	return token, nil
}

// basicClient reads client credentials of RFC 7617.
func basicClient(r *http.Request) (id, secret string, ok bool) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
		return "", "", false
	}
	id, secret, ok = r.BasicAuth()
	if plain, err := url.QueryUnescape(id); err == nil {
		id = plain
	}
	return id, secret, ok
}
