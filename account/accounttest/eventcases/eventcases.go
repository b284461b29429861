// Package eventcases is a table of Security Event Tokens for whoever writes a receiver:
// every event in its old and new forms, and every kind of token that must be refused.
//
//	for _, c := range eventcases.All(service, clientID, uid) {
//		status := post(c.Token) // of a receiver for this service and client
//		if status != c.Status { … }
//	}
//
// Tokens are made when All is called; those that should be taken are good for 15 minutes of
// the service's clock.
//
// docs/protocol/relying-party.md §2 and §3.
package eventcases

import (
	"net/http"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
)

// Case is one token and what a receiver answers to it.
type Case struct {
	Name  string
	Token string
	// Status is 200, 400 or 401.
	Status int
	// Events are the short names of those that the receiver stores, sorted.
	Events []string
}

type (
	payload  = map[string]any
	payloads = map[string]map[string]any
)

// All makes the table. uid is the account the events are about.
func All(s *accounttest.Service, clientID, uid string) []Case {
	made := maker{s: s, base: accounttest.EventToken{ClientID: clientID, UID: uid}}
	made.right()
	made.tolerated()
	made.unreadable()
	made.refused()
	made.mangled()
	return made.cases
}

type maker struct {
	s     *accounttest.Service
	base  accounttest.EventToken
	cases []Case
}

// add makes a case of a changed token.
func (m *maker) add(name string, status int, change func(e *accounttest.EventToken), stored ...string) {
	e := m.base
	e.Events = payloads{accounttest.EventProfileChange: {}}
	if change != nil {
		change(&e)
	}
	m.cases = append(m.cases, Case{Name: name, Token: m.s.SignEvent(e), Status: status, Events: stored})
}

// events makes a case of other events.
func (m *maker) events(name string, status int, events payloads, stored ...string) {
	m.add(name, status, func(e *accounttest.EventToken) { e.Events = events }, stored...)
}

// right are the events as they were documented and are sent, in every form of the years.
func (m *maker) right() {
	const seconds, milliseconds = 1_700_000_000, 1_700_000_000_123
	for _, c := range []struct {
		event, form string
		payload     payload
	}{
		{accounttest.EventPasswordChange, "milliseconds", payload{"changeTime": milliseconds}},
		{accounttest.EventPasswordChange, "seconds", payload{"changeTime": seconds}},
		{accounttest.EventProfileChange, "as documented", payload{"uid": m.base.UID}},
		{accounttest.EventProfileChange, "empty", payload{}},
		{accounttest.EventProfileChange, "with an address", payload{"email": "new@example.com"}},
		{accounttest.EventProfileChange, "of 2026", payload{"email": "new@example.com", "locale": "de", "metricsEnabled": false, "totpEnabled": true, "accountDisabled": false, "accountLocked": false}},
		{accounttest.EventSubscriptionChange, "milliseconds", payload{"capabilities": []string{"a", "b"}, "isActive": true, "changeTime": milliseconds}},
		{accounttest.EventSubscriptionChange, "seconds, as documented", payload{"capabilities": []string{"a"}, "isActive": false, "changeTime": seconds}},
		{accounttest.EventDeleteUser, "empty", payload{}},
		{accounttest.EventDeleteUser, "with a reason", payload{"reason": "inactivity"}},
		{accounttest.EventMetricsOptOut, "empty", payload{}},
		{accounttest.EventMetricsOptIn, "empty", payload{}},
	} {
		m.events(c.event+", "+c.form, http.StatusOK, payloads{c.event: c.payload}, c.event)
	}
	m.events("two events in one", http.StatusOK,
		payloads{accounttest.EventPasswordChange: {"changeTime": milliseconds}, accounttest.EventProfileChange: {}}, accounttest.EventPasswordChange, accounttest.EventProfileChange)
}

// tolerated are tokens that differ from ours in what does not matter.
func (m *maker) tolerated() {
	const profile = accounttest.EventProfileChange
	m.events("an event nobody has heard of", http.StatusOK, payloads{"https://schemas.example/event/moon": {"full": true}})
	m.events("one that is none of ours", http.StatusOK, payloads{accounttest.EventAppleMigration: {"success": true}})
	m.events("a known and an unknown event", http.StatusOK, payloads{"https://schemas.example/event/moon": nil, profile: {}}, profile)
	m.events("unknown members", http.StatusOK, payloads{profile: {"mood": "fine", "email": 5, "metricsEnabled": "yes"}}, profile)
	m.events("a deletion with an odd payload", http.StatusOK, payloads{accounttest.EventDeleteUser: nil}, accounttest.EventDeleteUser)
	for name, change := range map[string]func(e *accounttest.EventToken){
		"an issuer with a slash": func(e *accounttest.EventToken) { e.Issuer = m.s.URL() + "/" },
		"a list of audiences":    func(e *accounttest.EventToken) { e.Audience = []string{"other", e.ClientID} },
		"a whole second":         func(e *accounttest.EventToken) { e.IssuedAt = m.s.Clock.Now().Truncate(time.Second) },
		"a fraction": func(e *accounttest.EventToken) {
			e.IssuedAt = m.s.Clock.Now().Truncate(time.Second).Add(-877 * time.Millisecond)
		},
		"14 minutes old":            func(e *accounttest.EventToken) { e.IssuedAt = m.s.Clock.Now().Add(-14 * time.Minute) },
		"a clock 4 minutes ahead":   func(e *accounttest.EventToken) { e.IssuedAt = m.s.Clock.Now().Add(4 * time.Minute) },
		"an end that is to come":    func(e *accounttest.EventToken) { e.Claims = payload{"exp": m.s.Clock.Now().Unix() + 60} },
		"the type of RFC 8417":      func(e *accounttest.EventToken) { e.Type = "secevent+jwt" },
		"the type that all JWTs do": func(e *accounttest.EventToken) { e.Type = "JWT" },
		"a pairwise subject":        func(e *accounttest.EventToken) { e.UID = "7c1d9f0e-other-form" },
		"a key by address, ignored": func(e *accounttest.EventToken) { e.Header = payload{"jku": "https://keys.example/jwks"} },
		"unknown claims":            func(e *accounttest.EventToken) { e.Claims = payload{"txn": 7, "toe": nil} },
	} {
		m.add(name, http.StatusOK, change, profile)
	}
}

