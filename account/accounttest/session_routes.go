package accounttest

import (
	"crypto/subtle"
	"encoding/hex"
	"regexp"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
)

func sessionRoutes() []route {
	return []route{
		{method: "GET", path: "/v1/session/status", auth: needSession, handle: (*Service).handleSessionStatus},
		{method: "POST", path: "/v1/session/destroy", auth: needSession, handle: (*Service).handleSessionDestroy},
		{method: "POST", path: "/v1/session/duplicate", auth: needSession, handle: (*Service).handleSessionDuplicate},
		{method: "POST", path: "/v1/session/verify/totp", auth: needSession, handle: (*Service).handleVerifyTOTP},
		{method: "POST", path: "/v1/session/verify_code", auth: needSession, handle: (*Service).handleVerifyCode},
		{method: "POST", path: "/v1/session/resend_code", auth: needSession, handle: (*Service).handleResendCode},
	}
}

var digitsRule = member.Rule{Max: 32, Re: regexp.MustCompile(`^[0-9]+$`)}

func (s *Service) handleSessionStatus(c *call) (any, error) {
	t := c.session
	state, method := "unverified", any(nil)
	if t.verified && t.account.verified {
		state = "verified"
	}
	if t.otpPassed {
		method = "totp-2fa"
	}
	return map[string]any{
		"state": state, "uid": t.account.uid,
		"details": map[string]any{
			"accountEmailVerified": t.account.verified, "sessionVerified": t.verified, "sessionVerificationMethod": method,
			"sessionVerificationMeetsMinimumAAL": t.account.otp == "" || t.aal > 1, "verified": state == "verified",
		},
	}, nil
}

func (s *Service) handleSessionDestroy(c *call) (any, error) {
	p := c.params()
	custom := p.Opt("customSessionToken", member.Hex64)
	if err := p.Done(); err != nil {
		return nil, err
	}
	t := c.session
	if custom != "" {
		if t = s.sessions[custom]; t == nil || t.account != c.session.account {
			return nil, errno.InvalidToken()
		}
	}
	s.dropSession(t)
	return struct{}{}, nil
}

func (s *Service) handleSessionDuplicate(c *call) (any, error) {
	p := c.params()
	p.Known("reason")
	if err := p.Done(); err != nil {
		return nil, err
	}
	old := c.session
	t := s.newSession(old.account, old.agent, c.now, old.verified)
	t.authAt, t.aal, t.otpPassed, t.minted = old.authAt, old.aal, old.otpPassed, old.minted
	return map[string]any{
		"uid": t.account.uid, "sessionToken": t.token, "authAt": t.authAt.Unix(), "emailVerified": t.account.verified,
		"sessionVerified": t.verified, "verified": t.account.verified && t.verified,
	}, nil
}

func (s *Service) handleVerifyTOTP(c *call) (any, error) {
	p := c.params()
	code := p.Need("code", digitsRule)
	p.Known("service")
	if err := p.Done(); err != nil {
		return nil, err
	}
	want := c.session.account.otp
	if want == "" || subtle.ConstantTimeCompare([]byte(code), []byte(want)) != 1 {
		return map[string]any{"success": false}, nil
	}
	c.session.otpPassed, c.session.aal = true, 2
	s.confirmSignIn(c)
	return map[string]any{"success": true}, nil
}

// SessionCode is the short code that the confirmation mail for new sessions and
// new accounts would hold: six digits, the same for all of one account.
func (h *Account) SessionCode() string {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.a.sessionCode()
}

func (a *account) sessionCode() string {
	raw, err := hex.DecodeString(a.verifyCode)
	if err != nil || len(raw) < 6 {
		return "000000"
	}
	digits := make([]byte, 6)
	for i := range digits {
		digits[i] = '0' + raw[i]%10
	}
	return string(digits)
}

func (s *Service) handleVerifyCode(c *call) (any, error) {
	p := c.params()
	code := p.Need("code", digitsRule)
	p.MetricsContext()
	p.Known("service", "scopes", "marketingOptIn", "newsletters")
	if err := p.Done(); err != nil {
		return nil, err
	}
	if code != c.session.account.sessionCode() {
		return nil, errno.Auth(183)
	}
	if !c.session.account.verified {
		s.verifyAccount(c, c.session.account)
	}
	s.confirmSignIn(c)
	return struct{}{}, nil
}

func (s *Service) handleResendCode(c *call) (any, error) {
	p := c.params()
	p.Known("service", "scopes", "style", "redirectTo", "resume", "type")
	return struct{}{}, p.Done()
}

func passwordRoutes() []route {
	return []route{
		{method: "POST", path: "/v1/password/change/start", handle: (*Service).handlePasswordStart},
		{method: "POST", path: "/v1/password/change/finish", handle: (*Service).handlePasswordFinish},
	}
}

func (s *Service) handlePasswordStart(c *call) (any, error) {
	p := c.params()
	email := p.Need("email", member.Email)
	authPW := p.Need("oldAuthPW", member.Hex64)
	if err := p.Done(); err != nil {
		return nil, err
	}
	a, err := s.checkPassword(email, "", authPW)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"keyFetchToken":       s.newOneTime("keyFetchToken", a, c.now).token,
		"passwordChangeToken": s.newOneTime("passwordChangeToken", a, c.now).token,
		"verified":            a.verified,
	}, nil
}

func (s *Service) handlePasswordFinish(c *call) (any, error) {
	t, err := s.oneTimeAuth(c, "passwordChangeToken")
	if err != nil {
		return nil, err
	}
	p := c.params()
	authPW := p.Need("authPW", member.Hex64)
	wrapKb := p.Need("wrapKb", member.Hex64)
	sessionID := p.Opt("sessionToken", member.Hex64)
	p.Known("authPWVersion2", "wrapKbVersion2", "clientSalt")
	if err := p.Done(); err != nil {
		return nil, err
	}
	newAuth, errAuth := hex.DecodeString(authPW)
	newWrap, errWrap := hex.DecodeString(wrapKb)
	if errAuth != nil || errWrap != nil {
		return nil, c.invalid("authPW")
	}
	delete(s.oneTime, "passwordChangeToken:"+t.cred.ID)
	a := t.account
	old := s.sessions[sessionID]
	if old != nil && old.account != a {
		old = nil
	}
	a.wrapKb = newWrap
	// The pages know kB only through the password, which is new to them now.
	a.unwrapBKey, a.password = nil, ""
	s.passwordChanged(c, a, newAuth, old)
	reply := map[string]any{"uid": a.uid, "authAt": c.now.Unix(), "verified": a.verified}
	if old != nil {
		fresh := s.newSession(a, old.agent, c.now, old.verified)
		fresh.aal, fresh.otpPassed = old.aal, old.otpPassed
		reply["sessionToken"] = fresh.token
		if c.wantsKeys() {
			reply["keyFetchToken"] = s.newOneTime("keyFetchToken", a, c.now).token
		}
	}
	return reply, nil
}
