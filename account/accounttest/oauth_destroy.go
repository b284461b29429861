package accounttest

import (
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
)

// handleDestroy is revocation after RFC 7009: unknown tokens are fine.
func (s *Service) handleDestroy(c *call) (any, error) {
	p := c.params()
	id, secret, basic := basicClient(c.r)
	if basic {
		if p.Has("client_secret") {
			p.Invalid("client_secret")
		}
		p.Known("client_id")
	} else {
		id = p.Need("client_id", member.ClientID)
		secret = p.Opt("client_secret", member.Secret)
	}
	text := p.Need("token", member.Token)
	p.Opt("token_type_hint", member.Rule{Max: 64})
	if err := p.Done(); err != nil {
		return nil, err
	}
	client, err := s.clientFor(id, secret)
	if err != nil {
		return nil, err
	}
	if err := client.mustProve(secret); err != nil {
		return nil, err
	}
	if token := s.findAccess(text); token != nil && token.clientID == client.ID {
		delete(s.access, token.id)
	} else if token := s.refresh[tokenID(text)]; token != nil && token.clientID == client.ID {
		s.dropRefresh(token)
	}
	return struct{}{}, nil
}

// handleLegacyDestroy is the OAuth server's older route.
func (s *Service) handleLegacyDestroy(c *call) (any, error) {
	p := c.params()
	id := p.Opt("client_id", member.ClientID)
	secret := p.Opt("client_secret", member.Secret)
	given := 0
	for _, name := range []string{"token", "access_token", "refresh_token", "refresh_token_id"} {
		if p.Has(name) {
			given++
		}
	}
	access := p.Opt("access_token", member.Token)
	if text := p.Opt("token", member.Token); text != "" {
		access = text
	}
	refreshID := p.Opt("refresh_token_id", member.Hex64)
	if text := p.Opt("refresh_token", member.LowerHex(64)); text != "" {
		refreshID = tokenID(text)
	}
	if given != 1 {
		p.Invalid("token")
	}
	if err := p.Done(); err != nil {
		return nil, err
	}
	if id != "" {
		if _, err := s.clientFor(id, secret); err != nil {
			return nil, err
		}
	}
	if access != "" {
		token := s.findAccess(access)
		if token == nil || id != "" && token.clientID != id {
			return nil, errno.OAuth(108)
		}
		delete(s.access, token.id)
		return struct{}{}, nil
	}
	token := s.refresh[refreshID]
	if token == nil || id != "" && token.clientID != id {
		return nil, errno.OAuth(108)
	}
	s.dropRefresh(token)
	return struct{}{}, nil
}

// dropRefresh ends a refresh token and its device record. Access tokens made
// with it live on until they expire.
func (s *Service) dropRefresh(token *refreshToken) {
	delete(s.refresh, token.id)
	if d := token.device; d != nil {
		token.device, d.refresh = nil, nil
		// A browser that signs in with its own session throws the refresh token
		// away and keeps its device.
		if d.session == nil || d.session.minted {
			s.removeDevice(d)
		}
	}
}

// handleIntrospect tells about a token (RFC 7662); times are milliseconds.
func (s *Service) handleIntrospect(c *call) (any, error) {
	p := c.params()
	text := p.Need("token", member.Rule{Max: 1024})
	hint := p.Choice("token_type_hint", "access_token", "refresh_token")
	if err := p.Done(); err != nil {
		return nil, err
	}
	if token := s.findAccess(text); token != nil && hint != "refresh_token" && c.now.Before(token.expireAt) {
		return map[string]any{
			"active": true, "scope": oauthscope.Join(token.scopes), "client_id": token.clientID, "token_type": "access_token",
			"sub": token.account.uid, "jti": token.id, "iat": token.createdAt.UnixMilli(), "exp": token.expireAt.UnixMilli(),
		}, nil
	}
	if token := s.refresh[tokenID(text)]; token != nil && hint != "access_token" {
		if client := s.clients[token.clientID]; client != nil && !client.public() {
			return nil, errno.OAuth(116).With("clientId", client.ID)
		}
		return map[string]any{
			"active": true, "scope": oauthscope.Join(token.scopes), "client_id": token.clientID, "token_type": "refresh_token",
			"sub": token.account.uid, "jti": token.id, "iat": token.createdAt.UnixMilli(), "fxa-lastUsedAt": token.lastUsed.UnixMilli(),
		}, nil
	}
	return map[string]any{"active": false}, nil
}

func (s *Service) handleVerify(c *call) (any, error) {
	p := c.params()
	text := p.Need("token", member.Token)
	p.Known("email")
	if err := p.Done(); err != nil {
		return nil, err
	}
	token := s.findAccess(text)
	switch {
	case token == nil:
		return nil, errno.OAuth(108)
	case !c.now.Before(token.expireAt):
		return nil, errno.OAuth(115).With("expiredAt", token.expireAt.UnixMilli())
	}
	return map[string]any{
		"user": token.account.uid, "client_id": token.clientID, "scope": token.scopes,
		"generation": token.account.authChangedAt.UnixMilli(), "profile_changed_at": token.account.profileChangedAt.UnixMilli(),
	}, nil
}
