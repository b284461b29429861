package accounttest

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// pageOf opens the sign-in page of a flow.
func (p *peer) pageOf(f *flow) answer {
	p.t.Helper()
	return p.get(strings.TrimPrefix(f.url(p.s), p.s.URL()), "")
}

// queryOf is the query of a flow's page.
func queryOf(s *Service, f *flow) string { return strings.SplitN(f.url(s), "?", 2)[1] }

// redirected reads where a reply leads.
func (a answer) redirected() *url.URL {
	a.t.Helper()
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusSeeOther {
		a.t.Fatalf("no redirect: %d %v %s", a.status, a.header, a.text)
	}
	return to
}

// TestSignInFormRefusals: each wrong form is shown again with a reason, and
// leads nowhere.
func TestSignInFormRefusals(t *testing.T) {
	t.Parallel()
	s, _, h := newStage(t)
	marked := s.NewAccount("marked@example.com", "password2").OneClick()
	f := newFlow(ReferenceClientID, "profile")
	f.extra.Set("redirect_uri", "http://127.0.0.1:4711/back")
	forced := newFlow(ReferenceClientID, "profile")
	forced.extra.Set("action", "force_auth")
	forced.extra.Set("email", h.Email())
	for _, c := range []struct {
		name   string
		flow   *flow
		form   url.Values
		status int
		words  string
	}{
		{"wrong password", f, url.Values{"email": {h.Email()}, "password": {"password2"}}, 401, "The password is wrong."},
		{"empty password", f, url.Values{"email": {h.Email()}, "password": {""}}, 401, "The password is wrong."},
		{"no password", f, url.Values{"email": {h.Email()}}, 401, "The password is wrong."},
		{"other letter case of the password", f, url.Values{"email": {h.Email()}, "password": {"Password1"}}, 401, "The password is wrong."},
		{"unknown address", f, url.Values{"email": {"x@example.com"}, "password": {"password1"}}, 401, "There is no such account here."},
		{"no address", f, url.Values{"password": {"password1"}}, 401, "There is no such account here."},
		{"empty form", f, url.Values{}, 401, "There is no such account here."},
		{"click for an unmarked account", f, url.Values{"uid": {h.UID()}}, 401, "This account needs its password."},
		{"click for nobody", f, url.Values{"uid": {"x"}}, 401, "This account needs its password."},
		{"another account, forced", forced, url.Values{"email": {marked.Email()}, "password": {"password2"}}, 401, "This sign-in is for another account."},
		{"a click for another account, forced", forced, url.Values{"uid": {marked.UID()}}, 401, "This sign-in is for another account."},
		{"unreadable query", f, url.Values{"query": {"%zz"}, "email": {h.Email()}, "password": {"password1"}}, 400, "The form cannot be read."},
		{"query without client", f, url.Values{"query": {"state=x&scope=profile"}, "email": {h.Email()}, "password": {"password1"}}, 400, "cannot go on"},
		{"query without state", f, url.Values{"query": {"scope=profile&client_id=" + f.client}, "email": {h.Email()}, "password": {"password1"}}, 400, "cannot go on"},
		{"query with foreign redirect", f, url.Values{
			"query": {queryOf(s, f) + "&redirect_uri=https%3A%2F%2Fother.example"}, "email": {h.Email()}, "password": {"incorrect9"},
		}, 401, "The password is wrong."},
		{"no account, no client", f, url.Values{"query": {"x=y"}}, 400, "cannot go on"},
		{"query without PKCE", f, url.Values{"query": {"scope=profile&state=x&client_id=" + f.client}, "email": {h.Email()}, "password": {"password1"}}, 400, "cannot go on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBrowser(t, s)
			if c.form.Get("query") == "" {
				c.form.Set("query", queryOf(s, c.flow))
			}
			got := b.post("/authorization", "", c.form)
			if got.status != c.status || !strings.Contains(html.UnescapeString(got.text), c.words) || got.header.Get("Location") != "" {
				t.Errorf("%d %s, want %d with %q", got.status, got.text, c.status, c.words)
			}
			if got.header.Get("Set-Cookie") != "" {
				t.Error("a refused form signed the browser in")
			}
			if h.SessionCount() != 0 && !strings.Contains(c.name, "PKCE") {
				t.Error("a refused form made a session")
			}
			if c.form.Get("password") != "" && strings.Contains(got.text, c.form.Get("password")) {
				t.Error("the page shows the password again")
			}
			if c.status != 401 {
				return
			}
			if again := formQuery(t, got); again != url.Values(mustQuery(t, c.form.Get("query"))).Encode() {
				t.Errorf("the page lost its query: %s", again)
			}
		})
	}
	if marked.SessionCount() != 0 {
		t.Error("a refused click made a session")
	}
}

