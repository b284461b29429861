package accounttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// ErrKeysUnknown says that the service never saw the account's password, so
// that its pages cannot make keys.
var ErrKeysUnknown = errors.New("accounttest: the account's keys are not known to the pages")

// ErrDeleted says that the account has been deleted.
var ErrDeleted = errors.New("accounttest: the account is deleted")

// ErrOtherAccount says that the authorization URL names another account.
var ErrOtherAccount = errors.New("accounttest: the authorization is for another account")

func (a *account) scopedKey(scope string) (crypt.ScopedKey, error) {
	kB := a.kB()
	if kB == nil {
		return crypt.ScopedKey{}, ErrKeysUnknown
	}
	return crypt.DeriveScopedKey(scope, kB, a.uid, a.keysChangedAt.UnixMilli())
}

// Approve does what the sign-in page does once its user has agreed: it checks
// the authorization URL, makes keys_jwe for its keys_jwk and gives the final
// redirect with code and state. Pairing URLs (/pair/supp) work too. A refusal
// of the server is an error; it is never a redirect with an error code.
func (s *Service) Approve(authorizationURL string, h *Account) (redirect string, err error) {
	u, err := url.Parse(authorizationURL)
	if err != nil {
		return "", fmt.Errorf("accounttest: authorization URL: %w", err)
	}
	q := u.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts[h.a.uid] != h.a {
		return "", ErrDeleted
	}
	if email := q.Get("email"); email != "" && q.Get("action") == "force_auth" || strings.HasSuffix(u.Path, "/force_auth") {
		if normalEmail(email) != normalEmail(h.a.email) {
			return "", ErrOtherAccount
		}
	}
	code, err := s.approve(q, s.browserSession(h.a))
	if err != nil {
		return "", fmt.Errorf("accounttest: approve: %w", err)
	}
	s.matchFlow(q, h.a)
	return withCode(code.redirect, code.code, q.Get("state")), nil
}

// approve is the page's work for the query of an authorization URL. The caller
// holds the lock.
func (s *Service) approve(q url.Values, session *session) (*authCode, error) {
	a := session.account
	p := authorizationParams{
		clientID: q.Get("client_id"), state: q.Get("state"), scope: q.Get("scope"), responseType: q.Get("response_type"),
		redirect: q.Get("redirect_uri"), accessType: q.Get("access_type"), challenge: q.Get("code_challenge"),
		challengeMethod: q.Get("code_challenge_method"), acr: q.Get("acr_values"),
	}
	if p.state == "" || p.scope == "" {
		return nil, errno.OAuth(109).With("validation", map[string]any{"source": "query", "keys": []string{"state", "scope"}})
	}
	if p.challenge != "" && (p.challengeMethod != "S256" || !member.Challenge.Fits(p.challenge)) {
		return nil, errno.OAuth(109).With("validation", map[string]any{"source": "query", "keys": []string{"code_challenge"}})
	}
	if q.Get("context") == "oauth_webchannel_v1" && p.redirect == "" {
		p.redirect = webChannelRedirect
	}
	if q.Get("prompt") == "login" || q.Get("max_age") != "" {
		session.authAt = s.Clock.Now() // the person has just given the password
	}
	if jwk := q.Get("keys_jwk"); jwk != "" {
		jwe, err := s.keysFor(a, p.clientID, p.scope, jwk)
		if err != nil {
			return nil, err
		}
		p.keysJWE = jwe
	}
	return s.authorize(session, p)
}

// keysFor encrypts the keys of the scopes the client may have.
func (s *Service) keysFor(a *account, clientID, scope, jwk string) (string, error) {
	client := s.clients[clientID]
	if client == nil {
		return "", errno.OAuth(101).With("clientId", clientID)
	}
	keys := map[string]crypt.ScopedKey{}
	for _, name := range oauthscope.KeyBearing(oauthscope.Split(scope)) {
		if !oauthscope.Implied(client.AllowedScopes, name) {
			continue
		}
		key, err := a.scopedKey(name)
		if err != nil {
			return "", err
		}
		keys[name] = key
	}
	if len(keys) == 0 {
		return "", nil
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return "", fmt.Errorf("write keys: %w", err)
	}
	return crypt.EncryptKeys(s.random, jwk, text)
}

// browserSession is the session of the browser that shows the pages.
func (s *Service) browserSession(a *account) *session {
	if b := a.browser; b != nil && s.sessions[b.id] == b && b.alive(s.Clock.Now()) {
		return b
	}
	a.browser = s.newSession(a, useragent.Parse(""), s.Clock.Now(), true)
	a.browser.passSecondFactor()
	return a.browser
}

// passSecondFactor raises a session's level once its person has given the code
// of two-step authentication, if the account has it.
func (s *session) passSecondFactor() {
	if s.account.otp != "" {
		s.aal, s.otpPassed = 2, true
	}
}
