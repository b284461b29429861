package accounttest

import (
	"encoding/hex"

	"github.com/tabferry/tabferry/account/accounttest/internal/member"
)

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
