package accounttest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestSignInGivesTokensKeysAndProfile(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("Person@example.com", "a long password")
	f := newFlow(ReferenceClientID, everything)
	got := p.post("/v1/oauth/token", "", f.redeem(p.approve(f, h))).ok()
	if got.str("token_type") != "bearer" || got.str("scope") != everything || got.num("expires_in") != 86400 {
		t.Errorf("unexpected token reply: %s", got.text)
	}
	for _, name := range []string{"access_token", "refresh_token", "session_token"} {
		if len(got.str(name)) != 64 {
			t.Errorf("%s has %d digits, want 64", name, len(got.str(name)))
		}
	}

	jwe, err := jose.ParseEncryptedCompact(got.str("keys_jwe"), []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	private := privateJWK(t, f.key)
	plain, err := jwe.Decrypt(private)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]map[string]string
	if err := json.Unmarshal(plain, &keys); err != nil {
		t.Fatal(err)
	}
	want, err := h.ScopedKey(scopeOldSync)
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || keys[scopeOldSync]["k"] != want["k"] || keys[scopeOldSync]["kid"] != want["kid"] {
		t.Errorf("keys in keys_jwe differ from the account's")
	}

	renewed := p.post("/v1/oauth/token", "", map[string]any{
		"grant_type": "refresh_token", "client_id": f.client, "refresh_token": got.str("refresh_token"), "scope": "profile", "ttl": 60,
	}).ok()
	if renewed.num("expires_in") != 60 || renewed.json["refresh_token"] != nil || renewed.json["auth_at"] != nil {
		t.Errorf("unexpected refresh reply: %s", renewed.text)
	}
	profile := p.get("/v1/profile", "Bearer "+renewed.str("access_token")).ok()
	if profile.str("uid") != h.UID() || profile.str("email") != "Person@example.com" || profile.json["metricsEnabled"] != true {
		t.Errorf("unexpected profile: %s", profile.text)
	}
	if !strings.HasPrefix(profile.str("avatar"), s.URL()) || profile.json["avatarDefault"] != true {
		t.Errorf("unexpected avatar: %s", profile.text)
	}
	active := p.post("/v1/introspect", "", map[string]any{"token": got.str("refresh_token"), "token_type_hint": "refresh_token"}).ok()
	if active.json["active"] != true || active.str("sub") != h.UID() {
		t.Errorf("unexpected introspection: %s", active.text)
	}
	p.post("/v1/oauth/destroy", "", map[string]any{"client_id": f.client, "token": got.str("refresh_token")}).ok()
	gone := p.post("/v1/introspect", "", map[string]any{"token": got.str("refresh_token")}).ok()
	if gone.json["active"] != false {
		t.Errorf("a destroyed token is active: %s", gone.text)
	}
	p.post("/v1/oauth/token", "", map[string]any{
		"grant_type": "refresh_token", "client_id": f.client, "refresh_token": got.str("refresh_token"),
	}).fails(401, 110)

	data := p.post("/v1/account/scoped-key-data", typedSession(got.str("session_token")), map[string]any{"client_id": f.client, "scope": everything}).ok()
	if len(data.json) != 1 || data.json[scopeOldSync] == nil {
		t.Errorf("unexpected key data: %s", data.text)
	}
}
