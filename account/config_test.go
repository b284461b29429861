package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// known is a saved state with a profile, as the published addresses have it.
func known(t *testing.T, server, redirect string) *account.Account {
	t.Helper()
	state := fmt.Sprintf(`{"version":1,"config":{"content_url":%q,"client_id":"c","redirect_uri":%q},
		"refresh_token":{"token":"t","scopes":["profile"]},
		"profile":{"profile":{"uid":"123","email":"test@example.com"},"fetched_at":"2026-01-01T00:00:00Z"}}`, server, redirect)
	a, err := account.Restore([]byte(state))
	ok(t, "Restore", err)
	t.Cleanup(a.Close)
	return a
}

func TestPublishedAddresses(t *testing.T) {
	var v map[string]any
	vector(t, "urls", &v)
	const stable, webChannel = "https://stable.dev.lcip.org", "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel"
	plain, page := known(t, stable, "https://foo.bar"), known(t, stable, webChannel)
	for name, get := range map[string]func() (string, error){
		"manage_account":            func() (string, error) { return plain.ManageAccountURL(t.Context(), "test") },
		"manage_account_webchannel": func() (string, error) { return page.ManageAccountURL(t.Context(), "test") },
		"manage_devices":            func() (string, error) { return plain.ManageDevicesURL(t.Context(), "test") },
		"connection_success":        plain.ConnectionSuccessURL,
	} {
		if got, err := get(); err != nil || got != v[name] {
			t.Errorf("%s is %s, %v, want %v", name, got, err, v[name])
		}
	}
	if got, err := page.ManageDevicesURL(t.Context(), "test"); err != nil || got != v["manage_devices"] {
		t.Errorf("manage_devices of a page is %s, %v", got, err)
	}
}

func TestTokenServerOverride(t *testing.T) {
	var cases []struct{ Override, Result string }
	vector(t, "token_server_override", &cases)
	cases = append(cases, struct{ Override, Result string }{
		"https://foo.bar/1.0/sync/1.5/1.0/sync/1.5", "https://foo.bar/",
	})
	for _, c := range cases {
		a, err := account.New(account.Config{ClientID: "c", RedirectURI: "r", TokenServerURL: c.Override})
		ok(t, "New", err)
		if got, err := a.TokenServerURL(t.Context()); err != nil || got != c.Result {
			t.Errorf("%s gives %s, %v, want %s", c.Override, got, err, c.Result)
		}
		a.Close()
	}
	a, err := account.New(account.Config{ClientID: "c", RedirectURI: "r", TokenServerURL: "no address"})
	ok(t, "New", err)
	_, err = a.TokenServerURL(t.Context())
	want(t, "an override that is no address", err, account.ErrInvalidArgument)
	a.Close()
}

// TestDiscoveredAddresses come from the server.
func TestDiscoveredAddresses(t *testing.T) {
	s := newScene(t)
	a := s.account()
	if got, err := a.TokenServerURL(t.Context()); err != nil || !strings.HasPrefix(got, s.service.URL()) || !strings.HasSuffix(got, "/") {
		t.Errorf("TokenServerURL gave %s, %v", got, err)
	}
	if got, err := a.PairingRelayURL(t.Context()); err != nil || got != s.service.PairingURL() {
		t.Errorf("PairingRelayURL gave %s, %v", got, err)
	}
	if issuer, keys, err := a.Issuer(t.Context()); err != nil || issuer != s.service.URL() || !strings.HasSuffix(keys, "/v1/jwks") {
		t.Errorf("Issuer gave %s, %s, %v", issuer, keys, err)
	}
	_, err := a.ManageAccountURL(t.Context(), "test")
	want(t, "ManageAccountURL signed out", err, account.ErrAuthentication)
	s.signIn(a)
	if got, err := a.ManageAccountURL(t.Context(), "test"); err != nil || !strings.Contains(got, "uid="+s.owner.UID()) {
		t.Errorf("ManageAccountURL gave no uid, %v", err)
	}
	b := s.account()
	s.service.Faults.Next("GET /.well-known/*", 0, accounttest.DropConnection(), accounttest.Times(20))
	_, err = b.TokenServerURL(t.Context())
	want(t, "TokenServerURL without a network", err, account.ErrNetwork)
	_, err = b.PairingRelayURL(t.Context())
	want(t, "PairingRelayURL without a network", err, account.ErrNetwork)
}

