package accounttest

import (
	"net/http"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// TestEveryProtectedRouteWantsItsCredential asks every route with credentials
// without one, with unknown ones and with those of another kind.
func TestEveryProtectedRouteWantsItsCredential(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	tokens := p.signIn(ReferenceClientID, everything, h)
	access, refresh := "Bearer "+tokens.str("access_token"), "Bearer "+tokens.str("refresh_token")
	session := typedSession(tokens.str("session_token"))
	unknown := "Bearer fxs_" + crypt.SHA256Hex("unknown")
	count := 0
	for _, group := range [][]route{oauthRoutes(), accountRoutes(), sessionRoutes(), deviceRoutes()} {
		for _, r := range group {
			ask := func(credential string) answer {
				if r.method == http.MethodGet {
					return p.get(r.path, credential)
				}
				return p.post(r.path, credential, map[string]any{})
			}
			switch r.auth {
			case needSession, verifiedSession:
				count++
				for _, credential := range []string{"", unknown, access, refresh, "Bearer x", "Basic eDp5", "Hawk", `Hawk id="x", mac="y"`} {
					ask(credential).fails(401, 110)
				}
			case deviceAuth:
				count++
				for _, credential := range []string{"", unknown, access, "Basic eDp5", "Hawk"} {
					ask(credential).fails(401, 110)
				}
				if got := ask(refresh); got.status == 401 {
					t.Errorf("%s refuses a refresh token: %s", r.path, got.text)
				}
			case maybeSession:
				count++
				ask(unknown).fails(401, 110)
			default:
				continue
			}
			if r.path == "/v1/session/destroy" {
				continue // would end the session that is still needed
			}
			if got := ask(session); got.status == 401 {
				t.Errorf("%s refuses a good session: %s", r.path, got.text)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d routes are protected", count)
	}
}
