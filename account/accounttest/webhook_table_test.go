package accounttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// eventsOf gives the events of a delivered token, by their short names.
func eventsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	events, ok := claimsOf(t, token)["events"].(map[string]any)
	if !ok {
		t.Fatalf("no events in %s", token)
	}
	out := map[string]any{}
	for uri, payload := range events {
		out[strings.TrimPrefix(uri, eventPrefix)] = payload
	}
	return out
}

// TestWhichActTellsRelyingParties: one event for each act, with its payload.
func TestWhichActTellsRelyingParties(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	receiver := newSite(t)
	s.SetWebhook(ReferenceClientID, receiver.server.URL)
	session := p.session(h)
	p.signIn(ReferenceClientID, "profile profile:display_name:write", h)
	seen := 0
	for _, c := range []struct {
		name, event string // event "": none
		act         func()
		payload     string
	}{
		{"display name", EventProfileChange, func() { h.SetDisplayName("x") }, "map[email:a@example.com]"},
		{"address", EventProfileChange, func() { h.SetEmail("b@example.com") }, "map[email:b@example.com]"},
		{"picture", EventProfileChange, func() { h.SetAvatar([]byte("png")) }, "map[email:b@example.com]"},
		{"metrics off", EventProfileChange, func() { h.SetMetrics(false) }, "map[metricsEnabled:false]"},
		{"metrics on", EventProfileChange, func() { h.SetMetrics(true) }, "map[metricsEnabled:true]"},
		{"metrics off by the route", EventProfileChange, func() {
			p.post("/v1/account/metrics_opt", session, map[string]any{"state": "out"}).ok()
		}, "map[metricsEnabled:false]"},
		{"two-step on", EventProfileChange, func() { h.OTP("1") }, "map[email:b@example.com]"},
		{"two-step off", EventProfileChange, func() { h.OTP("") }, "map[email:b@example.com]"},
		{"disabled", EventProfileChange, func() { h.SetDisabled(true) }, "map[email:b@example.com]"},
		{"locked", EventProfileChange, func() { h.SetLocked(true) }, "map[email:b@example.com]"},
		{"device", "", func() { p.post("/v1/account/device", session, map[string]any{"name": "x"}).ok() }, ""},
		{"login", "", func() { p.login("b@example.com", "password1", "") }, ""},
		{"another client's sign-in", "", func() { p.signIn(AndroidClientID, "profile", h) }, ""},
		{"session destroyed", "", func() { p.post("/v1/session/destroy", session, nil).ok() }, ""},
		{"by hand, old form", EventSubscriptionChange, func() {
			h.Emit(EventSubscriptionChange, map[string]any{"capabilities": []string{"a"}, "isActive": true, "changeTime": 1700000000})
		}, "map[capabilities:[a] changeTime:1.7e+09 isActive:true]"},
		{"opt-out by hand", EventMetricsOptOut, func() { h.Emit(EventMetricsOptOut, map[string]any{}) }, "map[]"},
		{"opt-in by hand", EventMetricsOptIn, func() { h.Emit(EventMetricsOptIn, map[string]any{}) }, "map[]"},
		{"password", EventPasswordChange, func() { h.ChangePassword("password2") }, ""},
		{"reset", EventPasswordChange, func() { h.ResetPassword("password3") }, ""},
		{"deletion", EventDeleteUser, func() { h.Delete() }, "map[]"},
		{"after the deletion", "", func() { h.Emit(EventProfileChange, nil) }, ""},
	} {
		before := s.Clock.Now()
		c.act()
		got := receiver.received()
		if c.event == "" {
			if len(got) != seen {
				t.Errorf("%s: %d events", c.name, len(got)-seen)
			}
			continue
		}
		if seen++; len(got) != seen {
			t.Fatalf("%s: %d events so far, want %d", c.name, len(got), seen)
		}
		events := eventsOf(t, got[seen-1])
		payload, _ := events[c.event].(map[string]any)
		if len(events) != 1 || payload == nil || c.payload != "" && fmt.Sprint(payload) != c.payload {
			t.Errorf("%s: %v, want %s %s", c.name, events, c.event, c.payload)
		}
		if c.event == EventPasswordChange {
			if at, _ := payload["changeTime"].(float64); int64(at) < before.UnixMilli() || int64(at) > s.Clock.Now().UnixMilli() {
				t.Errorf("%s: changeTime %v", c.name, payload["changeTime"])
			}
		}
	}
}

