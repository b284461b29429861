package accounttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestScopesByKindOfClient: what an untrusted, a trusted and a Firefox client
// may ask, at the routes that ask for scopes.
func TestScopesByKindOfClient(t *testing.T) {
	t.Parallel()
	const notes = "https://identity.mozilla.com/apps/notes"
	s := New(t, WithClients(
		Client{ID: "aaaaaaaaaaaaaaaa", Name: "Trusted", RedirectURIs: []string{"https://t.example/"}, Trusted: true, AllowedScopes: []string{notes}},
	))
	p := newPeer(t, s)
	session := p.session(s.NewAccount("a@example.com", "password1"))
	for _, c := range []struct {
		scope                      string
		untrusted, trusted, native string // the refused scopes, "" for none
	}{
		{"openid", "", "", ""},
		{"profile:uid", "", "", ""},
		{"profile:email profile:display_name", "", "", ""},
		{"profile", "profile", "", ""},
		{"profile:avatar", "profile:avatar", "", ""},
		{"profile:uid profile:write", "profile:write", "", ""},
		{"email", "email", "", ""},
		{"profile:subscriptions", "profile:subscriptions", "", ""},
		{"surplus", "surplus", "", ""},
		{notes, notes, "", notes},
		{notes + "/below", notes + "/below", "", notes + "/below"},
		{notes + "x", notes + "x", notes + "x", notes + "x"},
		{scopeOldSync, scopeOldSync, scopeOldSync, ""},
		{"profile " + scopeOldSync + " " + scopeSession, "profile " + scopeOldSync + " " + scopeSession, scopeOldSync + " " + scopeSession, ""},
		{"https://identity.mozilla.com/apps", "https://identity.mozilla.com/apps", "https://identity.mozilla.com/apps", "https://identity.mozilla.com/apps"},
		{"openid openid openid", "", "", ""},
	} {
		for id, refused := range map[string]string{UntrustedClientID: c.untrusted, "aaaaaaaaaaaaaaaa": c.trusted, ReferenceClientID: c.native} {
			f := newFlow(id, c.scope)
			got := p.post("/v1/oauth/authorization", session, map[string]any{
				"client_id": id, "scope": c.scope, "state": "s", "code_challenge": f.challenge(), "code_challenge_method": "S256",
			})
			if refused == "" {
				var want []string
				for scope := range strings.FieldsSeq(c.scope) {
					if !slices.Contains(want, scope) {
						want = append(want, scope)
					}
				}
				if got.status != 200 || got.str("scope") != strings.Join(want, " ") {
					t.Errorf("%s asks %q: %d %s", id, c.scope, got.status, got.text)
				}
				continue
			}
			if got.json["errno"] != 163.0 || fmt.Sprint(got.json["invalidScopes"]) != fmt.Sprint(strings.Fields(refused)) {
				t.Errorf("%s asks %q: %d %s, want %s refused", id, c.scope, got.status, got.text, refused)
			}
			data := p.post("/v1/account/scoped-key-data", session, map[string]any{"client_id": id, "scope": c.scope})
			if data.json["errno"] != 163.0 {
				t.Errorf("%s asks keys of %q: %d %s", id, c.scope, data.status, data.text)
			}
		}
	}
}

// TestProfileMembersByScope: which member comes with which scope, and no other.
func TestProfileMembersByScope(t *testing.T) {
	t.Parallel()
	s := New(t)
	s.ChangeClient(ReferenceClientID, func(c *Client) { c.Trusted = true })
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	h.SetDisplayName("Ada")
	h.SetDisabled(true)
	h.SetLocked(true)
	const always = "accountDisabledAt accountLockedAt metricsEnabled"
	for _, c := range []struct{ scope, members string }{
		{"profile:uid", "uid"},
		{"profile:email", "email"},
		{"email", "email"},
		{"profile:locale", "locale"},
		{"profile:display_name", "displayName"},
		{"profile:display_name:write", "displayName"},
		{"profile:avatar", "avatar avatarDefault"},
		{"profile:amr", "amrValues twoFactorAuthentication"},
		{"profile:subscriptions", "subscriptions"},
		{"openid", "sub"},
		{"openid profile:uid", "sub uid"},
		{"profile", "amrValues avatar avatarDefault displayName email locale subscriptions twoFactorAuthentication uid"},
	} {
		got := p.get("/v1/profile", "Bearer "+p.signIn(ReferenceClientID, c.scope, h).str("access_token")).ok()
		var members []string
		for member := range got.json {
			members = append(members, member)
		}
		want := strings.Fields(c.members + " " + always)
		slices.Sort(members)
		slices.Sort(want)
		if !slices.Equal(members, want) {
			t.Errorf("%s gives %q, want %q", c.scope, members, want)
		}
	}
	for _, scope := range []string{scopeOldSync, "surplus", "https://identity.mozilla.com/tokens/session"} {
		got := p.get("/v1/profile", "Bearer "+p.signIn(ReferenceClientID, scope, h).str("access_token")).fails(401, 100)
		if got.str("reason") == "" || got.str("error") != "Bad Request" {
			t.Errorf("%s: %s", scope, got.text)
		}
	}
	for name, c := range map[string]struct{ path, scope string }{
		"uid": {"/v1/uid", "profile:uid"}, "email": {"/v1/email", "profile:email"}, "avatar": {"/v1/avatar", "profile:avatar"}, "name": {"/v1/display_name", "profile:display_name"},
	} {
		good := "Bearer " + p.signIn(ReferenceClientID, c.scope, h).str("access_token")
		poor := "Bearer " + p.signIn(ReferenceClientID, "profile:locale", h).str("access_token")
		p.get(c.path, good).ok()
		p.get(c.path, poor).fails(401, 100)
		if got := p.get(c.path, ""); got.json["errno"] != 100.0 {
			t.Errorf("%s without token: %s", name, got.text)
		}
		p.post("/v1/display_name", good, map[string]any{"displayName": "x"}).fails(401, 100)
	}
}
