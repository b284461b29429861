package accounttest

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
	"github.com/tabferry/tabferry/account/accounttest/internal/webpage"
)

func equalBytes(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// frontPage is Firefox's sign-in page when it is asked as such.
func frontPage(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	q := r.URL.Query()
	if q.Get("context") == "oauth_webchannel_v1" || q.Get("client_id") != "" {
		authorizationPage(s, w, r, nil)
		return
	}
	webpage.Show(w, http.StatusOK, "message.html", webpage.Message{
		Title: "Test accounts",
		Lines: []string{"This program stands in for Mozilla accounts while software that uses them is tested."},
		Links: []webpage.Link{{URL: "/settings", Text: "Account settings"}, {URL: "/connect_another_device", Text: "Connect another device"}},
	})
}

// authorizationPage shows the sign-in view of every kind of authorization.
func authorizationPage(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	q := r.URL.Query()
	if q.Get("redirect_uri") == pairRedirect && q.Get("channel_id") != "" {
		pairAuthorityPage(s, w, q)
		return
	}
	s.mu.Lock()
	err := s.checkPageQuery(q)
	current, auto := s.browserAccount(r), s.auto
	name := q.Get("client_id")
	if client := s.clients[name]; client != nil {
		name = client.Name
	}
	s.mu.Unlock()
	if err != nil {
		s.showRefusal(w, err)
		return
	}
	if q.Get("prompt") == "none" {
		s.silentAuthorization(w, r, q, current)
		return
	}
	if auto != nil && !webChannelQuery(q) {
		s.finishAuthorization(w, r, q, auto)
		return
	}
	view := webpage.Choice{
		Title: "Sign in", Action: "/authorization", Query: r.URL.RawQuery, Email: firstOf(q.Get("email"), q.Get("login_hint")),
		ClientName: name, Scopes: scopeWords(q.Get("scope")),
		Forced: q.Get("action") == "force_auth" || strings.HasSuffix(r.URL.Path, "/force_auth"),
	}
	if view.Forced {
		q.Set("action", "force_auth")
		view.Query = q.Encode()
	}
	if strings.HasPrefix(r.URL.Path, "/pair/supp") {
		view.Note = "The other device's channel is not used by this page: sign in here and the application goes on all the same."
	}
	page := "signin.html"
	if webChannelQuery(q) {
		page, view.Action = "webchannel.html", "/webchannel/signin"
	}
	webpage.Show(w, http.StatusOK, page, s.choice(r, view))
}

// scopeWords says what an application asks for.
func scopeWords(text string) []string {
	words := map[string]string{
		"profile": "Your name, e-mail address and picture", "profile:email": "Your e-mail address", "email": "Your e-mail address",
		"profile:uid": "Your account's id", "openid": "Who you are", "profile:display_name": "Your name",
		scopeOldSync: "The key that your tabs are sealed with", scopeSession: "Letting other devices into your account",
	}
	var out []string
	for _, scope := range oauthscope.Split(text) {
		out = append(out, firstOf(words[scope], scope))
	}
	return out
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// webChannelQuery reports whether the result travels over the WebChannel.
func webChannelQuery(q url.Values) bool {
	return q.Get("context") == "oauth_webchannel_v1" && q.Get("redirect_uri") == "" || q.Get("redirect_uri") == webChannelRedirect
}

// checkPageQuery refuses what no account could make right.
func (s *Service) checkPageQuery(q url.Values) error {
	client := s.clients[q.Get("client_id")]
	if client == nil {
		return errno.OAuth(101).With("clientId", q.Get("client_id"))
	}
	if redirect := q.Get("redirect_uri"); redirect != "" {
		if _, err := s.redirectFor(client, redirect); err != nil {
			return err
		}
	}
	if q.Get("state") == "" || q.Get("scope") == "" {
		return problem("The address of this page is incomplete: state or scope is missing.")
	}
	return nil
}

func (s *Service) showRefusal(w http.ResponseWriter, err error) {
	var words problem
	if errors.As(err, &words) {
		webpage.ShowMessage(w, http.StatusBadRequest, "This sign-in cannot go on", string(words))
		return
	}
	e := errno.From(err)
	_, _, body := e.Reply(false)
	text, ok := body["message"].(string)
	if !ok {
		text = "Something went wrong."
	}
	webpage.ShowMessage(w, http.StatusBadRequest, "This sign-in cannot go on", text+".")
}

// authorizationForm takes the sign-in form.
func authorizationForm(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	q, err := parseForm(r)
	if err != nil {
		s.showRefusal(w, err)
		return
	}
	s.mu.Lock()
	err = s.checkPageQuery(q)
	s.mu.Unlock()
	if err != nil {
		s.showRefusal(w, err)
		return
	}
	a, err := s.formAccount(r, q)
	if err != nil {
		webpage.Show(w, http.StatusUnauthorized, "signin.html", s.choice(r, webpage.Choice{
			Title: "Sign in", Action: "/authorization", Query: q.Encode(), Problem: err.Error(), Email: r.PostForm.Get("email"),
			Scopes: scopeWords(q.Get("scope")), Forced: q.Get("action") == "force_auth",
		}))
		return
	}
	s.finishAuthorization(w, r, q, a)
}

func (s *Service) formAccount(r *http.Request, q url.Values) (*account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	forced := ""
	if q.Get("action") == "force_auth" {
		forced = q.Get("email")
	}
	return s.chooseAccount(r, forced)
}

// finishAuthorization makes the code and leads the browser to the application.
func (s *Service) finishAuthorization(w http.ResponseWriter, r *http.Request, q url.Values, a *account) {
	s.mu.Lock()
	code, err := s.approve(q, s.browserSession(a))
	if err == nil {
		s.signBrowserIn(w, a)
		s.matchFlow(q, a)
	}
	s.mu.Unlock()
	if err != nil {
		s.showRefusal(w, err)
		return
	}
	http.Redirect(w, r, s.reachable(withCode(code.redirect, code.code, q.Get("state"))), http.StatusSeeOther)
}

// reachable keeps a browser on this machine: the success page of Mozilla's own
// server, which native applications register, is shown by this service.
func (s *Service) reachable(redirect string) string {
	if rest, ok := strings.CutPrefix(redirect, "https://accounts.firefox.com/oauth/success/"); ok {
		return s.base + "/oauth/success/" + rest
	}
	return redirect
}

// silentAuthorization answers prompt=none: a code, or an error for the
// application.
func (s *Service) silentAuthorization(w http.ResponseWriter, r *http.Request, q url.Values, current *account) {
	s.mu.Lock()
	unlisted := !s.clients[q.Get("client_id")].Trusted
	unready := current != nil && (!current.verified || strings.Contains(q.Get("acr_values"), "AAL2") && current.otp == "")
	s.mu.Unlock()
	refuse := func(reason string) {
		s.mu.Lock()
		redirect, err := s.redirectFor(s.clients[q.Get("client_id")], q.Get("redirect_uri"))
		s.mu.Unlock()
		u, errURL := url.Parse(redirect)
		if err != nil || errURL != nil || u.Opaque != "" {
			webpage.ShowMessage(w, http.StatusBadRequest, "This sign-in cannot go on", reason)
			return
		}
		back := u.Query()
		back.Set("error", reason)
		back.Set("state", q.Get("state"))
		u.RawQuery = back.Encode()
		http.Redirect(w, r, s.reachable(u.String()), http.StatusSeeOther)
	}
	hint := firstOf(q.Get("login_hint"), q.Get("email"))
	switch {
	case len(oauthscope.KeyBearing(oauthscope.Split(q.Get("scope")))) > 0 || q.Get("keys_jwk") != "":
		refuse("invalid_request") // keys need the password, and so a person
	case unlisted:
		refuse("unauthorized_client") // only Mozilla's own applications sign in unseen
	case current == nil:
		refuse("login_required")
	case hint != "" && normalEmail(hint) != normalEmail(current.email):
		refuse("account_selection_required")
	case unready:
		refuse("interaction_required") // an address to confirm, or a second factor to set up
	default:
		s.finishAuthorization(w, r, q, current)
	}
}

// webChannelForm signs Firefox in: its page passes the answer on.
func webChannelForm(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	q, err := parseForm(r)
	var a *account
	if err == nil {
		a, err = s.formAccount(r, q)
	}
	var answer map[string]any
	if err == nil {
		answer, err = s.webChannelAnswer(r, q, a)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err != nil {
		status, message := http.StatusBadRequest, "The sign-in was refused."
		var words problem
		if errors.As(err, &words) {
			status, message = http.StatusUnauthorized, string(words)
		}
		w.WriteHeader(status)
		answer = map[string]any{"message": message}
	}
	_ = json.NewEncoder(w).Encode(answer) // the browser may be gone
}

// Engines the sign-in page offers to synchronise.
var offeredEngines = []string{"bookmarks", "history", "tabs", "passwords", "addons", "prefs"}

func (s *Service) webChannelAnswer(r *http.Request, q url.Values, a *account) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.newSession(a, useragent.Parse(r.UserAgent()), s.Clock.Now(), a.verified)
	session.passSecondFactor()
	code, err := s.approve(q, session)
	if err != nil {
		delete(s.sessions, session.id)
		return nil, err
	}
	s.matchFlow(q, a)
	return map[string]any{
		"login": map[string]any{
			"email": a.email, "uid": a.uid, "sessionToken": session.token, "verified": a.verified, "verifiedCanLinkAccount": true,
			"services": map[string]any{"sync": map[string]any{"offeredEngines": offeredEngines, "declinedEngines": []string{}}},
		},
		"oauth": map[string]any{"action": "signin", "code": code.code, "state": q.Get("state"), "redirect": code.redirect},
	}, nil
}
