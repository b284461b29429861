package accounttest

import (
	"maps"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// Device is what tests see of a device record.
type Device struct {
	ID, Name, Type      string
	PushCallback        string
	PushEndpointExpired bool
	AvailableCommands   map[string]string
	CreatedAt           time.Time
	LastAccess          time.Time
	ClientID            string // of its refresh token, if any
	HasSession          bool
	// Waiting is the number of commands in its queue, read ones included.
	Waiting int
}

// Devices lists the account's device records, oldest first.
func (h *Account) Devices() []Device {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	var out []Device
	for _, d := range h.a.devices {
		item := Device{
			ID: d.id, Name: d.shownName(), Type: d.shownType(), PushCallback: d.callback, PushEndpointExpired: d.expired,
			AvailableCommands: maps.Clone(d.commands), CreatedAt: d.createdAt, LastAccess: d.lastAccess,
			HasSession: d.session != nil, Waiting: len(d.queue),
		}
		if d.refresh != nil {
			item.ClientID = d.refresh.clientID
		}
		out = append(out, item)
	}
	return out
}

// ChangePassword changes the password as the owner does in another browser:
// every session and device record goes, and all tokens of public and granting
// clients. Keys stay. Without an argument an exclamation mark is added to
// the old password; see Password.
func (h *Account) ChangePassword(password ...string) {
	h.s.act(func(c *call) {
		secrets := crypt.Stretch(h.a.email, h.nextPassword(password))
		kB := h.a.kB()
		if kB != nil {
			h.a.wrapKb, h.a.unwrapBKey = crypt.XOR(kB, secrets.UnwrapBKey), secrets.UnwrapBKey
		}
		h.s.passwordChanged(c, h.a, secrets.AuthPW, nil)
	})
}

// ResetPassword resets a forgotten password without recovery key: as
// ChangePassword, and the account gets new keys.
func (h *Account) ResetPassword(password ...string) {
	h.s.act(func(c *call) {
		secrets := crypt.Stretch(h.a.email, h.nextPassword(password))
		h.a.wrapKb, h.a.unwrapBKey = crypt.RandomBytes(h.s.random, 32), secrets.UnwrapBKey
		h.s.passwordReset(c, h.a, secrets.AuthPW)
	})
}

func (h *Account) nextPassword(given []string) string {
	password := h.a.password + "!"
	if len(given) > 0 {
		password = given[0]
	}
	h.a.password = password
	return password
}

// Password is the account's password, if NewAccount, ChangePassword,
// ResetPassword or a page's form made it known.
func (h *Account) Password() string {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.a.password
}

// Delete deletes the account with all that belongs to it.
func (h *Account) Delete() {
	h.s.act(func(c *call) { h.s.deleteAccount(c, h.a) })
}

// SetDisplayName changes the profile; "" removes the name.
func (h *Account) SetDisplayName(name string) {
	h.changeProfile(func(a *account) { a.displayName = name })
}

// SetEmail changes the primary address.
func (h *Account) SetEmail(email string) {
	h.changeProfile(func(a *account) {
		delete(h.s.byEmail, normalEmail(a.email))
		a.email = email
		h.s.byEmail[normalEmail(email)] = a
	})
}

// SetAvatar sets the account's own picture (a PNG); nil brings the default
// back.
func (h *Account) SetAvatar(png []byte) {
	h.changeProfile(func(a *account) { a.avatar = slices.Clone(png) })
}

// SetMetrics switches the data collection choice of the profile.
func (h *Account) SetMetrics(enabled bool) {
	h.s.act(func(c *call) { h.s.setMetrics(c, h.a, enabled) })
}

// HideMetrics leaves metricsEnabled out of the profile, as old servers do.
func (h *Account) HideMetrics() {
	h.changeProfile(func(a *account) { a.metrics = metricsUnsaid })
}

// SetSubscriptions says which capabilities the person's subscriptions give now.
// Relying parties are told of those that came and of those that went, and that the
// profile has changed.
func (h *Account) SetSubscriptions(capabilities ...string) {
	h.s.act(func(c *call) {
		was := h.a.capabilities
		h.a.capabilities = slices.Clone(capabilities)
		for _, change := range []struct {
			active   bool
			now, not []string
		}{{true, capabilities, was}, {false, was, capabilities}} {
			list := slices.DeleteFunc(slices.Clone(change.now), func(s string) bool { return slices.Contains(change.not, s) })
			if len(list) > 0 {
				c.events = append(c.events, h.s.eventFor(h.a, EventSubscriptionChange, map[string]any{
					"capabilities": list, "isActive": change.active, "changeTime": c.now.UnixMilli(),
				})...)
			}
		}
		h.s.profileChanged(c, h.a, c.now)
	})
}

// OTP switches two-step authentication on, with code as the one code that is
// ever right; "" switches it off.
func (h *Account) OTP(code string) {
	h.changeProfile(func(a *account) { a.otp = code })
}

// SetDisabled marks the account as disabled by an administrator.
func (h *Account) SetDisabled(disabled bool) {
	h.changeProfile(func(a *account) { a.disabled = disabled })
}

// SetLocked marks the account as locked by an administrator.
func (h *Account) SetLocked(locked bool) {
	h.changeProfile(func(a *account) { a.locked = locked })
}

// SetVerified sets whether the account's address is confirmed.
func (h *Account) SetVerified(verified bool) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.a.verified = verified
}

