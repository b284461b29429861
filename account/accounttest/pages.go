package accounttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
	"github.com/tabferry/tabferry/account/accounttest/internal/webpage"
)

// browserCookie holds the page browser's session id.
const browserCookie = "accounttest_session"

func pageRoutes() []route {
	get := func(path string, page func(*Service, http.ResponseWriter, *http.Request, map[string]string)) route {
		return route{method: "GET", path: path, space: errno.ContentSpace, page: page}
	}
	post := func(path string, page func(*Service, http.ResponseWriter, *http.Request, map[string]string)) route {
		return route{method: "POST", path: path, space: errno.ContentSpace, page: sameOrigin(page)}
	}
	return []route{
		get("/", frontPage), get("/signin", frontPage), get("/signup", frontPage), get("/force_auth", frontPage),
		get("/authorization", authorizationPage), get("/oauth", authorizationPage), get("/oauth/signin", authorizationPage),
		get("/oauth/signup", authorizationPage), get("/oauth/force_auth", authorizationPage), get("/pair/supp", authorizationPage),
		post("/authorization", authorizationForm), post("/webchannel/signin", webChannelForm),
		get("/oauth/success/{id}", successPage),
		get("/settings", settingsPage), get("/settings/clients", settingsPage), get("/settings/avatar/change", settingsPage),
		post("/settings/signin", settingsSignIn), post("/settings/signout", settingsSignOut),
		post("/settings/name", settingsName), post("/settings/clients/disconnect", settingsDisconnect),
		get("/connect_another_device", connectPage),
		get("/pair", pairPage), get("/pair/", pairPage), get("/pair/failure", pairFailurePage),
		get("/pair/auth/allow", pairReload), get("/pair/auth/complete", pairReload), get("/pair/auth/wait_for_supp", pairReload),
		get("/pair/supp/allow", pairReload), get("/pair/supp/wait_for_auth", pairReload),
		get("/static/{name}", staticFile), get("/token/1.0/sync/1.5", noTokenServer),
		get("/favicon.ico", favicon),
		get("/__heartbeat__", heartbeat), get("/__lbheartbeat__", heartbeat), get("/__version__", version),
	}
}

// sameOrigin refuses forms that other sites send.
func sameOrigin(page func(*Service, http.ResponseWriter, *http.Request, map[string]string)) func(*Service, http.ResponseWriter, *http.Request, map[string]string) {
	return func(s *Service, w http.ResponseWriter, r *http.Request, vars map[string]string) {
		w.Header().Del("Access-Control-Allow-Origin")
		if origin := r.Header.Get("Origin"); origin != "" && origin != "null" && origin != "http://"+r.Host {
			http.Error(w, "forms of other sites are not taken", http.StatusForbidden)
			return
		}
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			http.Error(w, "forms of other sites are not taken", http.StatusForbidden)
			return
		}
		page(s, w, r, vars)
	}
}

// choice fills in what the pages know: accounts without password, and the
// browser's own.
func (s *Service) choice(r *http.Request, view webpage.Choice) webpage.Choice {
	s.mu.Lock()
	defer s.mu.Unlock()
	current := s.browserAccount(r)
	for _, a := range s.accounts {
		view.AskCode = view.AskCode || a.otp != ""
		if !a.oneClick && a != current && a != s.auto {
			continue
		}
		if view.Forced && normalEmail(a.email) != normalEmail(view.Email) {
			continue
		}
		view.OneClick = append(view.OneClick, webpage.OneClick{UID: a.uid, Email: a.email, Auto: a == s.auto})
	}
	slices.SortFunc(view.OneClick, func(x, y webpage.OneClick) int { return strings.Compare(x.Email, y.Email) })
	return view
}

// browserAccount is the account the requesting browser is signed in to. The
// caller holds the lock.
func (s *Service) browserAccount(r *http.Request) *account {
	cookie, err := r.Cookie(browserCookie)
	if err != nil {
		return nil
	}
	t := s.sessions[cookie.Value]
	if t == nil || !t.alive(s.Clock.Now()) {
		return nil
	}
	return t.account
}

// AutoApprove makes the sign-in pages go on as this account without a click;
// nil ends that. For driving browsers that nobody watches.
func (s *Service) AutoApprove(h *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auto = nil
	if h != nil {
		s.auto = h.a
	}
}

// problem is a refusal in words for a page.
type problem string

func (p problem) Error() string { return string(p) }

// chooseAccount reads a sign-in form. The caller holds the lock.
func (s *Service) chooseAccount(r *http.Request, forced string) (*account, error) {
	if uid := r.PostForm.Get("uid"); uid != "" {
		a := s.accounts[uid]
		if a == nil || !a.oneClick && a != s.browserAccount(r) && a != s.auto {
			return nil, problem("This account needs its password.")
		}
		return a, s.checkForced(a, forced)
	}
	email, password := r.PostForm.Get("email"), r.PostForm.Get("password")
	a := s.byEmail[normalEmail(email)]
	if a == nil {
		return nil, problem("There is no such account here.")
	}
	secrets := crypt.Stretch(a.email, password)
	if !equalBytes(secrets.AuthPW, a.authPW) {
		return nil, problem("The password is wrong.")
	}
	if a.otp != "" && !equalBytes([]byte(r.PostForm.Get("code")), []byte(a.otp)) {
		return nil, problem("The two-step code is missing or wrong.")
	}
	a.unwrapBKey, a.password = secrets.UnwrapBKey, password
	return a, s.checkForced(a, forced)
}

