package accounttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
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
	foreign := func(clientID string) bool { return id != "" && clientID != id }
	if access != "" {
		token := s.findAccess(access)
		if token == nil || foreign(token.clientID) {
			return nil, errno.OAuth(108)
		}
		delete(s.access, token.id)
		return struct{}{}, nil
	}
	token := s.refresh[refreshID]
	if token == nil || foreign(token.clientID) {
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

// idTokenLifetime is how long an id token is good.
const idTokenLifetime = 5 * time.Minute

func (s *Service) newSigningKey() *crypt.SigningKey {
	now := s.Clock.Now()
	return crypt.NewSigningKey(now.UTC().Format("2006-01-02-")+s.hex(16), now)
}

// AnnounceKey publishes the key that the next RotateKey puts in use, as the
// real server does one cache life ahead, and gives its id.
func (s *Service) AnnounceKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signing.Next().ID
}

// RotateKey puts a new signing key in use (the announced one, if any), keeps
// the former one published and gives the new key's id.
func (s *Service) RotateKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signing.Rotate().ID
}

// DropPreviousKey ends the publication of the key before the last rotation.
func (s *Service) DropPreviousKey() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signing.DropPrevious()
}

func (s *Service) handleJWKS(*call) (any, error) {
	s.signing.Active()
	keys := []json.RawMessage{}
	for _, k := range s.signing.Published() {
		key, err := k.JWK()
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return map[string]any{"keys": keys}, nil
}

// verifyJWT checks a signature with the published keys.
func (s *Service) verifyJWT(text string) (map[string]any, error) {
	return crypt.Verify(text, s.signing.Published())
}

func (s *Service) idToken(now time.Time, g grant, access string) string {
	sum := sha256.Sum256([]byte(access))
	var aud any = g.client.ID
	if g.resource != "" {
		aud = []string{g.client.ID, g.resource}
	}
	amr := []string{"pwd", "email"}
	if g.aal > 1 {
		amr = append(amr, "otp")
	}
	return s.signing.Active().Sign("", map[string]any{
		"iss": s.base, "sub": s.subject(g.client, g.account, g.ppidSeed), "aud": aud, "iat": now.Unix(), "exp": now.Add(idTokenLifetime).Unix(),
		"at_hash": crypt.B64(sum[:16]), "amr": amr, "acr": fmt.Sprintf("AAL%d", max(g.aal, 1)), "fxa-aal": max(g.aal, 1),
		"auth_time": g.authAt.Unix(),
	})
}

func (s *Service) accessJWT(now time.Time, g grant, token *accessToken) string {
	var aud any = g.client.ID
	if g.resource != "" {
		aud = []string{g.client.ID, g.resource}
	}
	return s.signing.Active().Sign("at+JWT", map[string]any{
		"iss": s.base, "sub": s.subject(g.client, g.account, g.ppidSeed), "aud": aud, "client_id": g.client.ID, "iat": now.Unix(),
		"exp": token.expireAt.Unix(), "jti": token.id, "scope": oauthscope.Join(g.scopes),
	})
}

// subject is what tokens for a client call the account: its uid, or for
// pairwise clients 64 hexadecimal digits that no other client is given. The
// seed of the token request chooses between several such ids.
func (st *state) subject(client *Client, a *account, seed int64) string {
	if client == nil || !client.Pairwise {
		return a.uid
	}
	mac := hmac.New(sha256.New, st.flowKey)
	fmt.Fprintf(mac, "ppid.%s.%s.%d", client.ID, a.uid, seed) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// idTokenLead is how far ahead an id token's expiry may lie.
const idTokenLead = 5 * time.Minute

func (s *Service) handleIDTokenVerify(c *call) (any, error) {
	p := c.params()
	id := p.Need("client_id", member.ClientID)
	text := p.Need("id_token", member.Rule{Max: 4096})
	grace, _ := p.Integer("expiry_grace_period", 0, 1<<40)
	if err := p.Done(); err != nil {
		return nil, err
	}
	claims, err := s.verifyJWT(text)
	if err != nil {
		return nil, errno.OAuth(108)
	}
	exp, ok := claims["exp"].(float64)
	if !ok {
		return nil, errno.OAuth(108)
	}
	until := time.Unix(int64(exp), 0)
	if until.After(c.now.Add(idTokenLead+time.Second)) || c.now.After(until.Add(time.Duration(grace)*time.Second)) {
		return nil, errno.OAuth(108)
	}
	switch aud := claims["aud"].(type) {
	case string:
		if aud != id {
			return nil, errno.OAuth(108)
		}
	case []any:
		if !slices.Contains(aud, any(id)) {
			return nil, errno.OAuth(108)
		}
	default:
		return nil, errno.OAuth(108)
	}
	return claims, nil
}
