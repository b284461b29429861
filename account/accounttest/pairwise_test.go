package accounttest

import (
	"encoding/json"
	"strings"
	"testing"
)

// claimsOf reads a token's claims; the signature is checked elsewhere.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts in a token", len(parts))
	}
	var claims map[string]any
	if err := json.Unmarshal(mustB64(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestPairwiseClientsDoNotLearnTheUID(t *testing.T) {
	t.Parallel()
	s := New(t)
	for _, id := range []string{ReferenceClientID, AndroidClientID, IOSClientID} {
		s.ChangeClient(id, func(c *Client) { c.Pairwise, c.JWTAccessTokens = id != IOSClientID, true })
	}
	p := newPeer(t, s)
	h, k := s.NewAccount("a@example.com", "password1"), s.NewAccount("b@example.com", "password1")
	subjects := func(client string, h *Account, seed any) (id, access string) {
		f := newFlow(client, "openid profile:email")
		body := f.redeem(p.approve(f, h))
		if seed != nil {
			body["ppid_seed"] = seed
		}
		got := p.post("/v1/oauth/token", "", body).ok()
		idSub, _ := claimsOf(t, got.str("id_token"))["sub"].(string)
		accessSub, _ := claimsOf(t, got.str("access_token"))["sub"].(string)
		return idSub, accessSub
	}
	first, access := subjects(ReferenceClientID, h, nil)
	if first != access || len(first) != 64 || strings.Contains(first, h.UID()) {
		t.Errorf("id token for %q, access token for %q", first, access)
	}
	seen := map[string]string{first: "first"}
	for _, c := range []struct {
		name, client string
		account      *Account
		seed         any
		again        bool
	}{
		{"signed in again", ReferenceClientID, h, nil, true},
		{"seed zero is none", ReferenceClientID, h, 0, true},
		{"another seed", ReferenceClientID, h, 1, false},
		{"the largest seed", ReferenceClientID, h, 1024, false},
		{"another client", AndroidClientID, h, nil, false},
		{"another account", ReferenceClientID, k, nil, false},
	} {
		sub, _ := subjects(c.client, c.account, c.seed)
		if known, ok := seen[sub]; ok != c.again {
			t.Errorf("%s: %q was known as %q", c.name, sub, known)
		}
		seen[sub] = c.name
	}
	if plain, _ := subjects(IOSClientID, h, 7); plain != h.UID() {
		t.Errorf("a client that is not pairwise is told %q", plain)
	}
}

func TestPairwiseSubjectsOfRenewalsAndEvents(t *testing.T) {
	t.Parallel()
	s := New(t)
	s.ChangeClient(DesktopClientID, func(c *Client) { c.Pairwise, c.JWTAccessTokens = true, true })
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	receiver := newSite(t)
	s.SetWebhook(DesktopClientID, receiver.server.URL)
	f := newFlow(DesktopClientID, "openid profile")
	tokens := p.post("/v1/oauth/token", "", f.redeem(p.approve(f, h))).ok()
	subject := claimsOf(t, tokens.str("id_token"))["sub"]
	renew := map[string]any{"grant_type": grantRefresh, "client_id": DesktopClientID, "refresh_token": tokens.str("refresh_token")}
	if got := claimsOf(t, p.post("/v1/oauth/token", "", renew).ok().str("access_token"))["sub"]; got != subject {
		t.Errorf("a renewal is for %v, the sign-in was for %v", got, subject)
	}
	if got := claimsOf(t, p.post("/v1/oauth/token", "", with(renew, "ppid_seed", 3)).ok().str("access_token"))["sub"]; got == subject {
		t.Error("the seed of a renewal does not count")
	}
	granted := p.post("/v1/oauth/token", p.session(h), map[string]any{"client_id": DesktopClientID, "scope": "profile", "ppid_seed": 3}).ok()
	if got := claimsOf(t, granted.str("access_token"))["sub"]; got == subject || got == h.UID() {
		t.Errorf("a grant by session is for %v", got)
	}
	h.SetDisplayName("told to the site")
	events := receiver.received()
	if len(events) != 1 || verified(t, p, events[0])["sub"] != subject {
		t.Errorf("events %d, want one for %v", len(events), subject)
	}
	// Profiles and introspection speak of the account itself.
	if got := p.get("/v1/profile", "Bearer "+tokens.str("access_token")).ok().str("uid"); got != h.UID() {
		t.Errorf("the profile is of %q", got)
	}
	if got := p.post("/v1/introspect", "", map[string]any{"token": tokens.str("refresh_token")}).ok().str("sub"); got != h.UID() {
		t.Errorf("introspection is about %q", got)
	}
}

func TestSeedOfPairwiseIDsHasBounds(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	f := newFlow(ReferenceClientID, "profile")
	good := f.redeem(p.approve(f, s.NewAccount("a@example.com", "password1")))
	for name, seed := range map[string]any{"negative": -1, "too large": 1025, "text": "1", "null": nil, "fraction": 0.5} {
		t.Run(name, func(t *testing.T) {
			q := p.in(t)
			q.post("/v1/oauth/token", "", with(good, "ppid_seed", seed)).fails(400, 107)
			q.post("/v1/token", "", with(good, "ppid_seed", seed)).fails(400, 109)
		})
	}
	p.post("/v1/oauth/token", "", with(good, "ppid_seed", 1024)).ok()
}