func (s *Service) checkForced(a *account, forced string) error {
	if forced != "" && normalEmail(a.email) != normalEmail(forced) {
		return problem("This sign-in is for another account.")
	}
	return nil
}

// signBrowserIn gives the browser its cookie. The caller holds the lock.
func (s *Service) signBrowserIn(w http.ResponseWriter, a *account) {
	t := s.browserSession(a)
	http.SetCookie(w, &http.Cookie{
		Name: browserCookie, Value: t.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// parseForm reads a form and the query it carries on.
func parseForm(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, problem("The form cannot be read.")
	}
	q, err := url.ParseQuery(r.PostForm.Get("query"))
	if err != nil {
		return nil, problem("The form cannot be read.")
	}
	return q, nil
}

// ErrKeysUnknown says that the service never saw the account's password, so
// that its pages cannot make keys.
var ErrKeysUnknown = errors.New("accounttest: the account's keys are not known to the pages")

// ErrDeleted says that the account has been deleted.
var ErrDeleted = errors.New("accounttest: the account is deleted")

// ErrOtherAccount says that the authorization URL names another account.
var ErrOtherAccount = errors.New("accounttest: the authorization is for another account")

// Approve does what the sign-in page does once its user has agreed: it checks
// the authorization URL, makes keys_jwe for its keys_jwk and gives the final
// redirect with code and state. Pairing URLs (/pair/supp) work too. A refusal
// of the server is an error; it is never a redirect with an error code.
func (s *Service) Approve(authorizationURL string, h *Account) (redirect string, err error) {
	u, err := url.Parse(authorizationURL)
	if err != nil {
		return "", fmt.Errorf("accounttest: authorization URL: %w", err)
	}
	q := u.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts[h.a.uid] != h.a {
		return "", ErrDeleted
	}
	if email := q.Get("email"); email != "" && q.Get("action") == "force_auth" || strings.HasSuffix(u.Path, "/force_auth") {
		if normalEmail(email) != normalEmail(h.a.email) {
			return "", ErrOtherAccount
		}
	}
	code, err := s.approve(q, s.browserSession(h.a))
	if err != nil {
		return "", fmt.Errorf("accounttest: approve: %w", err)
	}
	s.matchFlow(q, h.a)
	return withCode(code.redirect, code.code, q.Get("state")), nil
}

// approve is the page's work for the query of an authorization URL. The caller
// holds the lock.
func (s *Service) approve(q url.Values, session *session) (*authCode, error) {
	a := session.account
	p := authorizationParams{
		clientID: q.Get("client_id"), state: q.Get("state"), scope: q.Get("scope"), responseType: q.Get("response_type"),
		redirect: q.Get("redirect_uri"), accessType: q.Get("access_type"), challenge: q.Get("code_challenge"),
		challengeMethod: q.Get("code_challenge_method"), acr: q.Get("acr_values"),
	}
	if p.state == "" || p.scope == "" {
		return nil, errno.OAuth(109).With("validation", map[string]any{"source": "query", "keys": []string{"state", "scope"}})
	}
	if p.challenge != "" && (p.challengeMethod != "S256" || !member.Challenge.Fits(p.challenge)) {
		return nil, errno.OAuth(109).With("validation", map[string]any{"source": "query", "keys": []string{"code_challenge"}})
	}
	if q.Get("context") == "oauth_webchannel_v1" && p.redirect == "" {
		p.redirect = webChannelRedirect
	}
	if q.Get("prompt") == "login" || q.Get("max_age") != "" {
		session.authAt = s.Clock.Now() // the person has just given the password
	}
	if jwk := q.Get("keys_jwk"); jwk != "" {
		jwe, err := s.keysFor(a, p.clientID, p.scope, jwk)
		if err != nil {
			return nil, err
		}
		p.keysJWE = jwe
	}
	return s.authorize(session, p)
}

// keysFor encrypts the keys of the scopes the client may have.
func (s *Service) keysFor(a *account, clientID, scope, jwk string) (string, error) {
	client := s.clients[clientID]
	if client == nil {
		return "", errno.OAuth(101).With("clientId", clientID)
	}
	keys := map[string]crypt.ScopedKey{}
	for _, name := range oauthscope.KeyBearing(oauthscope.Split(scope)) {
		if !oauthscope.Implied(client.AllowedScopes, name) {
			continue
		}
		key, err := a.scopedKey(name)
		if err != nil {
			return "", err
		}
		keys[name] = key
	}
	if len(keys) == 0 {
		return "", nil
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return "", fmt.Errorf("write keys: %w", err)
	}
	return crypt.EncryptKeys(s.random, jwk, text)
}

// browserSession is the session of the browser that shows the pages.
func (s *Service) browserSession(a *account) *session {
	if b := a.browser; b != nil && s.sessions[b.id] == b && b.alive(s.Clock.Now()) {
		return b
	}
	a.browser = s.newSession(a, useragent.Parse(""), s.Clock.Now(), true)
	a.browser.passSecondFactor()
	return a.browser
}

// passSecondFactor raises a session's level once its person has given the code
// of two-step authentication, if the account has it.
func (s *session) passSecondFactor() {
	if s.account.otp != "" {
		s.aal, s.otpPassed = 2, true
	}
}
