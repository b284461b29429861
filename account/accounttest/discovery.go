package accounttest

import (
	"encoding/json"
	"net/http"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
)

func discoveryRoutes() []route {
	return []route{
		{method: "GET", path: "/.well-known/fxa-client-configuration", space: errno.ContentSpace, page: clientConfiguration},
		{method: "GET", path: "/.well-known/openid-configuration", space: errno.ContentSpace, page: openIDConfiguration},
	}
}

func (s *Service) authBase() string    { return s.roleBase(authPrefix) }
func (s *Service) oauthBase() string   { return s.roleBase(oauthPrefix) }
func (s *Service) profileBase() string { return s.roleBase(profilePrefix) }

func (s *Service) roleBase(prefix string) string {
	if s.cfg.separateBases {
		return s.base + prefix
	}
	return s.base
}

func clientConfiguration(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	writeDocument(w, map[string]any{
		"auth_server_base_url":      s.authBase(),
		"oauth_server_base_url":     s.oauthBase(),
		"profile_server_base_url":   s.profileBase(),
		"pairing_server_base_uri":   s.PairingURL(),
		"sync_tokenserver_base_url": s.base + "/token",
	})
}

func openIDConfiguration(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	writeDocument(w, map[string]any{
		"issuer":                                s.base,
		"authorization_endpoint":                s.base + "/authorization",
		"token_endpoint":                        s.oauthBase() + "/v1/token",
		"jwks_uri":                              s.oauthBase() + "/v1/jwks",
		"userinfo_endpoint":                     s.profileBase() + "/v1/profile",
		"introspection_endpoint":                s.oauthBase() + "/v1/introspect",
		"revocation_endpoint":                   s.oauthBase() + "/v1/destroy",
		"verify_endpoint":                       s.oauthBase() + "/v1/verify",
		"claims_supported":                      []string{"aud", "exp", "iat", "iss", "sub"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "token"},
		"scopes_supported":                      []string{"openid", "profile", "email"},
		"subject_types_supported":               []string{"public"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
	})
}

func writeDocument(w http.ResponseWriter, doc map[string]any) {
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		http.Error(w, "document cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(text)
}
