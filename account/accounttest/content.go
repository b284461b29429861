package accounttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/webpage"
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

func staticFile(_ *Service, w http.ResponseWriter, r *http.Request, vars map[string]string) {
	webpage.File(w, r, vars["name"])
}

// noTokenServer stands where Sync's token server would be.
func noTokenServer(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(`{"status":"no-sync-here","errors":[]}`)) // the client may be gone
}

func heartbeat(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	writeDocument(w, map[string]any{"status": "ok"})
}

// version is the page of the pairing relay, by which deployments are told apart.
func version(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	writeDocument(w, map[string]any{"version": "accounttest", "source": "", "commit": "", "build": ""})
}

func favicon(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(webpage.Avatar('t')) // the browser may be gone
}

// flowLifetime is how long flow values count after they were given.
const flowLifetime = 2 * time.Hour

// maxFlowValue is the longest query value of /metrics-flow.
const maxFlowValue = 1024

// Flow is one answer of /metrics-flow and what became of it.
type Flow struct {
	ID, DeviceID string
	BeginTime    time.Time
	Query        url.Values // of the request
	// Authorized is set when an authorization carried the flow's values in time,
	// to the account's uid.
	Authorized string
}

var (
	entrypointPattern = regexp.MustCompile(`^[\w.:-]+$`)
	utmPattern        = regexp.MustCompile(`^[\w/.%-]{1,128}$`)
	flowPatterns      = map[string]*regexp.Regexp{
		"entrypoint": entrypointPattern, "entrypoint_experiment": entrypointPattern, "entrypoint_variation": entrypointPattern,
		"form_type":  regexp.MustCompile(`^(email|button|subscribe|other)$`),
		"utm_source": utmPattern, "utm_content": utmPattern, "utm_medium": utmPattern, "utm_term": utmPattern,
		"utm_campaign": regexp.MustCompile(`^([\w/.%-]{1,128}|page\+referral\+-\+not\+part\+of\+a\+campaign)$`),
		"context":      regexp.MustCompile(`^[0-9a-z_-]+$`),
		"service":      regexp.MustCompile(`^(sync|content-server|none|[0-9a-f]{16})$`),
		"product_id":   regexp.MustCompile(`^prod_[0-9A-Za-z]+$`),
		"event_type":   regexp.MustCompile(`^engage$`),
		"uid":          regexp.MustCompile(`^[0-9a-fA-F-]{36}$`),
	}
)

func flowRoutes() []route {
	return []route{{method: "GET", path: "/metrics-flow", space: errno.ContentSpace, page: metricsFlow}}
}

func metricsFlow(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	origin := r.Header.Get("Origin")
	w.Header().Del("Access-Control-Allow-Origin")
	if !slices.Contains(s.cfg.flowOrigins, origin) {
		http.Error(w, "this origin is not on the list", http.StatusForbidden)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Vary", "Origin")
	q := r.URL.Query()
	for name, values := range q {
		pattern := flowPatterns[name]
		for _, value := range values {
			tooLong := len(value) > maxFlowValue
			if tooLong || pattern == nil && s.cfg.lint || pattern != nil && !pattern.MatchString(value) {
				http.Error(w, "invalid query parameter "+name, http.StatusBadRequest)
				return
			}
		}
	}
	now := s.Clock.Now()
	s.mu.Lock()
	flow := s.newFlow(now, q)
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	writeDocument(w, map[string]any{"deviceId": flow.DeviceID, "flowBeginTime": now.UnixMilli(), "flowId": flow.ID})
}

func (s *Service) newFlow(now time.Time, q url.Values) Flow {
	salt := s.hex(16)
	mac := hmac.New(sha256.New, s.flowKey)
	mac.Write([]byte(salt + "\n" + strconv.FormatInt(now.UnixMilli(), 16)))
	flow := Flow{
		ID: salt + hex.EncodeToString(mac.Sum(nil))[:32], DeviceID: s.hex(16), BeginTime: time.UnixMilli(now.UnixMilli()), Query: q,
	}
	s.flows[flow.ID] = flow
	return flow
}

// matchFlow notes that an authorization carried a flow's values. The caller
// holds the lock.
func (s *Service) matchFlow(q url.Values, a *account) {
	flow, ok := s.flows[q.Get("flow_id")]
	if !ok || q.Get("flow_begin_time") != strconv.FormatInt(flow.BeginTime.UnixMilli(), 10) {
		return
	}
	if s.Clock.Now().Sub(flow.BeginTime) > flowLifetime {
		return
	}
	flow.Authorized = a.uid
	s.flows[flow.ID] = flow
}

// Flows lists the answers of /metrics-flow, oldest first.
func (s *Service) Flows() []Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Flow
	for _, flow := range s.flows {
		out = append(out, flow)
	}
	slices.SortFunc(out, func(x, y Flow) int { return x.BeginTime.Compare(y.BeginTime) })
	return out
}

func successPage(_ *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	if reason := r.URL.Query().Get("error"); reason != "" {
		webpage.ShowMessage(w, http.StatusOK, "Not signed in", "The application was told: "+reason+".")
		return
	}
	webpage.ShowMessage(w, http.StatusOK, "Signed in", "You can close this page and go back to the application.")
}

