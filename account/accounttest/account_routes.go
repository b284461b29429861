package accounttest

import (
	"crypto/hmac"
	"encoding/hex"
	"strings"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

func accountRoutes() []route {
	return []route{
		{method: "POST", path: "/v1/account/create", handle: (*Service).handleCreate},
		{method: "POST", path: "/v1/account/login", handle: (*Service).handleLogin},
		{method: "POST", path: "/v1/account/credentials/status", handle: (*Service).handleCredentialsStatus},
		{method: "GET", path: "/v1/account/keys", handle: (*Service).handleKeys},
		{method: "GET", path: "/v1/account/status", auth: maybeSession, handle: (*Service).handleAccountStatus},
		{method: "POST", path: "/v1/account/status", handle: (*Service).handleEmailStatus},
		{method: "GET", path: "/v1/account/profile", handle: (*Service).handleAccountProfile},
		{method: "POST", path: "/v1/account/metrics_opt", auth: needSession, handle: (*Service).handleMetricsOpt},
		{method: "POST", path: "/v1/account/destroy", auth: maybeSession, handle: (*Service).handleDestroyAccount},
		{method: "GET", path: "/v1/recovery_email/status", auth: needSession, handle: (*Service).handleEmailVerified},
		{method: "POST", path: "/v1/recovery_email/verify_code", handle: (*Service).handleVerifyEmail},
	}
}

// wantsKeys is the keys=true of the query.
func (c *call) wantsKeys() bool { return c.r.URL.Query().Get("keys") == "true" }

func (s *Service) handleCreate(c *call) (any, error) {
	p := c.params()
	email := p.Need("email", member.Email)
	authPW := p.Need("authPW", member.Hex64)
	p.Opt("service", member.Service)
	p.MetricsContext()
	p.Known("verificationMethod", "preVerified", "style", "redirectTo", "resume", "redirectPath")
	p.Known("authPWVersion2", "wrapKb", "wrapKbVersion2", "clientSalt") // version 1 is what this service keeps
	if err := p.Done(); err != nil {
		return nil, err
	}
	if old := s.byEmail[normalEmail(email)]; old != nil {
		if old.verified {
			return nil, errno.Auth(101).With("email", email)
		}
		s.deleteAccount(c, old) // an unconfirmed account gives its address up
	}
	raw, err := hex.DecodeString(authPW)
	if err != nil {
		return nil, c.invalid("authPW")
	}
	a := s.createAccount(email, raw, c.now)
	session := s.newSession(a, useragent.Parse(c.r.UserAgent()), c.now, false)
	reply := map[string]any{"uid": a.uid, "sessionToken": session.token, "authAt": session.authAt.Unix(), "verificationMethod": "email"}
	if c.wantsKeys() {
		reply["keyFetchToken"] = s.newOneTime("keyFetchToken", a, c.now).token
	}
	return reply, nil
}

// checkPassword finds the account of an address and checks its password.
func (s *Service) checkPassword(email, original, authPW string) (*account, error) {
	a := s.byEmail[normalEmail(email)]
	if a == nil {
		return nil, errno.Auth(102).With("email", email)
	}
	// The password was stretched with the address as typed; another spelling
	// can never fit, so the client is told the right one.
	if email != a.email && original == "" {
		return nil, errno.Auth(120).With("email", a.email)
	}
	raw, err := hex.DecodeString(authPW)
	if err != nil || !hmac.Equal(raw, a.authPW) {
		return nil, errno.Auth(103).With("email", a.email)
	}
	return a, nil
}

func (s *Service) handleLogin(c *call) (any, error) {
	p := c.params()
	email := p.Need("email", member.Email)
	authPW := p.Need("authPW", member.Hex64)
	p.Opt("service", member.Service)
	original := p.Opt("originalLoginEmail", member.Email)
	p.Opt("unblockCode", member.Rule{Max: 8})
	p.MetricsContext()
	p.Known("reason", "verificationMethod", "redirectTo", "resume")
	if err := p.Done(); err != nil {
		return nil, err
	}
	a, err := s.checkPassword(email, original, authPW)
	if err != nil {
		return nil, err
	}
	session := s.newSession(a, useragent.Parse(c.r.UserAgent()), c.now, a.verified && a.otp == "")
	reply := map[string]any{
		"uid": a.uid, "sessionToken": session.token, "authAt": session.authAt.Unix(), "metricsEnabled": a.metrics != metricsOff,
		"emailVerified": a.verified, "sessionVerified": session.verified, "verified": a.verified && session.verified,
	}
	switch {
	case !a.verified:
		reply["verificationMethod"], reply["verificationReason"] = "email", "signup"
	case a.otp != "":
		reply["verificationMethod"], reply["verificationReason"] = "totp-2fa", "login"
	}
	if c.wantsKeys() {
		reply["keyFetchToken"] = s.newOneTime("keyFetchToken", a, c.now).token
	}
	return reply, nil
}

func (s *Service) handleCredentialsStatus(c *call) (any, error) {
	p := c.params()
	email := p.Need("email", member.Email)
	if err := p.Done(); err != nil {
		return nil, err
	}
	if s.byEmail[normalEmail(email)] == nil {
		return nil, errno.Auth(102).With("email", email)
	}
	return map[string]any{"currentVersion": "v1", "upgradeNeeded": false}, nil
}

// oneTimeAuth finds the one-time token that signs a request.
func (s *Service) oneTimeAuth(c *call, kind string) (*oneTimeToken, error) {
	id, err := s.credentialID(c, kind, func(id string) ([]byte, bool) {
		t := s.oneTime[kind+":"+id]
		if t == nil || c.now.Sub(t.created) >= oneTimeLifetime {
			return nil, false
		}
		return t.cred.Key, true
	})
	if err != nil {
		return nil, err
	}
	return s.oneTime[kind+":"+id], nil
}

func (s *Service) handleKeys(c *call) (any, error) {
	t, err := s.oneTimeAuth(c, "keyFetchToken")
	if err != nil {
		// A wrong signature uses the token up all the same.
		if m := hawkMember.FindStringSubmatch(c.r.Header.Get("Authorization")); m != nil && m[1] == "id" {
			delete(s.oneTime, "keyFetchToken:"+m[2])
		}
		return nil, err
	}
	if !t.account.verified {
		return nil, errno.Auth(104) // the token stays good until the address is confirmed
	}
	delete(s.oneTime, "keyFetchToken:"+t.cred.ID)
	return map[string]any{"bundle": crypt.KeysBundle(t.cred.Extra, t.account.kA, t.wrapKb)}, nil
}

func (s *Service) handleAccountStatus(c *call) (any, error) {
	uid := c.r.URL.Query().Get("uid")
	if uid == "" && c.session != nil {
		uid = c.session.account.uid
	}
	if uid == "" {
		return nil, c.missing("uid")
	}
	if !member.Hex32.Fits(uid) {
		return nil, c.invalid("uid")
	}
	return map[string]any{"exists": s.accounts[strings.ToLower(uid)] != nil}, nil
}

func (s *Service) handleEmailStatus(c *call) (any, error) {
	p := c.params()
	email := p.Need("email", member.Email)
	p.Known("thirdPartyAuthStatus", "clientId", "checkDomain")
	if err := p.Done(); err != nil {
		return nil, err
	}
	a := s.byEmail[normalEmail(email)]
	return map[string]any{"exists": a != nil, "hasPassword": a != nil, "hasLinkedAccount": false}, nil
}

// handleAccountProfile takes a session or an access token.
func (s *Service) handleAccountProfile(c *call) (any, error) {
	var a *account
	scopes := []string{"profile"}
	if accessBearer.MatchString(c.r.Header.Get("Authorization")) {
		token, err := s.accessAuth(c)
		if err != nil {
			return nil, errno.InvalidToken()
		}
		a, scopes = token.account, token.scopes
	} else {
		if err := s.sessionAuth(c); err != nil {
			return nil, err
		}
		a = c.session.account
	}
	out := map[string]any{}
	if oauthscope.Implied(scopes, "profile:email") || oauthscope.Implied(scopes, "email") {
		out["email"] = a.email
	}
	if oauthscope.Implied(scopes, "profile:locale") {
		out["locale"] = a.locale
	}
	if oauthscope.Implied(scopes, "profile:amr") {
		methods, level := []string{"pwd", "email"}, 1
		if a.otp != "" {
			methods, level = append(methods, "otp"), 2
		}
		out["authenticationMethods"], out["authenticatorAssuranceLevel"] = methods, level
	}
	out["profileChangedAt"] = a.profileChangedAt.UnixMilli()
	if a.metrics != metricsUnsaid {
		out["metricsEnabled"] = a.metrics == metricsOn
	}
	return out, nil
}

func (s *Service) handleMetricsOpt(c *call) (any, error) {
	p := c.params()
	choice := p.Need("state", member.Rule{Max: 3})
	if err := p.Done(); err != nil {
		return nil, err
	}
	if choice != "in" && choice != "out" {
		return nil, c.invalid("state")
	}
	s.setMetrics(c, c.session.account, choice == "in")
	return struct{}{}, nil
}

func (s *Service) handleDestroyAccount(c *call) (any, error) {
	p := c.params()
	email := p.Need("email", member.Email)
	authPW := p.Need("authPW", member.Hex64)
	if err := p.Done(); err != nil {
		return nil, err
	}
	a, err := s.checkPassword(email, "", authPW)
	if err != nil {
		return nil, err
	}
	if a.otp != "" && (c.session == nil || c.session.aal < 2) {
		return nil, errno.Auth(138)
	}
	s.deleteAccount(c, a)
	return struct{}{}, nil
}

func (s *Service) handleEmailVerified(c *call) (any, error) {
	a := c.session.account
	return map[string]any{
		"email": a.email, "verified": a.verified && c.session.verified,
		"sessionVerified": c.session.verified, "emailVerified": a.verified,
	}, nil
}

func (s *Service) handleVerifyEmail(c *call) (any, error) {
	p := c.params()
	uid := p.Need("uid", member.Hex32)
	code := p.Need("code", member.Hex32)
	p.Known("service", "reminder", "type", "style", "marketingOptIn", "newsletters")
	if err := p.Done(); err != nil {
		return nil, err
	}
	a := s.accounts[uid]
	if a == nil {
		return nil, errno.Auth(102)
	}
	if code != a.verifyCode {
		return nil, errno.Auth(105)
	}
	s.verifyAccount(c, a)
	return struct{}{}, nil
}

// verifyAccount confirms an account and its sessions, and wakes its devices.
func (s *Service) verifyAccount(c *call, a *account) {
	first := !a.verified
	a.verified = true
	for _, t := range s.sessionsOf(a) {
		s.verifySession(c, t)
	}
	if first {
		c.pushes = append(c.pushes, s.pushTo(a.devices, "", nil, ttlNow)...)
	}
}

// verifySession confirms a session; its device is announced now.
func (s *Service) verifySession(c *call, t *session) {
	if t.verified {
		return
	}
	t.verified = true
	if t.device != nil {
		s.announce(c, t.device)
	}
}

// confirmSignIn confirms the caller's session and wakes all devices.
func (s *Service) confirmSignIn(c *call) {
	if !c.session.verified {
		s.verifySession(c, c.session)
		c.pushes = append(c.pushes, s.pushTo(c.session.account.devices, "", nil, ttlNow)...)
	}
}