// TestNoPairingRelay works with servers that have none, except for pairing.
func TestNoPairingRelay(t *testing.T) {
	s := newScene(t)
	a := s.account()
	u := s.service.URL()
	s.service.Faults.Next("GET /.well-known/fxa-client-configuration", 200, accounttest.RawBody("application/json",
		`{"auth_server_base_url":"`+u+`","oauth_server_base_url":"`+u+`","profile_server_base_url":"`+u+`","sync_tokenserver_base_url":"`+u+`"}`))
	_, err := a.PairingRelayURL(t.Context())
	want(t, "PairingRelayURL", err, account.ErrUnsupported)
	if got, err := a.TokenServerURL(t.Context()); err != nil || got != u+"/" {
		t.Errorf("TokenServerURL gave %s, %v", got, err)
	}
}

// TestServerOfAddress: the address of a server that Mozilla runs, or ran, is that server in all that depends on it.
func TestServerOfAddress(t *testing.T) {
	for address, want := range map[string]struct {
		server account.Server
		pair   string
	}{
		"https://accounts.firefox.com":            {account.ServerRelease, "https://firefox.com/pair"},
		"https://accounts.firefox.com:443/":       {account.ServerRelease, "https://firefox.com/pair"},
		"https://accounts.firefox.com.cn":         {account.ServerRelease, "https://firefox.com/pair"},
		"https://accounts.firefox.com.cn/":        {account.ServerRelease, "https://firefox.com/pair"},
		"https://ACCOUNTS.firefox.com.cn:443/x/y": {account.ServerRelease, "https://firefox.com/pair"},
		"https://stable.dev.lcip.org/":            {account.ServerStable, "https://stable.dev.lcip.org/pair"},
		"https://accounts.stage.mozaws.net":       {account.ServerStage, "https://accounts.stage.mozaws.net/pair"},
		"http://127.0.0.1:3030":                   {account.ServerLocalDev, "http://127.0.0.1:3030/pair"},
		"http://accounts.firefox.com.cn":          {account.CustomServer("http://accounts.firefox.com.cn"), "http://accounts.firefox.com.cn/pair"},
		"https://accounts.firefox.com.cn.example": {account.CustomServer("https://accounts.firefox.com.cn.example"), "https://accounts.firefox.com.cn.example/pair"},
		"https://example.com:8443":                {account.CustomServer("https://example.com:8443"), "https://example.com:8443/pair"},
	} {
		server := account.CustomServer(address)
		if server.String() != want.server.String() {
			t.Errorf("%s is %s, want %s", address, server, want.server)
		}
		a := offline(t, server)
		if got, err := a.PairingAuthorityURL(); err != nil || got != want.pair {
			t.Errorf("%s pairs at %s, %v", address, got, err)
		}
		if got, err := a.ConnectionSuccessURL(); err != nil || want.server == account.ServerRelease && !strings.HasSuffix(strings.Replace(got, ":443", "", 1), "//accounts.firefox.com/connect_another_device?showSuccessMessage=true") {
			t.Errorf("%s: the page after a sign-in is %s, %v", address, got, err)
		}
	}
	release := offline(t, account.ServerRelease)
	if !release.MatchesServer(account.CustomServer("https://accounts.firefox.com.cn/")) {
		t.Error("the closed server does not match the release servers")
	}
	state, err := release.Snapshot()
	ok(t, "Snapshot", err)
	old := strings.Replace(string(state), "https://accounts.firefox.com", "https://accounts.firefox.com.cn", 1)
	restored, err := account.Restore([]byte(old))
	ok(t, "Restore", err)
	if got := restored.Config().Server.ContentURL(); got != "https://accounts.firefox.com" {
		t.Errorf("a saved address of the closed server goes on as %s", got)
	}
	const code = "https://accounts.firefox.com.cn/pair#channel_id=a&channel_key=b"
	if _, err := restored.BeginPairingFlow(t.Context(), code, []string{account.ScopeProfile}, "test"); err != nil {
		t.Errorf("a code of the closed server: %v", err)
	}
}

