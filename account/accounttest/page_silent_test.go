package accounttest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest/internal/member"
)

// TestSilentRefusals: prompt=none never shows a page; the application is told
// why it gets no code.
func TestSilentRefusals(t *testing.T) {
	t.Parallel()
	s, _, h := newStage(t)
	doubtful := s.NewAccount("doubt@example.com", "password1")
	guarded := s.NewAccount("otp@example.com", "password1")
	browserOf := func(h *Account) *peer {
		b := newBrowser(t, s)
		b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"password1"}, "code": {"123456"}})
		return b
	}
	guarded.OTP("123456")
	signedOut, signedIn, unconfirmed, strong := newBrowser(t, s), browserOf(h), browserOf(doubtful), browserOf(guarded)
	doubtful.SetVerified(false)
	for _, c := range []struct {
		name    string
		browser *peer
		change  func(f *flow)
		want    string // "": a code
	}{
		{"signed in", signedIn, nil, ""},
		{"signed out", signedOut, nil, "login_required"},
		{"own address as hint", signedIn, func(f *flow) { f.extra.Set("login_hint", "A@example.com") }, ""},
		{"other address as hint", signedIn, func(f *flow) { f.extra.Set("login_hint", "b@example.com") }, "account_selection_required"},
		{"other address as email", signedIn, func(f *flow) { f.extra.Set("email", "b@example.com") }, "account_selection_required"},
		{"scope with keys", signedIn, func(f *flow) { f.scope = "profile " + scopeOldSync }, "invalid_request"},
		{"keys_jwk", signedIn, func(f *flow) { f.extra.Set("keys_jwk", f.jwk()) }, "invalid_request"},
		{"client not run by Mozilla", signedIn, func(f *flow) { f.client, f.scope = UntrustedClientID, "profile:uid" }, "unauthorized_client"},
		{"client not run by Mozilla, signed out", signedOut, func(f *flow) { f.client, f.scope = UntrustedClientID, "profile:uid" }, "unauthorized_client"},
		{"unconfirmed account", unconfirmed, nil, "interaction_required"},
		{"second factor wanted, none set up", signedIn, func(f *flow) { f.extra.Set("acr_values", "AAL2") }, "interaction_required"},
		{"second factor given", strong, func(f *flow) { f.extra.Set("acr_values", "AAL2") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFlow(ReferenceClientID, "profile")
			f.extra["keys_jwk"] = nil
			f.extra.Set("prompt", "none")
			f.extra.Set("redirect_uri", "http://localhost:1/cb?own=1")
			if c.change != nil {
				c.change(f)
			}
			to := c.browser.in(t).pageOf(f).redirected()
			q := to.Query()
			if to.Host != "localhost:1" || q.Get("own") != "1" || q.Get("state") != f.state {
				t.Errorf("leads to %s", to)
			}
			if q.Get("error") != c.want || (q.Get("code") == "") != (c.want != "") {
				t.Errorf("answered %v, want %q", q, c.want)
			}
			if c.want == "" {
				newPeer(t, s).post("/v1/oauth/token", "", f.redeem(q.Get("code"))).ok()
			}
		})
	}
	// Without an address to lead to, the page itself says it.
	f := newFlow(DesktopClientID, "profile")
	f.extra["keys_jwk"] = nil
	f.extra.Set("prompt", "none")
	if got := signedOut.pageOf(f); got.status != 400 || !strings.Contains(got.text, "login_required") {
		t.Errorf("a client of the WebChannel: %d %s", got.status, got.text)
	}
}

// TestEntriesToTheSignInPage: old and new paths show one page.
func TestEntriesToTheSignInPage(t *testing.T) {
	t.Parallel()
	s, p, _ := newStage(t)
	f := newFlow(ReferenceClientID, "openid profile:email profile:avatar "+scopeSession)
	for _, path := range []string{"/authorization", "/oauth", "/oauth/signin", "/oauth/signup", "/oauth/force_auth", "/pair/supp", "/", "/signin", "/signup", "/force_auth"} {
		page := p.get(path+"?"+queryOf(s, f), "")
		if page.status != 200 || !strings.Contains(page.text, "Reference browser") || !strings.Contains(page.text, `type="password"`) || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s", path, page.status, page.text)
			continue
		}
		for _, words := range []string{"Who you are", "Your e-mail address", "profile:avatar", "Letting other devices into your account"} {
			if !strings.Contains(page.text, words) {
				t.Errorf("%s does not say %q", path, words)
			}
		}
		q, err := url.ParseQuery(formQuery(t, page))
		if err != nil || q.Get("state") != f.state || q.Get("code_challenge") != f.challenge() {
			t.Errorf("%s: the form lost its query %v, %v", path, q, err)
		}
	}
	old := p.get("/v1/authorization?"+strings.ReplaceAll(queryOf(s, f), "keys_jwk", "other"), "")
	if to := old.header.Get("Location"); old.status != 302 || !strings.HasPrefix(to, s.URL()+"/authorization?") {
		t.Errorf("the old endpoint: %d %s", old.status, to)
	}
	for _, path := range []string{"/", "/signin", "/signup", "/force_auth"} {
		if page := p.get(path, ""); page.status != 200 || !strings.Contains(page.text, "stands in for Mozilla accounts") {
			t.Errorf("%s alone: %d", path, page.status)
		}
	}
}

// TestWebChannelForm: Firefox's page is answered in JSON.
func TestWebChannelForm(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	f := newFlow(DesktopClientID, "profile "+scopeOldSync)
	f.extra.Set("context", "oauth_webchannel_v1")
	form := func(change func(v url.Values)) url.Values {
		v := url.Values{"query": {queryOf(s, f)}, "email": {h.Email()}, "password": {"password1"}}
		if change != nil {
			change(v)
		}
		return v
	}
	for name, c := range map[string]struct {
		change func(v url.Values)
		status int
		words  string
	}{
		"wrong password":   {func(v url.Values) { v.Set("password", "x") }, 401, "The password is wrong."},
		"unknown account":  {func(v url.Values) { v.Set("email", "x@example.com") }, 401, "There is no such account here."},
		"unreadable query": {func(v url.Values) { v.Set("query", "%") }, 401, "The form cannot be read."},
		"no client":        {func(v url.Values) { v.Set("query", "state=x&scope=profile") }, 400, "refused"},
	} {
		if got := p.post("/webchannel/signin", "", form(c.change)); got.status != c.status || !strings.Contains(got.str("message"), c.words) {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if h.SessionCount() != 0 {
		t.Error("refused forms made sessions")
	}
	got := p.post("/webchannel/signin", "", form(nil)).ok()
	login, _ := got.json["login"].(map[string]any)
	oauth, _ := got.json["oauth"].(map[string]any)
	if login["uid"] != h.UID() || login["verified"] != true || login["verifiedCanLinkAccount"] != true || oauth["redirect"] != webChannelRedirect || oauth["state"] != f.state {
		t.Errorf("answer %s", got.text)
	}
	session, _ := login["sessionToken"].(string)
	p.get("/v1/session/status", typedSession(session)).ok()
	code, _ := oauth["code"].(string)
	granted := p.post("/v1/oauth/token", typedSession(session), f.redeem(code)).ok()
	if jwe, _ := granted.json["keys_jwe"].(string); !member.JWE.Fits(jwe) || granted.json["refresh_token"] == nil {
		t.Errorf("granted %s", granted.text)
	}
	if devices := h.Devices(); len(devices) != 1 || !devices[0].HasSession {
		t.Errorf("the device must belong to the browser's session: %+v", devices)
	}
}
