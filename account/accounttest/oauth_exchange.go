package accounttest

import (
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/rate"
)

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
