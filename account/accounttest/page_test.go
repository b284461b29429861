package accounttest

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var hiddenInput = regexp.MustCompile(`name="(query|uid)" value="([^"]*)"`)

// browser keeps cookies, as a person's browser does.
func newBrowser(t testing.TB, s *Service) *peer {
	t.Helper()
	p := newPeer(t, s)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p.http.Jar = jar
	return p
}

// formQuery is the hidden query of the page's form.
func formQuery(t testing.TB, page answer) string {
	t.Helper()
	m := regexp.MustCompile(`name="query" value="([^"]*)"`).FindStringSubmatch(page.text)
	if m == nil {
		t.Fatalf("no form in %s", page.text)
	}
	return strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#34;", `"`).Replace(m[1])
}

func TestSignInPageLeadsToTheApplication(t *testing.T) {
	t.Parallel()
	s := New(t)
	b := newBrowser(t, s)
	h := s.NewAccount("person@example.com", "password1")
	f := newFlow(ReferenceClientID, everything)
	f.extra.Set("redirect_uri", "http://127.0.0.1:4711/callback")
	page := b.get(strings.TrimPrefix(f.url(s), s.URL()), "")
	if page.status != 200 || !strings.Contains(page.text, "not Mozilla") || !strings.Contains(page.text, "Reference browser") {
		t.Fatalf("unexpected page: %d %s", page.status, page.text)
	}
	if strings.Contains(page.text, "Continue as") {
		t.Error("an account that is not marked is offered without password")
	}
	form := url.Values{"query": {formQuery(t, page)}, "email": {"Person@example.com"}, "password": {"wrong"}}
	if got := b.post("/authorization", "", form); got.status != 401 || !strings.Contains(got.text, "The password is wrong.") {
		t.Errorf("a wrong password: %d %s", got.status, got.text)
	}
	form.Set("password", "password1")
	sent := b.post("/authorization", "", form)
	to, err := url.Parse(sent.header.Get("Location"))
	if sent.status != http.StatusSeeOther || err != nil || to.Host != "127.0.0.1:4711" || to.Query().Get("state") != f.state {
		t.Fatalf("unexpected redirect: %d %v", sent.status, sent.header)
	}
	got := newPeer(t, s).post("/v1/oauth/token", "", f.redeem(to.Query().Get("code"))).ok()
	if got.json["keys_jwe"] == nil {
		t.Error("the page made no keys")
	}

	// The browser is signed in now: one click does, and only for this browser.
	page = b.get(strings.TrimPrefix(f.url(s), s.URL()), "")
	if !strings.Contains(page.text, "Continue as person@example.com") {
		t.Errorf("no one-click sign-in: %s", page.text)
	}
	click := url.Values{"query": {formQuery(t, page)}, "uid": {h.UID()}}
	if got := b.post("/authorization", "", click); got.status != http.StatusSeeOther {
		t.Errorf("one click: %d", got.status)
	}
	if got := newBrowser(t, s).post("/authorization", "", click); got.status != 401 {
		t.Errorf("a stranger's browser continues as the person: %d", got.status)
	}
	h.OneClick()
	if got := newBrowser(t, s).post("/authorization", "", click); got.status != http.StatusSeeOther {
		t.Errorf("a marked account: %d %s", got.status, got.text)
	}
}

func TestSuccessPageStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	s := New(t)
	b := newBrowser(t, s)
	h := s.NewAccount("person@example.com", "password1").OneClick()
	f := newFlow(ReferenceClientID, "profile")
	click := url.Values{"query": {strings.SplitN(f.url(s), "?", 2)[1]}, "uid": {h.UID()}}
	sent := b.post("/authorization", "", click)
	location := sent.header.Get("Location")
	if !strings.HasPrefix(location, s.URL()+"/oauth/success/"+ReferenceClientID+"?") {
		t.Fatalf("unexpected redirect: %d %s", sent.status, location)
	}
	if done := b.get(location, ""); done.status != 200 || !strings.Contains(done.text, "Signed in") {
		t.Errorf("unexpected page: %d %s", done.status, done.text)
	}
	redirect, err := s.Approve(newFlow(ReferenceClientID, "profile").url(s), h)
	if err != nil || !strings.HasPrefix(redirect, "https://accounts.firefox.com/oauth/success/") {
		t.Errorf("Approve gives the registered redirect, got %s, %v", redirect, err)
	}
}

