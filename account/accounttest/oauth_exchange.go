package accounttest

import (
	"slices"
	"strings"
	"time"
)

// Refused token exchanges are counted like wrong passwords: the rule real
// servers have for those.
const (
	exchangeRefusals = 5
	exchangeWindow   = 15 * time.Minute
)

func newExchangeRule() *rateState {
	return newRate(RateRule{Attempts: exchangeRefusals, Window: exchangeWindow, Block: exchangeWindow})
}

// grantExchange adds scopes to a refresh token (RFC 8693): a new token takes
// the place of the old one. Refusals in a row are throttled for each grant.
func (s *Service) grantExchange(c *call, t tokenParams) (any, error) {
	old := s.refresh[tokenID(t.subject)]
	key := "" // unknown tokens count together: they share one address
	if old != nil {
		key = old.clientID + " " + old.account.uid
	}
	if wait := s.exchanges.wait(key, c.now); wait > 0 {
		return nil, c.throttled(wait)
	}
	if err := s.mayExchange(old, t); err != nil {
		s.exchanges.attempt(key, c.now)
		return nil, err
	}
	return s.exchange(c, old, t), nil
}

// mayExchange holds a request against the client's list of scopes.
func (s *Service) mayExchange(old *refreshToken, t tokenParams) error {
	if old == nil {
		return oauthErr(108)
	}
	client := s.clients[old.clientID]
	if client.Disabled {
		return oauthErr(202).with("clientId", client.ID)
	}
	if len(client.TokenExchange) == 0 {
		return oauthErr(112)
	}
	for _, scope := range splitScopes(t.scope) {
		if !impliedByAny(old.scopes, scope) && !impliedByAny(client.TokenExchange, scope) {
			return oauthErr(112)
		}
	}
	return nil
}

func (s *Service) exchange(c *call, old *refreshToken, t tokenParams) map[string]any {
	client := s.clients[old.clientID]
	all := splitScopes(strings.Join(append(slices.Clone(old.scopes), splitScopes(t.scope)...), " "))
	renewed := &refreshToken{
		clientID: client.ID, account: old.account, scopes: all, createdAt: c.now, lastUsed: c.now,
		authAt: old.authAt, device: old.device, session: old.session, agent: old.agent,
	}
	text := s.storeRefresh(renewed)
	if renewed.device != nil {
		renewed.device.refresh = renewed
	} else if impliedByAny(all, scopeOldSync) {
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
