package accounttest

import (
	"slices"
	"strings"
	"time"
)

// sessionsOf lists the account's sessions in a fixed order.
func (st *state) sessionsOf(a *account) []*session {
	var out []*session
	for _, t := range st.sessions {
		if t.account == a {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(x, y *session) int { return strings.Compare(x.id, y.id) })
	return out
}

// passwordChanged ends every credential of the account. keep is the caller's
// session, whose device is not told; it ends too.
func (s *Service) passwordChanged(c *call, a *account, authPW []byte, keep *session) {
	var own *device
	if keep != nil {
		own = keep.device
	}
	c.pushes = append(c.pushes, s.pushTo(a.devicesExcept(own), "fxaccounts:password_changed", nil, ttlPassword)...)
	a.authPW, a.authChangedAt = authPW, c.now
	s.endCredentials(a)
	c.events = append(c.events, s.eventFor(a, EventPasswordChange, map[string]any{"changeTime": c.now.UnixMilli()})...)
}

// passwordReset is passwordChanged with new keys.
func (s *Service) passwordReset(c *call, a *account, authPW []byte) {
	c.pushes = append(c.pushes, s.pushTo(a.devices, "fxaccounts:password_reset", nil, ttlPassword)...)
	a.authPW, a.authChangedAt = authPW, c.now
	// Time stamps of keys must differ even when two resets share a millisecond.
	a.keysChangedAt = later(c.now, a.keysChangedAt)
	s.endCredentials(a)
	c.events = append(c.events, s.eventFor(a, EventPasswordChange, map[string]any{"changeTime": c.now.UnixMilli()})...)
}

func later(now, before time.Time) time.Time {
	if now.UnixMilli() <= before.UnixMilli() {
		return before.Add(time.Millisecond)
	}
	return now
}

// endCredentials deletes sessions, devices, one-time tokens and the tokens of
// public and granting clients.
func (s *Service) endCredentials(a *account) {
	for _, t := range s.sessionsOf(a) {
		delete(s.sessions, t.id)
	}
	for _, d := range slices.Clone(a.devices) {
		s.removeDevice(d)
	}
	a.browser = nil
	for key, t := range s.oneTime {
		if t.account == a {
			delete(s.oneTime, key)
		}
	}
	s.revoke(a, func(id string) bool {
		client := s.clients[id]
		return client == nil || client.public() || client.CanGrant
	})
}

// revoke deletes tokens by client, and the codes that could become such.
func (s *Service) revoke(a *account, which func(clientID string) bool) {
	for _, t := range s.refresh {
		if t.account == a && which(t.clientID) {
			s.dropRefresh(t)
		}
	}
	for id, t := range s.access {
		if t.account == a && which(t.clientID) {
			delete(s.access, id)
		}
	}
	for id, t := range s.codes {
		if t.account == a && which(t.clientID) {
			delete(s.codes, id)
		}
	}
}

func (s *Service) deleteAccount(c *call, a *account) {
	if s.accounts[a.uid] != a {
		return
	}
	c.pushes = append(c.pushes, s.pushTo(a.devices, "fxaccounts:account_destroyed", map[string]any{"uid": a.uid}, ttlGone)...)
	c.events = append(c.events, s.eventFor(a, EventDeleteUser, map[string]any{})...)
	s.endCredentials(a)
	s.revoke(a, func(string) bool { return true })
	delete(s.accounts, a.uid)
	if s.byEmail[normalEmail(a.email)] == a {
		delete(s.byEmail, normalEmail(a.email))
	}
	a.logins = map[string]bool{} // nothing follows a deletion
}

func (s *Service) setMetrics(c *call, a *account, enabled bool) {
	a.metrics = metricsOff
	if enabled {
		a.metrics = metricsOn
	}
	a.profileChangedAt = c.now
	c.pushes = append(c.pushes, s.pushTo(a.devices, "fxaccounts:profile_updated", nil, ttlNow)...)
	c.events = append(c.events, s.eventFor(a, EventProfileChange, map[string]any{"metricsEnabled": enabled})...)
}