// unreadable are well signed, and lack what the event cannot do without.
func (m *maker) unreadable() {
	for name, events := range map[string]payloads{
		"a password change without a time":   {accounttest.EventPasswordChange: {}},
		"a password change at a text":        {accounttest.EventPasswordChange: {"changeTime": "yesterday"}},
		"capabilities that are no list":      {accounttest.EventSubscriptionChange: {"capabilities": "a", "isActive": true, "changeTime": 1}},
		"a subscription in no state":         {accounttest.EventSubscriptionChange: {"capabilities": []string{"a"}, "changeTime": 1}},
		"a subscription change without time": {accounttest.EventSubscriptionChange: {"capabilities": []string{"a"}, "isActive": true}},
	} {
		m.events(name, http.StatusBadRequest, events)
	}
}

// refused are tokens that somebody else made, or that were made for somebody else.
func (m *maker) refused() {
	now := m.s.Clock.Now()
	for name, change := range map[string]func(e *accounttest.EventToken){
		"a foreign key under our key's name": func(e *accounttest.EventToken) { e.ForeignKey = true },
		"an unknown key":                     func(e *accounttest.EventToken) { e.UnknownKey = true },
		"no signature":                       func(e *accounttest.EventToken) { e.Unsigned = true },
		"RS384":                              func(e *accounttest.EventToken) { e.Algorithm = "RS384" },
		"PS256":                              func(e *accounttest.EventToken) { e.Algorithm = "PS256" },
		"HS256 with the public key":          func(e *accounttest.EventToken) { e.Algorithm = "HS256" },
		"an extension that is critical":      func(e *accounttest.EventToken) { e.Header = payload{"crit": []string{"x"}, "x": 1} },
		"the type of an access token":        func(e *accounttest.EventToken) { e.Type = "at+JWT" },
		"the same, written in full":          func(e *accounttest.EventToken) { e.Type = "application/at+jwt" },
		"an id token": func(e *accounttest.EventToken) {
			e.Claims = payload{"events": nil, "exp": now.Unix() + 300, "amr": []string{"pwd"}}
		},
		"no events":                  func(e *accounttest.EventToken) { e.Events = nil },
		"events that are no object":  func(e *accounttest.EventToken) { e.Claims = payload{"events": []string{"x"}} },
		"another issuer":             func(e *accounttest.EventToken) { e.Issuer = "https://accounts.example" },
		"an issuer with two slashes": func(e *accounttest.EventToken) { e.Issuer = m.s.URL() + "//" },
		"another client":             func(e *accounttest.EventToken) { e.Audience = "0123456789abcdef" },
		"other clients":              func(e *accounttest.EventToken) { e.Audience = []string{"0123456789abcdef", ""} },
		"no audience":                func(e *accounttest.EventToken) { e.Claims = payload{"aud": nil} },
		"no subject":                 func(e *accounttest.EventToken) { e.Claims = payload{"sub": nil} },
		"a subject that is a number": func(e *accounttest.EventToken) { e.Claims = payload{"sub": 5} },
		"no id":                      func(e *accounttest.EventToken) { e.Claims = payload{"jti": nil} },
		"16 minutes old":             func(e *accounttest.EventToken) { e.IssuedAt = now.Add(-16 * time.Minute) },
		"6 minutes ahead":            func(e *accounttest.EventToken) { e.IssuedAt = now.Add(6 * time.Minute) },
		"no time":                    func(e *accounttest.EventToken) { e.Claims = payload{"iat": nil} },
		"a time in words":            func(e *accounttest.EventToken) { e.Claims = payload{"iat": "1700000000"} },
		"an end that has come":       func(e *accounttest.EventToken) { e.Claims = payload{"exp": now.Unix() - 1} },
		"a beginning that has not":   func(e *accounttest.EventToken) { e.Claims = payload{"nbf": now.Unix() + 3600} },
	} {
		m.add(name, http.StatusUnauthorized, change)
	}
}

// mangled are texts that are no tokens.
func (m *maker) mangled() {
	good := m.s.SignEvent(accounttest.EventToken{ClientID: m.base.ClientID, UID: m.base.UID, Events: payloads{accounttest.EventProfileChange: {}}})
	parts := strings.Split(good, ".")
	for name, text := range map[string]string{
		"nothing":              "",
		"a word":               "token",
		"two parts":            parts[0] + "." + parts[1],
		"four parts":           good + "." + parts[2],
		"an empty payload":     parts[0] + ".." + parts[2],
		"an empty signature":   parts[0] + "." + parts[1] + ".",
		"padding":              parts[0] + "=." + parts[1] + "." + parts[2],
		"a space inside":       parts[0] + ". " + parts[1] + "." + parts[2],
		"a header of no JSON":  "bm8." + parts[1] + "." + parts[2],
		"another payload":      parts[0] + "." + parts[1][:len(parts[1])-2] + "AA." + parts[2],
		"a signature cut off":  good[:len(good)-8],
		"more than 16 KiB":     good + strings.Repeat("A", 16<<10),
		"the header as a list": "W10." + parts[1] + "." + parts[2],
	} {
		m.cases = append(m.cases, Case{Name: name, Token: text, Status: http.StatusUnauthorized})
	}
}
