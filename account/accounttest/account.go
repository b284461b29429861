package accounttest

import (
	"slices"
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

// ScopedKey gives the key of a scope as {"kty","scope","k","kid"}; it fails for
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