func mustQuery(t testing.TB, text string) url.Values {
	t.Helper()
	q, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestRedirectsOfThePage: which addresses a browser is led to, and in which
// form.
func TestRedirectsOfThePage(t *testing.T) {
	t.Parallel()
	s := New(t, WithClients(Client{
		ID: "aaaaaaaaaaaaaaaa", Name: "Listed only", RedirectURIs: []string{"https://app.example/cb", "https://app.example/cb?x=1", "myapp://done"}, Trusted: true,
	}))
	h := s.NewAccount("a@example.com", "password1").OneClick()
	own := s.URL() + "/oauth/success/" + ReferenceClientID
	for _, c := range []struct {
		name, client, redirect, want string // "": refused
	}{
		{"loopback address", ReferenceClientID, "http://127.0.0.1:4711/cb", "http://127.0.0.1:4711/cb"},
		{"loopback address, no port", ReferenceClientID, "http://127.0.0.1/cb", "http://127.0.0.1/cb"},
		{"loopback name", ReferenceClientID, "http://localhost:1/", "http://localhost:1/"},
		{"loopback of version 6", ReferenceClientID, "http://[::1]:9/cb", "http://[::1]:9/cb"},
		{"loopback with query", ReferenceClientID, "http://127.0.0.1:1/cb?keep=me", "http://127.0.0.1:1/cb"},
		{"loopback over TLS", ReferenceClientID, "https://127.0.0.1:1/cb", ""},
		{"loopback with fragment", ReferenceClientID, "http://127.0.0.1:1/cb#x", ""},
		{"loopback with user", ReferenceClientID, "http://127.0.0.1:1@evil.example/cb", ""},
		{"loopback user info", ReferenceClientID, "http://me@127.0.0.1:1/cb", ""},
		{"name that begins like loopback", ReferenceClientID, "http://localhost.evil.example/", ""},
		{"other address of the network", ReferenceClientID, "http://127.0.0.2:1/cb", ""},
		{"any host", ReferenceClientID, "http://0.0.0.0:1/cb", ""},
		{"foreign site", ReferenceClientID, "https://evil.example/cb", ""},
		{"Mozilla's success page", ReferenceClientID, "https://accounts.firefox.com/oauth/success/" + ReferenceClientID, own},
		{"the service's success page", ReferenceClientID, own, own},
		{"success page of another client", "aaaaaaaaaaaaaaaa", own, ""},
		{"default", ReferenceClientID, "", own},
		{"registered", "aaaaaaaaaaaaaaaa", "https://app.example/cb", "https://app.example/cb"},
		{"registered with query", "aaaaaaaaaaaaaaaa", "https://app.example/cb?x=1", "https://app.example/cb"},
		{"registered scheme", "aaaaaaaaaaaaaaaa", "myapp://done", "myapp://done"},
		{"registered with more", "aaaaaaaaaaaaaaaa", "https://app.example/cb/more", ""},
		{"registered with slash", "aaaaaaaaaaaaaaaa", "https://app.example/cb/", ""},
		{"registered in capitals", "aaaaaaaaaaaaaaaa", "https://app.example/CB", ""},
		{"registered over http", "aaaaaaaaaaaaaaaa", "http://app.example/cb", ""},
		{"loopback where it is not allowed", "aaaaaaaaaaaaaaaa", "http://127.0.0.1:1/", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBrowser(t, s)
			f := newFlow(c.client, "profile")
			f.state = "a b&c=d"
			f.extra["keys_jwk"] = nil
			if c.redirect != "" {
				f.extra.Set("redirect_uri", c.redirect)
			}
			page := b.pageOf(f)
			got := b.post("/authorization", "", url.Values{"query": {queryOf(s, f)}, "uid": {h.UID()}})
			if c.want == "" {
				if page.status != 400 || got.status != 400 || got.header.Get("Location") != "" {
					t.Errorf("page %d, form %d %s", page.status, got.status, got.header.Get("Location"))
				}
				return
			}
			to := got.redirected()
			if page.status != 200 || to.Query().Get("state") != f.state || len(to.Query().Get("code")) != 64 {
				t.Errorf("page %d, redirect %s", page.status, to)
			}
			if before, _ := url.Parse(c.redirect); before.Query().Get("keep") != to.Query().Get("keep") || before.Query().Get("x") != to.Query().Get("x") {
				t.Errorf("the redirect lost its own query: %s", to)
			}
			if to.RawQuery = ""; to.String() != c.want {
				t.Errorf("leads to %s, want %s", to, c.want)
			}
		})
	}
}