func TestPagesRefuse(t *testing.T) {
	t.Parallel()
	s := New(t)
	b := newBrowser(t, s)
	h := s.NewAccount("person@example.com", "password1").OneClick()
	page := func(change func(f *flow)) answer {
		f := newFlow(ReferenceClientID, "profile")
		change(f)
		return b.get(strings.TrimPrefix(f.url(s), s.URL()), "")
	}
	for name, change := range map[string]func(f *flow){
		"unknown client":   func(f *flow) { f.client = "0123456789abcdef" },
		"foreign redirect": func(f *flow) { f.extra.Set("redirect_uri", "https://evil.example/") },
		"no state":         func(f *flow) { f.extra["state"] = nil },
		"no scope":         func(f *flow) { f.extra["scope"] = nil },
	} {
		if got := page(change); got.status != 400 || !strings.Contains(got.text, "cannot go on") {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	f := newFlow(ReferenceClientID, "profile")
	click := url.Values{"query": {strings.SplitN(f.url(s), "?", 2)[1]}, "uid": {h.UID()}}
	r, err := http.NewRequest("POST", s.URL()+"/authorization", strings.NewReader(click.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	if got := b.send(r); got.status != 403 {
		t.Errorf("another site's form: %d", got.status)
	}
	f.extra.Set("email", "other@example.com")
	forced := b.get("/oauth/force_auth?"+strings.SplitN(f.url(s), "?", 2)[1], "")
	if strings.Contains(forced.text, "Continue as") || !strings.Contains(forced.text, "readonly") {
		t.Errorf("force_auth offers another account: %s", forced.text)
	}
	click.Set("query", formQuery(t, forced))
	if got := b.post("/authorization", "", click); got.status != 401 || !strings.Contains(got.text, "another account") {
		t.Errorf("force_auth with another account: %d %s", got.status, got.text)
	}
	if _, err := s.Approve(strings.Replace(f.url(s), "/authorization", "/oauth/force_auth", 1), h); !errors.Is(err, ErrOtherAccount) {
		t.Errorf("Approve: %v", err)
	}
}

func TestSilentAuthorization(t *testing.T) {
	t.Parallel()
	s := New(t)
	b := newBrowser(t, s)
	h := s.NewAccount("person@example.com", "password1")
	silent := func(change func(f *flow)) url.Values {
		f := newFlow(ReferenceClientID, "profile")
		f.extra["keys_jwk"] = nil
		f.extra.Set("prompt", "none")
		f.extra.Set("redirect_uri", "http://localhost:1/cb")
		if change != nil {
			change(f)
		}
		got := b.get(strings.TrimPrefix(f.url(s), s.URL()), "")
		to, err := url.Parse(got.header.Get("Location"))
		if err != nil || got.status != http.StatusSeeOther {
			t.Fatalf("no redirect: %d %s", got.status, got.text)
		}
		return to.Query()
	}
	if q := silent(nil); q.Get("error") != "login_required" || q.Get("state") == "" {
		t.Errorf("signed out: %v", q)
	}
	b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"password1"}})
	if q := silent(nil); q.Get("code") == "" {
		t.Errorf("signed in: %v", q)
	}
	if q := silent(func(f *flow) { f.extra.Set("login_hint", "other@example.com") }); q.Get("error") != "account_selection_required" {
		t.Errorf("another account: %v", q)
	}
	if q := silent(func(f *flow) { f.scope = scopeOldSync }); q.Get("error") != "invalid_request" {
		t.Errorf("keys: %v", q)
	}
}

func TestSettingsPages(t *testing.T) {
	t.Parallel()
	s := New(t)
	b := newBrowser(t, s)
	h := s.NewAccount("person@example.com", "password1")
	p := newPeer(t, s)
	refresh := p.signIn(AndroidClientID, everything, h).str("refresh_token")
	if got := b.get("/settings", ""); !strings.Contains(got.text, `type="password"`) {
		t.Errorf("signed out: %s", got.text)
	}
	if got := b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"no"}}); got.status != 401 {
		t.Errorf("a wrong password: %d", got.status)
	}
	b.post("/settings/signin", "", url.Values{"email": {h.Email()}, "password": {"password1"}})
	b.post("/settings/name", "", url.Values{"name": {"<script>alert(1)</script>"}})
	page := b.get("/settings/clients", "")
	if strings.Contains(page.text, "<script>alert") || !strings.Contains(page.text, "&lt;script&gt;") {
		t.Errorf("the name is not escaped: %s", page.text)
	}
	if !strings.Contains(page.text, "Firefox for Android") || !strings.Contains(page.text, "(this browser)") {
		t.Errorf("the list is incomplete: %s", page.text)
	}
	b.post("/settings/clients/disconnect", "", url.Values{"key": {"0" + h.Devices()[0].ID}})
	p.get("/v1/account/devices", "Bearer "+refresh).fails(401, 110)
	b.post("/settings/signout", "", url.Values{})
	if got := b.get("/settings", ""); !strings.Contains(got.text, `type="password"`) {
		t.Error("still signed in")
	}
	for path, want := range map[string]string{
		"/": "stands in for Mozilla accounts", "/connect_another_device": "Connect another device", "/pair": "Pair a device",
		"/pair/failure": "Pairing has ended", "/oauth/success/x?error=access_denied": "Not signed in",
	} {
		if got := b.get(path, ""); got.status != 200 || !strings.Contains(got.text, want) {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
	if got := b.get("/pair/auth/allow", ""); got.status != 302 || got.header.Get("Location") != "/pair/failure" {
		t.Errorf("a reload of the flow: %d %v", got.status, got.header)
	}
	if got := b.get("/token/1.0/sync/1.5", ""); got.status != 503 {
		t.Errorf("the token server: %d", got.status)
	}
	b.get("/no/such/page", "").fails(404, 999)
}

func TestAutoApprove(t *testing.T) {
	t.Parallel()
	s := New(t)
	b := newBrowser(t, s)
	h := s.NewAccount("person@example.com", "password1")
	s.AutoApprove(h)
	f := newFlow(ReferenceClientID, "profile")
	got := b.get(strings.TrimPrefix(f.url(s), s.URL()), "")
	if got.status != http.StatusSeeOther || !strings.Contains(got.header.Get("Location"), "code=") {
		t.Errorf("unexpected answer: %d %v", got.status, got.header)
	}
	f = newFlow(DesktopClientID, "profile "+scopeOldSync)
	f.extra.Set("context", "oauth_webchannel_v1")
	page := newBrowser(t, s).get("/?"+strings.SplitN(f.url(s), "?", 2)[1], "")
	if !strings.Contains(page.text, "data-auto") || len(hiddenInput.FindAllString(page.text, -1)) < 2 {
		t.Errorf("the page waits for a click: %s", page.text)
	}
	signed := newPeer(t, s).post("/webchannel/signin", "", url.Values{"query": {formQuery(t, page)}, "uid": {h.UID()}}).ok()
	if signed.json["login"].(map[string]any)["email"] != h.Email() {
		t.Errorf("unexpected answer: %s", signed.text)
	}
	s.AutoApprove(nil)
	if got := newBrowser(t, s).get(strings.TrimPrefix(newFlow(ReferenceClientID, "profile").url(s), s.URL()), ""); got.status != 200 {
		t.Errorf("AutoApprove(nil) does not end it: %d", got.status)
	}
}

func TestPairingPageStandsInForTheChannel(t *testing.T) {
	t.Parallel()
	s := New(t)
	h := s.NewAccount("person@example.com", "password1")
	f := newFlow(AndroidClientID, "profile "+scopeOldSync)
	address := strings.Replace(f.url(s), "/authorization", "/pair/supp", 1) + "#channel_id=x&channel_key=y"
	if got := newBrowser(t, s).get(strings.SplitN(strings.TrimPrefix(address, s.URL()), "#", 2)[0], ""); got.status != 200 || !strings.Contains(got.text, "channel is not used") {
		t.Errorf("unexpected page: %d %s", got.status, got.text)
	}
	redirect, err := s.Approve(address, h)
	if err != nil || !strings.HasPrefix(redirect, pairRedirect+"?") {
		t.Errorf("%s, %v", redirect, err)
	}
}

func TestPageAsksForTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := New(t)
	h := s.NewAccount("person@example.com", "password1")
	f := newFlow(ReferenceClientID, "openid profile")
	f.extra.Set("redirect_uri", "http://127.0.0.1:1/x")
	if page := newBrowser(t, s).get(strings.TrimPrefix(f.url(s), s.URL()), ""); strings.Contains(page.text, "one-time-code") {
		t.Error("a code is asked for although no account has one")
	}
	h.OTP("424242")
	b := newBrowser(t, s)
	page := b.get(strings.TrimPrefix(f.url(s), s.URL()), "")
	if !strings.Contains(page.text, "one-time-code") {
		t.Errorf("no field for the code: %s", page.text)
	}
	form := url.Values{"query": {formQuery(t, page)}, "email": {h.Email()}, "password": {"password1"}}
	if got := b.post("/authorization", "", form); got.status != 401 || !strings.Contains(got.text, "two-step code") {
		t.Errorf("without code: %d %s", got.status, got.text)
	}
	form.Set("code", "424242")
	sent := b.post("/authorization", "", form)
	to, err := url.Parse(sent.header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		t.Fatalf("with code: %d %s", sent.status, sent.text)
	}
	p := newPeer(t, s)
	token := p.post("/v1/oauth/token", "", f.redeem(to.Query().Get("code"))).ok()
	claims := p.post("/v1/oauth/id-token-verify", "", map[string]any{"client_id": f.client, "id_token": token.str("id_token")}).ok()
	if claims.str("acr") != "AAL2" || claims.num("fxa-aal") != 2 {
		t.Errorf("unexpected claims: %s", claims.text)
	}
	if got := b.get("/favicon.ico", ""); got.status != 200 || got.header.Get("Content-Type") != "image/png" {
		t.Errorf("no icon: %d", got.status)
	}
}

func TestApproveSignsInAfreshWhenAsked(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("person@example.com", "password1")
	first := p.signIn(ReferenceClientID, "profile", h).num("auth_at")
	s.Clock.Advance(time.Hour)
	if again := p.signIn(ReferenceClientID, "profile", h).num("auth_at"); again != first {
		t.Errorf("auth_at %v, the browser signed in at %v", again, first)
	}
	f := newFlow(ReferenceClientID, "profile")
	f.extra.Set("max_age", "60")
	if afresh := p.post("/v1/oauth/token", "", f.redeem(p.approve(f, h))).ok().num("auth_at"); afresh-first < 3600 {
		t.Errorf("auth_at %v is not renewed after %v", afresh, first)
	}
}
