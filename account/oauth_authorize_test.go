package account_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// request is what another client asks for: a sign-in of its own, up to the page.
func (s *scene) request(other *account.Account, scopes ...string) account.AuthorizationParams {
	s.Helper()
	address, err := other.BeginOAuthFlow(s.Context(), scopes, "test")
	ok(s, "BeginOAuthFlow", err)
	u, err := url.Parse(address)
	ok(s, "the address", err)
	p, err := account.ParseAuthorizationParams(u)
	ok(s, "ParseAuthorizationParams", err)
	return p
}

// TestAuthorizeCode lets another client in, with the keys, and without any page.
func TestAuthorizeCode(t *testing.T) {
	for _, scopes := range [][]string{everything, {account.ScopeProfile, account.ScopeOldSync}, {account.ScopeProfile}} {
		s := newScene(t)
		a, _ := s.signedIn()
		phone := s.account()
		p := s.request(phone, scopes...)
		code, err := a.AuthorizeCode(t.Context(), p)
		ok(t, "AuthorizeCode", err)
		ok(t, "CompleteOAuthFlow", phone.CompleteOAuthFlow(t.Context(), code, p.State))
		if !phone.HasScope(scopes...) || phone.SyncKeyMissing() {
			t.Errorf("for %v the other client got less", scopes)
		}
		if !slices.Contains(scopes, account.ScopeOldSync) {
			continue
		}
		ours, err := a.AccessToken(t.Context(), account.ScopeOldSync)
		ok(t, "AccessToken", err)
		theirs, err := phone.AccessToken(t.Context(), account.ScopeOldSync)
		ok(t, "AccessToken", err)
		if *ours.Key != *theirs.Key {
			t.Error("the two have different keys")
		}
	}
}

