package accounttest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
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