// VerifyCode is the code the confirmation mail would hold.
func (h *Account) VerifyCode() string {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.a.verifyCode
}

func (h *Account) changeProfile(change func(a *account)) {
	h.s.act(func(c *call) {
		change(h.a)
		h.s.profileChanged(c, h.a, c.now)
	})
}

// RevokeTokens revokes all refresh and access tokens of a client ("" for all
// clients), with their device records, as a user does in the settings. Nobody
// is told.
func (h *Account) RevokeTokens(clientID string) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.s.revoke(h.a, func(id string) bool { return clientID == "" || clientID == id })
}

// RevokeAccessTokens revokes only access tokens, so that resource servers
// answer 401 while the refresh token lives.
func (h *Account) RevokeAccessTokens() {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	for id, t := range h.s.access {
		if t.account == h.a {
			delete(h.s.access, id)
		}
	}
}

// RevokeSessions ends all sessions with their device records.
func (h *Account) RevokeSessions() {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	for _, t := range h.s.sessionsOf(h.a) {
		h.s.dropSession(t)
	}
}

// UnverifySessions makes the account's sessions unconfirmed.
func (h *Account) UnverifySessions() {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	for _, t := range h.s.sessionsOf(h.a) {
		t.verified = false
	}
}

// DeleteDevice removes a device as another device of the account does: with
// its credentials, and everyone is told. It reports whether there was one.
func (h *Account) DeleteDevice(id string) bool {
	found := false
	h.s.act(func(c *call) {
		if d := h.a.device(id); d != nil {
			found = true
			h.s.destroyDevice(c, d)
		}
	})
	return found
}

// ExpirePush marks a device's push endpoint as expired, as after a 410.
func (h *Account) ExpirePush(deviceID string) bool {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	d := h.a.device(deviceID)
	if d != nil {
		d.expired = true
	}
	return d != nil
}

// SendPush sends a push message of any command to all devices, for example one
// that clients do not know. An empty command sends an empty body.
func (h *Account) SendPush(command string, data any) {
	h.s.act(func(c *call) { c.pushes = h.s.pushTo(h.a.devices, command, data, ttlNow) })
}

// Queued returns the indexes of all commands that a device was ever sent and that have not expired, fetched
// or not, in the order of their arrival.
func (h *Account) Queued(deviceID string) (indexes []int64) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	if d := h.a.device(deviceID); d != nil {
		for _, entry := range d.queue {
			indexes = append(indexes, entry.index)
		}
	}
	return indexes
}

// SkipIndexes raises the counter behind all command queues, as the traffic of
// other accounts does.
func (s *Service) SkipIndexes(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastIndex += n
}