// TestAuthorizeCodeRules refuses what stands between a stolen code and the keys,
// before anything is asked.
func TestAuthorizeCodeRules(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	good := s.request(s.account(), everything...)
	s.service.ForgetRequests()
	for name, c := range map[string]struct {
		spoil func(p *account.AuthorizationParams)
		class error
	}{
		"client id too short":   {func(p *account.AuthorizationParams) { p.ClientID = "abc" }, account.ErrInvalidArgument},
		"client id in capitals": {func(p *account.AuthorizationParams) { p.ClientID = strings.ToUpper(p.ClientID) }, account.ErrInvalidArgument},
		"no state":              {func(p *account.AuthorizationParams) { p.State = "" }, account.ErrInvalidArgument},
		"state too long":        {func(p *account.AuthorizationParams) { p.State = strings.Repeat("s", 513) }, account.ErrInvalidArgument},
		"no challenge":          {func(p *account.AuthorizationParams) { p.CodeChallenge = "" }, account.ErrInvalidArgument},
		"challenge too short":   {func(p *account.AuthorizationParams) { p.CodeChallenge = p.CodeChallenge[1:] }, account.ErrInvalidArgument},
		"challenge not b64url":  {func(p *account.AuthorizationParams) { p.CodeChallenge = strings.Repeat("+", 43) }, account.ErrInvalidArgument},
		"plain challenge":       {func(p *account.AuthorizationParams) { p.CodeChallengeMethod = "plain" }, account.ErrInvalidArgument},
		"no method":             {func(p *account.AuthorizationParams) { p.CodeChallengeMethod = "" }, account.ErrInvalidArgument},
		"no scope":              {func(p *account.AuthorizationParams) { p.Scopes = nil }, account.ErrInvalidArgument},
	} {
		p := good
		p.Scopes = slices.Clone(good.Scopes)
		c.spoil(&p)
		_, err := a.AuthorizeCode(t.Context(), p)
		want(t, name, err, c.class)
	}
	if n := len(s.service.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
	p := good
	p.KeysJWK = "bm8ga2V5"
	_, err := a.AuthorizeCode(t.Context(), p)
	want(t, "no key at all", err, account.ErrInvalidArgument)
}

// TestAuthorizeCodePassesOn what it was given, access type and scopes alike: the server decides, and its refusal
// is typed.
func TestAuthorizeCodePassesOn(t *testing.T) {
	const authorization = "POST /v1/oauth/authorization"
	s := newScene(t)
	a, _ := s.signedIn()
	good := s.request(s.account(), account.ScopeProfile)
	for _, access := range []string{"online", "offline", ""} {
		s.service.ForgetRequests()
		p := good
		p.AccessType, p.State = access, p.State+"-"+access
		_, err := a.AuthorizeCode(t.Context(), p)
		ok(t, "AuthorizeCode with access type "+access, err)
		var sent map[string]any
		ok(t, "the body", json.Unmarshal(s.service.Requests(authorization)[0].Body, &sent))
		if got, named := sent["access_type"]; named != (access != "") || named && got != access {
			t.Errorf("asked for %q, sent %v", access, got)
		}
	}

	keyless := s.request(s.account(), account.ScopeProfile, account.ScopeOldSync)
	keyless.KeysJWK = ""
	s.service.ForgetRequests()
	_, err := a.AuthorizeCode(t.Context(), keyless)
	ok(t, "AuthorizeCode for a client that wants no keys", err)
	if body := string(s.service.Requests(authorization)[0].Body); strings.Contains(body, "keys_jwe") {
		t.Error("keys were sent to nobody")
	}

	for name, c := range map[string]struct {
		scope, access string
		errno         int
		class         error
	}{
		"a scope that the client may not have": {"https://identity.mozilla.com/apps/relay-of-nobody", "offline", 163, account.ErrScopeNotAllowed},
		"an odd access type":                   {account.ScopeProfile, "forever", 107, account.ErrOther},
	} {
		s.service.ForgetRequests()
		p := good
		p.Scopes, p.AccessType = []string{c.scope}, c.access
		_, err := a.AuthorizeCode(t.Context(), p)
		want(t, name, err, c.class)
		var remote *account.RemoteError
		if !errors.As(err, &remote) || remote.Errno != c.errno || len(s.service.Requests()) == 0 {
			t.Errorf("%s: not the server's word: %v", name, err)
		}
	}
}

func TestAuthorizeCodeFailures(t *testing.T) {
	const keyData, authorization = "POST /v1/account/scoped-key-data", "POST /v1/oauth/authorization"
	s := newScene(t)
	p := s.request(s.account(), everything...)

	without, _ := s.signedIn(account.ScopeProfile)
	_, err := without.AuthorizeCode(t.Context(), p)
	want(t, "without a session", err, account.ErrNoSessionToken)

	keyless, _ := s.signedIn(account.ScopeProfile, account.ScopeSession)
	_, err = keyless.AuthorizeCode(t.Context(), p)
	want(t, "without the key", err, account.ErrNoScopedKey)

	a, _ := s.signedIn()
	s.service.Faults.Next(keyData, 200, accounttest.RawBody("application/json", `{}`))
	_, err = a.AuthorizeCode(t.Context(), p)
	want(t, "a key that the client may not have", err, account.ErrScopeNotAllowed)

	s.service.Faults.Next(authorization, 200, accounttest.RawBody("application/json", `{"code":"c0de","state":"another","redirect":"r"}`))
	_, err = a.AuthorizeCode(t.Context(), p)
	want(t, "another state", err, account.ErrInvalidAnswer)

	unknown := p
	unknown.ClientID = "0000000000000000"
	_, err = a.AuthorizeCode(t.Context(), unknown)
	want(t, "an unknown client", err, account.ErrClientConfiguration)

	s.service.Faults.Next(authorization, 400, accounttest.Errno(164))
	_, err = a.AuthorizeCode(t.Context(), p)
	want(t, "an old sign-in", err, account.ErrReauthenticate)

	s.owner.UnverifySessions()
	_, err = a.AuthorizeCode(t.Context(), p)
	if err == nil {
		t.Error("an unverified session let a client in")
	}
}

// TestAuthorizeRequest compares what we send with what a real Firefox sent for the
// same request.
func TestAuthorizeRequest(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	_, err := a.AuthorizeCode(t.Context(), s.request(s.account(), everything...))
	ok(t, "AuthorizeCode", err)
	for route, path := range map[string]string{
		"POST /v1/account/scoped-key-data": "/v1/account/scoped-key-data", "POST /v1/oauth/authorization": "/v1/oauth/authorization",
	} {
		list := s.service.Requests(route)
		if len(list) != 1 {
			t.Fatalf("%d requests of %s", len(list), route)
		}
		var ours, theirs map[string]any
		ok(t, "our body", json.Unmarshal(list[0].Body, &ours))
		ok(t, "Firefox's body", json.Unmarshal([]byte(firefoxBody(t, "POST", path)), &theirs))
		for member := range theirs {
			if _, sent := ours[member]; !sent {
				t.Errorf("%s: Firefox sends %s, we do not", path, member)
			}
		}
		for member := range ours {
			if _, sent := theirs[member]; !sent {
				t.Errorf("%s: we send %s, Firefox does not", path, member)
			}
		}
	}
}

func TestParseAuthorizationParams(t *testing.T) {
	full := "scope=a+b&client_id=c&state=s&access_type=offline&code_challenge=x&code_challenge_method=S256&keys_jwk=k"
	u := &url.URL{RawQuery: full}
	p, err := account.ParseAuthorizationParams(u)
	if err != nil || p.ClientID != "c" || !slices.Equal(p.Scopes, []string{"a", "b"}) || p.State != "s" || p.AccessType != "offline" ||
		p.CodeChallenge != "x" || p.CodeChallengeMethod != "S256" || p.KeysJWK != "k" {
		t.Errorf("gave %+v, %v", p, err)
	}
	for _, c := range []struct{ query, missing string }{
		{"", "scope"},
		{"scope=a", "client_id"},
		{"scope=a&client_id=c", "state"},
		{"scope=a&client_id=c&state=s", "access_type"},
		{"client_id=c&state=s&access_type=x&scope=", "scope"},
	} {
		_, err := account.ParseAuthorizationParams(&url.URL{RawQuery: c.query})
		want(t, c.query, err, account.ErrInvalidArgument)
		if err != nil && !strings.HasPrefix(err.Error(), c.missing+" ") {
			t.Errorf("%q: %v does not name %s", c.query, err, c.missing)
		}
	}
}

// FuzzAuthorizationParams reads any query: what is accepted has every needed member,
// and reads the same when written again.
func FuzzAuthorizationParams(f *testing.F) {
	f.Add("scope=a+b&client_id=c&state=s&access_type=offline&code_challenge=x&code_challenge_method=S256&keys_jwk=k")
	f.Add("scope=%20&client_id=c&state=s&access_type=x")
	f.Add("scope=a;client_id=c")
	f.Fuzz(func(t *testing.T, query string) {
		p, err := account.ParseAuthorizationParams(&url.URL{RawQuery: query})
		if err != nil {
			return
		}
		if p.ClientID == "" || p.State == "" || p.AccessType == "" {
			t.Fatalf("%q: something is missing in %+v", query, p)
		}
		again := url.Values{
			"scope": {strings.Join(p.Scopes, " ")}, "client_id": {p.ClientID}, "state": {p.State}, "access_type": {p.AccessType},
			"code_challenge": {p.CodeChallenge}, "code_challenge_method": {p.CodeChallengeMethod}, "keys_jwk": {p.KeysJWK},
		}
		if len(p.Scopes) == 0 {
			t.Fatalf("%q: no scope was accepted", query)
		}
		q, err := account.ParseAuthorizationParams(&url.URL{RawQuery: again.Encode()})
		if err != nil || !slices.Equal(p.Scopes, q.Scopes) || p.State != q.State || p.KeysJWK != q.KeysJWK || p.ClientID != q.ClientID {
			t.Fatalf("%q: %+v reads %+v again, %v", query, p, q, err)
		}
	})
}
