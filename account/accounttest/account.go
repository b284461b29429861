package accounttest

import (
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// Account is a handle on one account of a service, for tests to look at it and
// to act on it as its owner or Mozilla would.
type Account struct {
	s *Service
	a *account
}

// NewAccount makes a confirmed account with keys. The address must be new: an
// account that has it already is deleted first.
func (s *Service) NewAccount(email, password string) *Account {
	s.mu.Lock()
	old := s.byEmail[normalEmail(email)]
	s.mu.Unlock()
	if old != nil {
		(&Account{s: s, a: old}).Delete()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	secrets := crypt.Stretch(email, password)
	a := s.createAccount(email, secrets.AuthPW, s.Clock.Now())
	a.unwrapBKey, a.password = secrets.UnwrapBKey, password
	a.verified = true
	return &Account{s: s, a: a}
}

func (s *Service) createAccount(email string, authPW []byte, now time.Time) *account {
	a := &account{
		uid: s.hex(16), email: email, authPW: authPW, kA: crypt.RandomBytes(s.random, 32), wrapKb: crypt.RandomBytes(s.random, 32),
		verifyCode: s.hex(16), locale: "en-US", createdAt: now,
		keysChangedAt: now, authChangedAt: now, profileChangedAt: now, logins: map[string]bool{},
	}
	s.accounts[a.uid] = a
	s.byEmail[normalEmail(email)] = a
	return a
}

// Accounts lists all accounts, by address.
func (s *Service) Accounts() []*Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Account
	for _, a := range s.accounts {
		out = append(out, &Account{s: s, a: a})
	}
	slices.SortFunc(out, func(x, y *Account) int {
		if x.a.email < y.a.email {
			return -1
		}
		return 1
	})
	return out
}

// UID is the account's id, 32 hexadecimal digits.
func (h *Account) UID() string { return h.a.uid }

// Email is the account's primary address.
func (h *Account) Email() string {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.a.email
}

// OneClick lets the pages sign this account in without a password, behind a
// button "Continue as …". For demonstrations.
func (h *Account) OneClick() *Account {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.a.oneClick = true
	return h
}

// SessionCount is the number of the account's sessions, the web pages' own
// included.
func (h *Account) SessionCount() int {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	n := 0
	for _, session := range h.s.sessions {
		if session.account == h.a {
			n++
		}
	}
	return n
}

// NewSession signs a browser in, as the login route does, and gives its session
// token (64 hexadecimal digits).
func (h *Account) NewSession() string {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.s.newSession(h.a, useragent.Agent{}, h.s.Clock.Now(), true).token
}

// ScopedKey returns the key of a scope as {"kty","scope","k","kid"}; it fails for
// accounts whose password the service never saw.
func (h *Account) ScopedKey(scope string) (map[string]string, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	key, err := h.a.scopedKey(scope)
	if err != nil {
		return nil, err
	}
	return map[string]string{"kty": key.Kty, "scope": key.Scope, "k": key.K, "kid": key.Kid}, nil
}

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