func connectPage(s *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	webpage.Show(w, http.StatusOK, "message.html", webpage.Message{
		Title: "Connect another device",
		Lines: []string{"Sign in on the other device with the same account, or pair it by a code."},
		Links: []webpage.Link{{URL: "/pair", Text: "Pair by a code"}, {URL: "/settings/clients", Text: "See what is connected"}},
	})
}

func pairPage(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	webpage.ShowMessage(w, http.StatusOK, "Pair a device",
		"Show the code on the device that is signed in, and scan it in the application on the other one.",
		"This page takes no part in pairing: the address of a code is read by the application that scans it.")
}

func pairFailurePage(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	webpage.ShowMessage(w, http.StatusOK, "Pairing has ended", "Start again with a new code.")
}

// pairReload answers the addresses that exist only within a running flow.
func pairReload(_ *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	http.Redirect(w, r, "/pair/failure", http.StatusFound)
}

// pairingClients are those the authority's page lets in.
var pairingClients = []string{ReferenceClientID, AndroidClientID, IOSClientID}

func pairAuthorityPage(s *Service, w http.ResponseWriter, q url.Values) {
	s.mu.Lock()
	client := s.clients[q.Get("client_id")]
	s.mu.Unlock()
	allowed := false
	for _, id := range pairingClients {
		allowed = allowed || client != nil && client.ID == id
	}
	if !allowed {
		webpage.ShowMessage(w, http.StatusBadRequest, "This device cannot be paired", "Its application is not on the list of those that may.")
		return
	}
	webpage.Show(w, http.StatusOK, "pairauthority.html", struct{ Title, ClientName, Email, Channel string }{
		"Connect a device", client.Name, q.Get("email"), q.Get("channel_id"),
	})
}

func settingsPage(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	s.mu.Lock()
	a := s.browserAccount(r)
	var view webpage.Settings
	if a != nil {
		view = s.settingsView(r, a)
	}
	s.mu.Unlock()
	if a == nil {
		webpage.Show(w, http.StatusOK, "signin.html", s.choice(r, webpage.Choice{
			Title: "Sign in", Action: "/settings/signin", ClientName: "account settings", Email: r.URL.Query().Get("email"),
		}))
		return
	}
	webpage.Show(w, http.StatusOK, "settings.html", view)
}

func (s *Service) settingsView(r *http.Request, a *account) webpage.Settings {
	view := webpage.Settings{Title: "Account settings", Avatar: s.avatarURL(a), Name: a.displayName, Email: a.email, UID: a.uid}
	own := ""
	if cookie, err := r.Cookie(browserCookie); err == nil {
		own = cookie.Value
	}
	now := s.Clock.Now()
	for _, row := range s.attached(a) {
		item := webpage.Client{Name: row.name(), Kind: "application", Seen: ago(now, row.accessed), Key: row.key()}
		switch {
		case row.device != nil:
			item.Kind = row.device.shownType()
		case row.session != nil:
			item.Kind, item.Current = "web session", row.session.id == own
		}
		view.Clients = append(view.Clients, item)
	}
	return view
}

func settingsSignIn(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	if _, err := parseForm(r); err != nil {
		s.showRefusal(w, err)
		return
	}
	s.mu.Lock()
	a, err := s.chooseAccount(r, "")
	if err == nil {
		s.signBrowserIn(w, a)
	}
	s.mu.Unlock()
	if err != nil {
		webpage.Show(w, http.StatusUnauthorized, "signin.html", s.choice(r, webpage.Choice{
			Title: "Sign in", Action: "/settings/signin", ClientName: "account settings", Problem: err.Error(), Email: r.PostForm.Get("email"),
		}))
		return
	}
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}

// changeSettings runs a change for the browser's account.
func changeSettings(s *Service, w http.ResponseWriter, r *http.Request, change func(c *call, a *account)) {
	if _, err := parseForm(r); err != nil {
		s.showRefusal(w, err)
		return
	}
	s.act(func(c *call) {
		if a := s.browserAccount(r); a != nil {
			change(c, a)
		}
	})
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}

func settingsSignOut(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	http.SetCookie(w, &http.Cookie{Name: browserCookie, Path: "/", Expires: time.Unix(1, 0), MaxAge: -1})
	changeSettings(s, w, r, func(_ *call, a *account) {
		if a.browser != nil {
			s.dropSession(a.browser)
			a.browser = nil
		}
	})
}

func settingsName(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	changeSettings(s, w, r, func(c *call, a *account) {
		if name := r.PostForm.Get("name"); (member.Rule{Max: 256, Empty: true}).Fits(name) {
			a.displayName = name
			s.profileChanged(c, a, c.now)
		}
	})
}

func settingsDisconnect(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	changeSettings(s, w, r, func(c *call, a *account) {
		for _, row := range s.attached(a) {
			if row.key() != r.PostForm.Get("key") {
				continue
			}
			switch {
			case row.device != nil:
				s.destroyDevice(c, row.device)
			case row.refresh != nil:
				s.dropRefresh(row.refresh)
			case row.session != nil:
				s.dropSession(row.session)
			default:
				s.revoke(a, func(id string) bool { return id == row.client.ID })
			}
		}
	})
}