// TestPagesEscapeWhatTheyShow: nothing of the address, the form or the account
// becomes markup.
func TestPagesEscapeWhatTheyShow(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror='y'>`
	s := New(t, WithClients(Client{ID: "aaaaaaaaaaaaaaaa", Name: evil, RedirectURIs: []string{"https://app.example/"}, Trusted: true}))
	h := s.NewAccount("a@example.com", "password1").OneClick()
	h.SetDisplayName(evil)
	f := newFlow("aaaaaaaaaaaaaaaa", "profile")
	f.state = evil
	f.extra.Set("email", evil)
	f.extra.Set("entrypoint", evil)
	odd := newFlow("aaaaaaaaaaaaaaaa", "profile "+strings.ReplaceAll(evil, " ", ""))
	b := newBrowser(t, s)
	b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"password1"}})
	firefox := newFlow(DesktopClientID, "profile")
	firefox.extra.Set("context", "oauth_webchannel_v1")
	firefox.extra.Set("email", evil)
	for name, page := range map[string]answer{
		"sign-in":        b.pageOf(f),
		"scopes":         b.pageOf(odd),
		"sign-in again":  newBrowser(t, s).post("/authorization", "", url.Values{"query": {queryOf(s, f)}, "email": {evil}, "password": {evil}}),
		"Firefox":        b.get("/?"+queryOf(s, firefox), ""),
		"settings":       b.get("/settings", ""),
		"settings form":  newBrowser(t, s).post("/settings/signin", "", url.Values{"email": {evil}, "password": {"x"}}),
		"signed out":     newBrowser(t, s).get("/settings?email="+url.QueryEscape(evil), ""),
		"success":        b.get("/oauth/success/x?error="+url.QueryEscape(evil), ""),
		"pairing":        b.get("/oauth?"+url.Values{"client_id": {AndroidClientID}, "redirect_uri": {pairRedirect}, "channel_id": {evil}, "email": {evil}}.Encode(), ""),
		"unknown client": b.get("/authorization?client_id="+url.QueryEscape(evil), ""),
	} {
		if strings.Contains(page.text, "<script>alert") || strings.Contains(page.text, "<img src=x") || page.status >= 500 {
			t.Errorf("%s: %d %s", name, page.status, page.text)
		}
		policy := page.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", name, policy)
		}
		if page.header.Get("Cache-Control") != "no-store" || page.header.Get("X-Content-Type-Options") != "nosniff" || page.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: headers %v", name, page.header)
		}
		if inline := regexp.MustCompile(`<script>|<style| style=| on\w+="`).FindString(page.text); inline != "" {
			t.Errorf("%s: the policy forbids %q", name, inline)
		}
		if !strings.Contains(page.text, "not Mozilla") {
			t.Errorf("%s does not say what it is", name)
		}
	}
}

// TestForcedAddressStays: force_auth fixes the address of the form.
func TestForcedAddressStays(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	other := s.NewAccount("b@example.com", "password1").OneClick()
	h.OneClick()
	f := newFlow(ReferenceClientID, "profile")
	f.extra.Set("email", "A@Example.com")
	for name, path := range map[string]string{"path": "/oauth/force_auth?", "action": "/authorization?action=force_auth&"} {
		f.extra["action"] = nil
		b := newBrowser(t, s)
		page := b.get(path+queryOf(s, f), "")
		if page.status != 200 || !strings.Contains(page.text, `value="A@Example.com"`) || !strings.Contains(page.text, "readonly") {
			t.Errorf("%s: %d %s", name, page.status, page.text)
		}
		if !strings.Contains(page.text, "Continue as a@example.com") || strings.Contains(page.text, other.Email()) {
			t.Errorf("%s offers the wrong accounts: %s", name, page.text)
		}
		form := url.Values{"query": {formQuery(t, page)}, "email": {other.Email()}, "password": {"password1"}}
		if got := b.post("/authorization", "", form); got.status != 401 {
			t.Errorf("%s: another account signs in: %d", name, got.status)
		}
		form.Set("email", h.Email())
		code := b.post("/authorization", "", form).redirected().Query().Get("code")
		p.post("/v1/oauth/token", "", f.redeem(code)).ok()
	}
	if free := newBrowser(t, s).get("/authorization?"+queryOf(s, f), ""); strings.Contains(free.text, "readonly") || !strings.Contains(free.text, other.Email()) {
		t.Error("without force_auth the address is a proposal only")
	}
	for path, want := range map[string]bool{"/authorization": true, "/oauth/force_auth": false} {
		_, err := s.Approve(s.URL()+path+"?"+queryOf(s, f), other)
		if (err == nil) != want {
			t.Errorf("Approve of %s for another account: %v", path, err)
		}
	}
}

// TestFormsOfOtherSites: only the service's own pages may send forms.
func TestFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	s, _, h := newStage(t)
	h.OneClick()
	f := newFlow(ReferenceClientID, "profile")
	for _, path := range []string{"/authorization", "/webchannel/signin", "/settings/signin", "/settings/signout", "/settings/name", "/settings/clients/disconnect"} {
		for name, c := range map[string]struct {
			header, value string
			refused       bool
		}{
			"other origin":    {"Origin", "https://evil.example", true},
			"other port":      {"Origin", "http://127.0.0.1:1", true},
			"own origin":      {"Origin", s.URL(), false},
			"opaque origin":   {"Origin", "null", false},
			"cross-site":      {"Sec-Fetch-Site", "cross-site", true},
			"same origin":     {"Sec-Fetch-Site", "same-origin", false},
			"from the person": {"Sec-Fetch-Site", "none", false},
		} {
			form := url.Values{"query": {queryOf(s, f)}, "uid": {h.UID()}}
			r, err := http.NewRequest("POST", s.URL()+path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", formBody.kind)
			r.Header.Set(c.header, c.value)
			if got := newPeer(t, s).send(r); (got.status == http.StatusForbidden) != c.refused || got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s, %s: %d %v", path, name, got.status, got.header)
			}
		}
	}
}