// TestOnlySignedInClientsAreTold: a login counts from its authorization on, for
// each account and client by itself.
func TestOnlySignedInClientsAreTold(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	other := s.NewAccount("b@example.com", "password1")
	sites := map[string]*site{}
	for _, id := range []string{ReferenceClientID, AndroidClientID, ConfidentialClientID} {
		sites[id] = newSite(t)
		s.SetWebhook(id, sites[id].server.URL)
	}
	told := func(act func()) string {
		before := map[string]int{}
		for id, receiver := range sites {
			before[id] = len(receiver.received())
		}
		act()
		var out []string
		for id, receiver := range sites {
			if len(receiver.received()) > before[id] {
				out = append(out, s.clients[id].Name)
			}
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}
	change := func(h *Account) func() { return func() { h.SetDisplayName(h.UID() + "x") } }
	if got := told(change(h)); got != "" {
		t.Errorf("nobody signed in, told %q", got)
	}
	p.post("/v1/oauth/token", p.session(h), map[string]any{"client_id": ReferenceClientID, "scope": "profile"}).ok()
	if got := told(change(h)); got != "" {
		t.Errorf("a grant by session is no sign-in to a site, told %q", got)
	}
	p.approve(newFlow(AndroidClientID, "profile"), h) // the code is never redeemed
	if got := told(change(h)); got != "Firefox for Android" {
		t.Errorf("told %q", got)
	}
	p.signIn(ReferenceClientID, "profile", h)
	p.signIn(ReferenceClientID, "profile", other)
	if got := told(change(h)); got != "Firefox for Android, Reference browser" {
		t.Errorf("told %q", got)
	}
	if got := told(change(other)); got != "Reference browser" {
		t.Errorf("told %q", got)
	}
	h.RevokeTokens("") // the memory of sign-ins outlives the grants
	if got := told(change(h)); got != "Firefox for Android, Reference browser" {
		t.Errorf("told %q", got)
	}
	s.SetWebhook(AndroidClientID, "")
	if got := told(change(h)); got != "Reference browser" {
		t.Errorf("told %q", got)
	}
}

// TestEventsThroughAKeyRotation: receivers find the key of every event as long
// as it is published, and none after that.
func TestEventsThroughAKeyRotation(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	published := func() string {
		var kids []string
		list, _ := p.get("/v1/jwks", "").ok().json["keys"].([]any)
		for _, item := range list {
			key, _ := item.(map[string]any)
			if key["kty"] != "RSA" || key["alg"] != "RS256" || key["use"] != "sig" || key["e"] != "AQAB" || key["d"] != nil || key["p"] != nil {
				t.Errorf("published %v", key)
			}
			kids = append(kids, key["kid"].(string))
		}
		return strings.Join(kids, " ")
	}
	sign := func() string {
		return s.SignEvent(EventToken{ClientID: ReferenceClientID, UID: h.UID(), Events: map[string]map[string]any{EventDeleteUser: {}}})
	}
	kidOf := func(token string) string {
		header := string(mustB64(t, strings.Split(token, ".")[0]))
		_, rest, _ := strings.Cut(header, `"kid":"`)
		kid, _, _ := strings.Cut(rest, `"`)
		if !strings.Contains(header, `"alg":"RS256"`) || strings.Contains(header, "typ") {
			t.Errorf("header %s", header)
		}
		return kid
	}
	first := sign()
	one := kidOf(first)
	if got := published(); got != one {
		t.Fatalf("published %q, in use %q", got, one)
	}
	next := s.AnnounceKey()
	if again := s.AnnounceKey(); again != next || published() != one+" "+next || kidOf(sign()) != one {
		t.Errorf("an announced key is published and not used: %q, %q", published(), kidOf(sign()))
	}
	s.Clock.Advance(24 * time.Hour)
	s.RotateKey()
	second := sign()
	if kidOf(second) != next || published() != next+" "+one {
		t.Errorf("after the rotation %q, in use %q", published(), kidOf(second))
	}
	verified(t, p, first)
	verified(t, p, second)
	s.DropPreviousKey()
	if published() != next {
		t.Errorf("after the drop %q", published())
	}
	verified(t, p, second)
	unannounced := s.RotateKey()
	if kidOf(sign()) != unannounced || published() != unannounced+" "+next || !strings.HasPrefix(unannounced, s.Clock.Now().UTC().Format("2006-01-02-")) {
		t.Errorf("an unannounced rotation: %q", published())
	}
}

// TestBadEventsDifferInOneThing: each kind of bad token is otherwise good.
func TestBadEventsDifferInOneThing(t *testing.T) {
	t.Parallel()
	s, _, h := newStage(t)
	base := EventToken{ClientID: ReferenceClientID, UID: h.UID(), ID: "one", IssuedAt: s.Clock.Now(), Events: map[string]map[string]any{EventDeleteUser: {}}}
	good := claimsOf(t, s.SignEvent(base))
	for name, c := range map[string]struct {
		change func(e *EventToken)
		claims []string // that differ
	}{
		"nothing":        {func(*EventToken) {}, nil},
		"issuer":         {func(e *EventToken) { e.Issuer = "https://other.example" }, []string{"iss"}},
		"audience":       {func(e *EventToken) { e.Audience = AndroidClientID }, []string{"aud"}},
		"audience list":  {func(e *EventToken) { e.Audience = []string{ReferenceClientID, "x"} }, []string{"aud"}},
		"subject":        {func(e *EventToken) { e.UID = "x" }, []string{"sub"}},
		"stale":          {func(e *EventToken) { e.IssuedAt = s.Clock.Now().Add(-time.Hour) }, []string{"iat"}},
		"of the future":  {func(e *EventToken) { e.IssuedAt = s.Clock.Now().Add(time.Hour) }, []string{"iat"}},
		"new id":         {func(e *EventToken) { e.ID = "" }, []string{"jti"}},
		"no id":          {func(e *EventToken) { e.Claims = map[string]any{"jti": nil} }, []string{"jti"}},
		"no events":      {func(e *EventToken) { e.Claims = map[string]any{"events": nil} }, []string{"events"}},
		"expired":        {func(e *EventToken) { e.Claims = map[string]any{"exp": 1} }, []string{"exp"}},
		"not yet":        {func(e *EventToken) { e.Claims = map[string]any{"nbf": 1e10} }, []string{"nbf"}},
		"iat in words":   {func(e *EventToken) { e.Claims = map[string]any{"iat": "today"} }, []string{"iat"}},
		"unknown event":  {func(e *EventToken) { e.Events = map[string]map[string]any{"invented": {}} }, []string{"events"}},
		"two events":     {func(e *EventToken) { e.Events = map[string]map[string]any{EventDeleteUser: {}, "b": {}} }, []string{"events"}},
		"foreign key":    {func(e *EventToken) { e.ForeignKey = true }, nil},
		"typ of a token": {func(e *EventToken) { e.Type = "at+JWT" }, nil},
		"unsigned":       {func(e *EventToken) { e.Unsigned = true }, nil},
	} {
		e := base
		c.change(&e)
		got := claimsOf(t, s.SignEvent(e))
		var differ []string
		for _, claim := range slices.Sorted(maps.Keys(map[string]bool{"iss": true, "aud": true, "sub": true, "iat": true, "jti": true, "events": true, "exp": true, "nbf": true})) {
			if fmt.Sprint(got[claim]) != fmt.Sprint(good[claim]) {
				differ = append(differ, claim)
			}
		}
		if !slices.Equal(differ, c.claims) {
			t.Errorf("%s: %q differ, want %q", name, differ, c.claims)
		}
	}
}