func TestServers(t *testing.T) {
	for server, name := range map[account.Server]string{
		account.ServerRelease: "Release", account.ServerStable: "Stable", account.ServerStage: "Stage",
		account.ServerLocalDev: "LocalDev", account.CustomServer("https://secret.example.com"): "Custom",
		account.CustomServer("https://accounts.firefox.com/x"): "Release", {}: "Release",
		account.CustomServer("::"): "Custom",
	} {
		if got := server.String(); got != name {
			t.Errorf("%s is called %s, want %s", server.ContentURL(), got, name)
		}
	}
	a := offline(t, account.CustomServer("https://example.com/fxa/"))
	for server, matches := range map[account.Server]bool{
		account.CustomServer("https://example.com/fxa"): true, account.CustomServer("https://example.com/fxa/"): true,
		account.CustomServer("https://example.com"): false, account.ServerRelease: false,
	} {
		if a.MatchesServer(server) != matches {
			t.Errorf("%s matches: %t", server.ContentURL(), !matches)
		}
	}
	if got := a.Config(); got.Server.ContentURL() != "https://example.com/fxa/" || got.ClientID != "12345678" {
		t.Errorf("the configuration is %+v", got)
	}
}

func TestBadConfigurations(t *testing.T) {
	good := account.Config{Server: account.ServerRelease, ClientID: "c", RedirectURI: "r"}
	for name, spoil := range map[string]func(c *account.Config){
		"no client id":   func(c *account.Config) { c.ClientID = "" },
		"no redirect":    func(c *account.Config) { c.RedirectURI = "" },
		"no scheme":      func(c *account.Config) { c.Server = account.CustomServer("example.com") },
		"ftp":            func(c *account.Config) { c.Server = account.CustomServer("ftp://example.com") },
		"a query":        func(c *account.Config) { c.Server = account.CustomServer("https://example.com/?secret=1") },
		"a fragment":     func(c *account.Config) { c.Server = account.CustomServer("https://example.com/#secret") },
		"a password":     func(c *account.Config) { c.Server = account.CustomServer("https://user:secret@example.com/") },
		"not a URL":      func(c *account.Config) { c.Server = account.CustomServer("https://exa mple.com\x7f") },
		"without a host": func(c *account.Config) { c.Server = account.CustomServer("https:///x") },
	} {
		c := good
		spoil(&c)
		_, err := account.New(c)
		want(t, name, err, account.ErrInvalidArgument)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the address", name)
		}
	}
	if _, err := account.New(good, account.WithUserAgent("")); !errors.Is(err, account.ErrInvalidArgument) {
		t.Errorf("an empty user agent gave %v", err)
	}
}

func TestMetricsFlow(t *testing.T) {
	s := newScene(t)
	a := s.account()
	good := account.MetricsFlowParams{
		Origin: "http://localhost:8000", Entrypoint: "tabferry.signin", Form: "email", Source: "tabferry", Campaign: "first",
	}
	flow, err := a.MetricsFlow(t.Context(), good)
	if err != nil || len(flow.FlowID) != 64 || flow.BeginTime == 0 || len(flow.DeviceID) != 32 {
		t.Fatalf("gave %+v, %v", flow, err)
	}
	address, err := a.BeginOAuthFlow(t.Context(), everything, "", account.WithMetricsFlow(flow))
	ok(t, "BeginOAuthFlow", err)
	for _, want := range []string{"&entrypoint=tabferry.signin&", "&utm_source=tabferry&", "&utm_campaign=first&"} {
		if !strings.Contains(address, want) {
			t.Errorf("the address lacks %s", want)
		}
	}
	code, state := s.approve(address)
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	if flows := s.service.Flows(); len(flows) != 1 || flows[0].Authorized != s.owner.UID() {
		t.Errorf("the flows are %+v", flows)
	}
	if strings.Contains(s.snapshot(a), flow.FlowID) {
		t.Error("the flow is saved")
	}
	unknown := good
	unknown.Origin = "https://example.com"
	if _, err := a.MetricsFlow(t.Context(), unknown); err == nil {
		t.Error("an unknown origin was answered")
	}
	for name, spoil := range map[string]func(p *account.MetricsFlowParams){
		"entrypoint": func(p *account.MetricsFlowParams) { p.Entrypoint = "with space" },
		"empty":      func(p *account.MetricsFlowParams) { p.Entrypoint = "" },
		"form":       func(p *account.MetricsFlowParams) { p.Form = "subscribe" },
		"source":     func(p *account.MetricsFlowParams) { p.Source = "ä" },
		"campaign":   func(p *account.MetricsFlowParams) { p.Campaign = strings.Repeat("x", 129) },
	} {
		p := good
		spoil(&p)
		_, err := a.MetricsFlow(t.Context(), p)
		want(t, name, err, account.ErrInvalidArgument)
	}
}
