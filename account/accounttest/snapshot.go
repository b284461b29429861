package accounttest

import "time"

// Snapshot is what a service remembers, without secrets: for failure messages
// and for comparing before with after. It can be written as JSON.
type Snapshot struct {
	Time     time.Time
	Accounts []AccountSnapshot // by address
}

// AccountSnapshot is one account of a Snapshot. The maps count live tokens by
// client id.
type AccountSnapshot struct {
	UID, Email    string
	Verified      bool
	Sessions      int
	Devices       []Device
	Codes         int // authorization codes not yet redeemed
	RefreshTokens map[string]int
	AccessTokens  map[string]int
}

// Snapshot gives the state of all accounts.
func (s *Service) Snapshot() Snapshot {
	out := Snapshot{Time: s.Clock.Now()}
	for _, h := range s.Accounts() {
		devices, sessions := h.Devices(), h.SessionCount()
		s.mu.Lock()
		item := AccountSnapshot{
			UID: h.a.uid, Email: h.a.email, Verified: h.a.verified, Sessions: sessions, Devices: devices,
			RefreshTokens: map[string]int{}, AccessTokens: map[string]int{},
		}
		for _, t := range s.refresh {
			if t.account == h.a {
				item.RefreshTokens[t.clientID]++
			}
		}
		for _, t := range s.access {
			if t.account == h.a && out.Time.Before(t.expireAt) {
				item.AccessTokens[t.clientID]++
			}
		}
		for _, t := range s.codes {
			if t.account == h.a && out.Time.Sub(t.createdAt) < codeLifetime {
				item.Codes++
			}
		}
		s.mu.Unlock()
		out.Accounts = append(out.Accounts, item)
	}
	return out
}
