package signals

import (
	"maps"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// reaction is what events ask for.
type reaction struct{ profile, signIn, gone, metricsOff bool }

// take notes what an answer says, and returns what it asks for and what faces may see of it. What is older
// than what is known asks for nothing. Capabilities are noted in a map of their own: snapshots of m share the old one.
func (m *memory) take(a answer) (shown []localapi.AccountEvent, r reaction) {
	m.Capabilities = maps.Clone(m.Capabilities)
	for _, e := range a.Events {
		if e.Index <= m.Last {
			continue
		}
		m.Last = e.Index
		shown = append(shown, localapi.AccountEvent{Event: e.Event, At: e.Time})
		switch e.Event {
		case "password-change":
			if e.Changed.After(m.Password) {
				m.Password, r.signIn = e.Changed, true
			}
		case "profile-change", "metrics-opt-in":
			r.profile = true
		case "metrics-opt-out":
			r.profile, r.metricsOff = true, true
		case "subscription-state-change":
			if was, known := m.Capabilities[e.Capability]; known && !e.Changed.After(was.Changed) || len(m.Capabilities) >= mostCapabilities && !known {
				continue
			}
			if m.Capabilities == nil {
				m.Capabilities = map[string]capability{}
			}
			m.Capabilities[e.Capability] = capability{Active: e.Active, Changed: e.Changed}
			r.profile = true
		case "delete-user":
			r.gone = true
		}
	}
	m.Last = max(m.Last, a.Newest)
	return shown, r
}

// mostCapabilities bounds what is remembered.
const mostCapabilities = 256

// act asks the accounts server about what was told. When the account may be gone that alone is asked: the
// other answers would only say, each in its way, that it is.
func (s *Signals) act(r reaction) {
	if r.metricsOff {
		s.MetricsOff()
	}
	if r.gone {
		s.AccountGone()
		return
	}
	if r.profile {
		s.ProfileChanged()
	}
	if r.signIn {
		s.SignInDoubtful()
	}
}
