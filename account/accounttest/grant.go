package accounttest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/rate"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// grant is what the token route has decided to give.
type grant struct {
	client      *Client
	account     *account
	scopes      []string
	ttl         time.Duration
	authAt      time.Time
	verified    bool
	aal         int
	offline     bool
	fresh       bool // a sign-in rather than a renewal: id token, auth_at
	mintSession bool
	session     *session // that authenticated the call
	resource    string
	refreshID   string
	ppidSeed    int64 // see state.subject
}

// tokenID is the id under which a token's text is stored.
func tokenID(token string) string {
	raw, err := hex.DecodeString(token)
	if err != nil {
		raw = []byte(token)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// grant makes the tokens and gives the reply of the token route.
func (s *Service) grant(c *call, g grant) map[string]any {
	reply := map[string]any{"token_type": "bearer", "scope": strings.Join(g.scopes, " "), "auth_at": g.authAt.Unix()}
	session := g.session
	if g.mintSession {
		session = s.newSession(g.account, useragent.Parse(c.r.UserAgent()), c.now, g.verified)
		session.authAt, session.aal, session.minted = g.authAt, g.aal, true
		reply["session_token"] = session.token
	}
	refreshID := g.refreshID
	if g.offline {
		token := &refreshToken{
			clientID: g.client.ID, account: g.account, scopes: g.scopes, createdAt: c.now, lastUsed: c.now,
			authAt: g.authAt, agent: useragent.Parse(c.r.UserAgent()),
		}
		reply["refresh_token"] = s.storeRefresh(token)
		refreshID = token.id
		if oauthscope.Implied(g.scopes, scopeOldSync) {
			s.placeholderDevice(c, g.client, token, session)
		}
	}
	life := s.cfg.tokenLifetime
	if g.ttl > 0 {
		life = min(life, g.ttl)
	}
	text := s.storeAccess(c.now, g, refreshID, life)
	reply["access_token"] = text
	reply["expires_in"] = int64(life / time.Second)
	if g.fresh && slices.Contains(g.scopes, "openid") {
		reply["id_token"] = s.idToken(c.now, g, text)
	}
	return reply
}

func (st *state) storeRefresh(token *refreshToken) string {
	text := st.hex(32)
	token.id = tokenID(text)
	st.refresh[token.id] = token
	return text
}

func (s *Service) storeAccess(now time.Time, g grant, refreshID string, life time.Duration) string {
	token := &accessToken{
		clientID: g.client.ID, account: g.account, scopes: g.scopes, createdAt: now, expireAt: now.Add(life), refreshID: refreshID,
	}
	if g.client.JWTAccessTokens {
		token.id = s.hex(32)
		token.text = s.accessJWT(now, g, token)
	} else {
		token.text = s.hex(32)
		token.id = tokenID(token.text)
	}
	s.sweep(now)
	s.access[token.id] = token
	return token.text
}

// sweepFrom is the number of tokens or codes from which old ones are forgotten.
const sweepFrom = 2000

// sweep forgets what expired a day ago: until then its expiry is told.
func (s *Service) sweep(now time.Time) {
	if len(s.access) < sweepFrom && len(s.codes) < sweepFrom {
		return
	}
	old := now.Add(-maxTokenLifetime)
	for id, t := range s.access {
		if t.expireAt.Before(old) {
			delete(s.access, id)
		}
	}
	for id, t := range s.codes {
		if t.createdAt.Before(old) {
			delete(s.codes, id)
		}
	}
}

// findAccess looks an access token up, opaque or JWT. Expired ones are found.
func (s *Service) findAccess(text string) *accessToken {
	if !strings.Contains(text, ".") {
		return s.access[tokenID(text)]
	}
	claims, err := s.verifyJWT(text)
	if err != nil {
		return nil
	}
	id, ok := claims["jti"].(string)
	if !ok {
		return nil
	}
	if token := s.access[id]; token != nil && token.text == text {
		return token
	}
	return nil
}

// LiveToken is a token that has not been destroyed and has not expired.
type LiveToken struct {
	Kind     string // "refresh", "access" or "session"
	ClientID string // empty for sessions
	UID      string
	ID       string // what the server stores: never the token itself
	Scopes   []string
}

// LiveTokens lists refresh and access tokens that are still good, and the
// sessions made by the session scope, oldest ids first. The pages' own
// sessions are not in it.
func (s *Service) LiveTokens() []LiveToken {
	now := s.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []LiveToken
	for _, t := range s.refresh {
		out = append(out, LiveToken{Kind: "refresh", ClientID: t.clientID, UID: t.account.uid, ID: t.id, Scopes: slices.Clone(t.scopes)})
	}
	for _, t := range s.access {
		if now.Before(t.expireAt) {
			out = append(out, LiveToken{Kind: "access", ClientID: t.clientID, UID: t.account.uid, ID: t.id, Scopes: slices.Clone(t.scopes)})
		}
	}
	for _, t := range s.sessions {
		if t.minted && t.alive(now) {
			out = append(out, LiveToken{Kind: "session", UID: t.account.uid, ID: t.id})
		}
	}
	slices.SortFunc(out, func(a, b LiveToken) int { return strings.Compare(a.Kind+a.ID, b.Kind+b.ID) })
	return out
}

// redirectFor checks the requested redirect URI against the registered ones.
func (s *Service) redirectFor(c *Client, requested string) (string, error) {
	if requested == "" {
		if len(c.RedirectURIs) == 0 {
			return "", errno.OAuth(103).With("redirectUri", "")
		}
		return c.RedirectURIs[0], nil
	}
	own := s.base + "/oauth/success/" + c.ID
	if slices.Contains(c.RedirectURIs, requested) || requested == own {
		return requested, nil
	}
	if u, err := url.Parse(requested); c.Loopback && err == nil && u.Scheme == "http" && u.User == nil && u.Fragment == "" {
		switch u.Hostname() {
		case "127.0.0.1", "::1", "localhost":
			return requested, nil
		}
	}
	return "", errno.OAuth(103).With("redirectUri", requested)
}

// scopes of untrusted clients.
var untrustedScopes = []string{"openid", "profile:uid", "profile:email", "profile:display_name"}

// short scopes every trusted client may ask.
var trustedScopes = []string{"openid", "profile", "email", "profile:subscriptions"}

// checkScopes refuses scopes the client may not have.
func (s *Service) checkScopes(c *Client, scopes []string) error {
	var bad []string
	for _, scope := range scopes {
		switch {
		case !c.Trusted:
			if !slices.Contains(untrustedScopes, scope) {
				bad = append(bad, scope)
			}
		case oauthscope.IsURL(scope):
			if !oauthscope.Implied(c.AllowedScopes, scope) {
				bad = append(bad, scope)
			}
		case s.cfg.strictScopes:
			if !oauthscope.Implied(trustedScopes, scope) && !oauthscope.Implied(c.AllowedScopes, scope) {
				bad = append(bad, scope)
			}
		}
	}
	if bad != nil {
		return errno.OAuth(114).With("invalidScopes", bad)
	}
	return nil
}

// Refused token exchanges are counted like wrong passwords: the rule real
// servers have for those.
const (
	exchangeRefusals = 5
	exchangeWindow   = 15 * time.Minute
)

func newExchangeRule() *rate.Limiter {
	return rate.New(RateRule{Attempts: exchangeRefusals, Window: exchangeWindow, Block: exchangeWindow})
}

// grantExchange adds scopes to a refresh token (RFC 8693): a new token takes
// the place of the old one. Refusals in a row are throttled for each grant.
func (s *Service) grantExchange(c *call, t tokenParams) (any, error) {
	old := s.refresh[tokenID(t.subject)]
	key := "" // unknown tokens count together: they share one address
	if old != nil {
		key = old.clientID + " " + old.account.uid
	}
	if wait := s.exchanges.Wait(key, c.now); wait > 0 {
		return nil, c.throttled(wait)
	}
	if err := s.mayExchange(old, t); err != nil {
		s.exchanges.Attempt(key, c.now)
		return nil, err
	}
	return s.exchange(c, old, t), nil
}

// mayExchange holds a request against the client's list of scopes.
func (s *Service) mayExchange(old *refreshToken, t tokenParams) error {
	if old == nil {
		return errno.OAuth(108)
	}
	client := s.clients[old.clientID]
	if client.Disabled {
		return errno.OAuth(202).With("clientId", client.ID)
	}
	if len(client.TokenExchange) == 0 {
		return errno.OAuth(112)
	}
	for _, scope := range oauthscope.Split(t.scope) {
		if !oauthscope.Implied(old.scopes, scope) && !oauthscope.Implied(client.TokenExchange, scope) {
			return errno.OAuth(112)
		}
	}
	return nil
}

func (s *Service) exchange(c *call, old *refreshToken, t tokenParams) map[string]any {
	client := s.clients[old.clientID]
	all := oauthscope.Split(strings.Join(append(slices.Clone(old.scopes), oauthscope.Split(t.scope)...), " "))
	renewed := &refreshToken{
		clientID: client.ID, account: old.account, scopes: all, createdAt: c.now, lastUsed: c.now,
		authAt: old.authAt, device: old.device, session: old.session, agent: old.agent,
	}
	text := s.storeRefresh(renewed)
	if renewed.device != nil {
		renewed.device.refresh = renewed
	} else if oauthscope.Implied(all, scopeOldSync) {
		s.placeholderDevice(c, client, renewed, nil)
	}
	old.device = nil
	delete(s.refresh, old.id)
	reply := s.grant(c, grant{
		client: client, account: old.account, scopes: all, ttl: t.ttl, authAt: old.authAt, refreshID: renewed.id, ppidSeed: t.ppidSeed,
	})
	delete(reply, "auth_at")
	reply["refresh_token"] = text
	reply["issued_token_type"] = subjectRefresh
	return reply
}
