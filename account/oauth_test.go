package account_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const tokenRoute = "POST /v1/oauth/token"

// TestSignInAddress checks the parameters of the address and their order.
func TestSignInAddress(t *testing.T) {
	s := newScene(t)
	a := s.account()
	flow := account.MetricsFlow{FlowID: strings.Repeat("f", 64), BeginTime: 1700000000000, DeviceID: strings.Repeat("d", 32)}
	address, err := a.BeginOAuthFlow(t.Context(), []string{"profile", account.ScopeOldSync, "profile"}, "entry point",
		account.WithService("sync"), account.WithEmail("typed@example.com"),
		account.WithMetricsFlow(flow), account.WithCampaign("source", "campaign"))
	ok(t, "BeginOAuthFlow", err)
	base, rawQuery, _ := strings.Cut(address, "?")
	if base != s.service.URL()+"/authorization" {
		t.Errorf("the page is %s", base)
	}
	var names []string
	for _, pair := range strings.Split(rawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	wantNames := "action response_type entrypoint service email flow_id flow_begin_time device_id utm_source utm_campaign " +
		"client_id scope state code_challenge_method code_challenge access_type keys_jwk redirect_uri"
	if got := strings.Join(names, " "); got != wantNames {
		t.Errorf("parameters are %s, want %s", got, wantNames)
	}
	q, err := url.ParseQuery(rawQuery)
	ok(t, "the query", err)
	for name, value := range map[string]string{
		"action": "email", "response_type": "code", "entrypoint": "entry point", "service": "sync", "email": "typed@example.com",
		"client_id": accounttest.ReferenceClientID, "scope": "profile " + account.ScopeOldSync,
		"code_challenge_method": "S256", "access_type": "offline", "redirect_uri": redirect, "flow_begin_time": "1700000000000",
	} {
		if q.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, q.Get(name), value)
		}
	}
	if len(q.Get("state")) != 22 || len(q.Get("code_challenge")) != 43 || len(q.Get("keys_jwk")) != 168 {
		t.Errorf("lengths of state, challenge and key are %d, %d, %d", len(q.Get("state")), len(q.Get("code_challenge")), len(q.Get("keys_jwk")))
	}
	another, err := a.BeginOAuthFlow(t.Context(), []string{"profile"}, "")
	ok(t, "a second BeginOAuthFlow", err)
	second, err := url.Parse(another)
	ok(t, "the second address", err)
	for _, name := range []string{"state", "code_challenge", "keys_jwk"} {
		if second.Query().Get(name) == q.Get(name) {
			t.Errorf("%s is used twice", name)
		}
	}
	for _, name := range []string{"entrypoint", "service", "email", "flow_id", "utm_source"} {
		if second.Query().Has(name) {
			t.Errorf("%s is there without a value", name)
		}
	}
	_, err = a.BeginOAuthFlow(t.Context(), []string{" "}, "")
	want(t, "no scope", err, account.ErrInvalidArgument)
}

func TestSignInAddressOfWebChannel(t *testing.T) {
	s := newScene(t)
	config := s.config()
	config.RedirectURI = "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel"
	a, err := account.New(config, s.options()...)
	ok(t, "New", err)
	address, err := a.BeginOAuthFlow(t.Context(), everything, "test")
	ok(t, "BeginOAuthFlow", err)
	if !strings.HasSuffix(address, "&context=oauth_webchannel_v1") || strings.Contains(address, "redirect_uri") {
		t.Error("the address asks for a redirect")
	}
	code, state := s.approve(address)
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	s.signOutAtEnd(a)
}

// TestSignInAgain asks for the known account by the page for it, unless a session
// says who it is.
func TestSignInAgain(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn(account.ScopeProfile)
	_, err := a.Profile(t.Context())
	ok(t, "Profile", err)
	address, err := a.BeginOAuthFlow(t.Context(), []string{account.ScopeProfile}, "test")
	ok(t, "BeginOAuthFlow", err)
	u, err := url.Parse(address)
	ok(t, "the address", err)
	if u.Path != "/oauth/force_auth" || u.Query().Get("email") != email {
		t.Errorf("the page is %s", u.Path)
	}
	ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: s.owner.NewSession()}))
	address, err = a.BeginOAuthFlow(t.Context(), []string{account.ScopeProfile}, "test")
	ok(t, "BeginOAuthFlow", err)
	if u, err = url.Parse(address); err != nil || u.Path != "/authorization" || u.Query().Get("email") != email {
		t.Errorf("with a session the page is %s, %v", u.Path, err)
	}
}

// TestBeginNeedsTheNetwork leaves everything as it was when discovery fails.
func TestBeginNeedsTheNetwork(t *testing.T) {
	s := newScene(t)
	a := s.account()
	before := s.snapshot(a)
	s.service.Faults.Next("GET /.well-known/*", 500)
	_, err := a.BeginOAuthFlow(t.Context(), everything, "test")
	want(t, "BeginOAuthFlow", err, account.ErrUnavailable)
	if s.snapshot(a) != before {
		t.Error("the state changed")
	}
	s.signIn(a)
}

func TestCompleteUnknownState(t *testing.T) {
	s := newScene(t)
	a := s.account()
	want(t, "without a sign-in", a.CompleteOAuthFlow(t.Context(), "code", "state"), account.ErrNoAuthFlow)
	code, state := s.begin(a, everything...)
	want(t, "another state", a.CompleteOAuthFlow(t.Context(), code, "state"), account.ErrWrongAuthFlow)
	want(t, "no code", a.CompleteOAuthFlow(t.Context(), "", state), account.ErrInvalidArgument)
	ok(t, "the right one", a.CompleteOAuthFlow(t.Context(), code, state))
	want(t, "once more", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNoAuthFlow)
}

// TestCompleteOneOfSeveral ends the others.
func TestCompleteOneOfSeveral(t *testing.T) {
	s := newScene(t)
	a := s.account()
	code, state := s.begin(a, account.ScopeProfile)
	s.begin(a, account.ScopeProfile)
	third, thirdState := s.begin(a, account.ScopeProfile)
	ok(t, "the first", a.CompleteOAuthFlow(t.Context(), code, state))
	want(t, "the third", a.CompleteOAuthFlow(t.Context(), third, thirdState), account.ErrNoAuthFlow)
}

func TestCancelOAuthFlows(t *testing.T) {
	s := newScene(t)
	a := s.account()
	code, state := s.begin(a, everything...)
	ok(t, "CancelOAuthFlows", a.CancelOAuthFlows(t.Context()))
	want(t, "after cancelling", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNoAuthFlow)
}

// TestSignInSurvives completes in spite of one failure of each kind that may pass.
func TestSignInSurvives(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		opts   []accounttest.FaultOption
		class  error
		wait   time.Duration
	}{
		"connection dropped": {0, []accounttest.FaultOption{accounttest.DropConnection()}, account.ErrNetwork, 0},
		"server error":       {500, nil, account.ErrUnavailable, 0},
		"busy":               {503, []accounttest.FaultOption{accounttest.RetryAfter(30)}, account.ErrUnavailable, 30 * time.Second},
		"throttled":          {429, []accounttest.FaultOption{accounttest.RetryAfter(90)}, account.ErrUnavailable, 90 * time.Second},
		"proxy":              {502, []accounttest.FaultOption{accounttest.HTML()}, account.ErrNetwork, 0},
		"proxy says 401":     {401, []accounttest.FaultOption{accounttest.HTML()}, account.ErrNetwork, 0},
		"captive portal":     {200, []accounttest.FaultOption{accounttest.HTML()}, account.ErrNetwork, 0},
		"client off for now": {503, []accounttest.FaultOption{accounttest.Errno(204), accounttest.RetryAfter(30)}, account.ErrUnavailable, 30 * time.Second},
		"401":                {401, nil, account.ErrAuthentication, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			saver := new(savedState)
			a := s.account(account.WithSaver(saver))
			code, state := s.begin(a, everything...)
			before := s.snapshot(a)
			s.service.Faults.Next(tokenRoute, c.status, c.opts...)
			err := a.CompleteOAuthFlow(t.Context(), code, state)
			want(t, "the first try", err, c.class)
			var wait *account.BackoffError
			var remote *account.RemoteError
			off := errors.As(err, &remote) && remote.Errno == 204
			if errors.As(err, &wait) != (c.wait != 0 && !off) {
				t.Errorf("gave %v", err)
			}
			if c.wait == 0 && s.snapshot(a) != before {
				t.Error("the state changed")
			}
			if a.AuthState() != account.AuthStateDisconnected {
				t.Errorf("the state is %v", a.AuthState())
			}
			s.service.Clock.Advance(c.wait)
			ok(t, "the second try", a.CompleteOAuthFlow(t.Context(), code, state))
			if a.AuthState() != account.AuthStateConnected {
				t.Errorf("the state is %v", a.AuthState())
			}
		})
	}
}

// TestSignInAnswerLost finds the code used up: a new sign-in is needed.
func TestSignInAnswerLost(t *testing.T) {
	s := lab(t)
	a := s.account()
	code, state := s.begin(a, everything...)
	s.service.Faults.Next(tokenRoute, 0, accounttest.LoseReply())
	want(t, "the first try", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNetwork)
	want(t, "the second try", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrSignInExpired)
	want(t, "the third try", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNoAuthFlow)
}

// TestSignInRefusedForGood forgets the sign-in.
func TestSignInRefusedForGood(t *testing.T) {
	for errno, class := range map[int]error{
		162: account.ErrClientConfiguration, 166: account.ErrClientConfiguration, 174: account.ErrSignInExpired,
	} {
		s := newScene(t)
		a := s.account()
		code, state := s.begin(a, account.ScopeProfile)
		s.service.Faults.Next(tokenRoute, 400, accounttest.Errno(errno))
		want(t, "the first try", a.CompleteOAuthFlow(t.Context(), code, state), class)
		want(t, "the second try", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNoAuthFlow)
	}
}

// TestSignInWithAForeignCode leaves it open for the page's own.
func TestSignInWithAForeignCode(t *testing.T) {
	for _, errno := range []int{172, 173, 175} {
		s := newScene(t)
		a := s.account()
		code, state := s.begin(a, account.ScopeProfile)
		s.service.Faults.Next(tokenRoute, 400, accounttest.Errno(errno))
		want(t, "a foreign code", a.CompleteOAuthFlow(t.Context(), "code", state), account.ErrSignInExpired)
		ok(t, "the page's own", a.CompleteOAuthFlow(t.Context(), code, state))
	}
}

func TestSignInTooLate(t *testing.T) {
	s := newScene(t)
	a := s.account()
	code, state := s.begin(a, account.ScopeProfile)
	s.service.Clock.Advance(16 * time.Minute)
	want(t, "a quarter of an hour later", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrSignInExpired)
}

// TestSignInUnsaved keeps what was reached when saving fails: the code is spent, and
// yet completing again works.
func TestSignInUnsaved(t *testing.T) {
	s := newScene(t)
	saver := new(savedState)
	a := s.account(account.WithSaver(saver))
	code, state := s.begin(a, everything...)
	before := s.snapshot(a)
	saver.failWith(errDiskFull)
	err := a.CompleteOAuthFlow(t.Context(), code, state)
	want(t, "with a full disk", err, errDiskFull)
	var save *account.SaveError
	if !errors.As(err, &save) {
		t.Errorf("gave %T", err)
	}
	if s.snapshot(a) != before || a.AuthState() != account.AuthStateDisconnected {
		t.Error("the state changed although it could not be saved")
	}
	saver.failWith(nil)
	ok(t, "with room on the disk", a.CompleteOAuthFlow(t.Context(), code, state))
	if n := s.requests(tokenRoute); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
	if string(saver.last()) != s.snapshot(a) {
		t.Error("what is saved is not what is current")
	}
}

// TestSignInAbandonedWhileUnsaved revokes what the code had brought already.
func TestSignInAbandonedWhileUnsaved(t *testing.T) {
	s := newScene(t)
	saver := new(savedState)
	a := s.account(account.WithSaver(saver))
	code, state := s.begin(a, everything...)
	saver.failWith(errDiskFull)
	want(t, "with a full disk", a.CompleteOAuthFlow(t.Context(), code, state), errDiskFull)
	saver.failWith(nil)
	ok(t, "CancelOAuthFlows", a.CancelOAuthFlows(t.Context()))
	left, err := a.FlushRevocations(t.Context())
	if err != nil || left != 0 || len(s.service.LiveTokens()) != 0 {
		t.Errorf("%d revocations and %d tokens left, %v", left, len(s.service.LiveTokens()), err)
	}
}

// TestSignInBadKeys refuses keys that cannot be opened or do not fit, and revokes
// the tokens that came with them.
func TestSignInBadKeys(t *testing.T) {
	sum := sha256.Sum256([]byte("not a JWE"))
	for name, jwe := range map[string]string{
		"no JWE":      base64.RawURLEncoding.EncodeToString(sum[:]),
		"other parts": "a.b.c.d.e",
		"for another": "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6IkFSdkdJUEo1ZUlGZHA2WVRNLUlOVkRxd2Z1bjJSOUZmQ1V2WGJIN1FDSVUiLCJ5IjoiaGs4Z1AwUG84bkJoLVdTaVRzdnN5ZXNDNWMxTDZmR09FVnVYOEZIc3ZUcyJ9fQ..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
	} {
		t.Run(name, func(t *testing.T) {
			s := lab(t)
			a := s.account()
			code, state := s.begin(a, everything...)
			before := s.snapshot(a)
			body := `{"access_token":"aa","refresh_token":"bb","expires_in":9,"scope":"profile","keys_jwe":"` + jwe + `"}`
			s.service.Faults.Next(tokenRoute, http.StatusOK, accounttest.RawBody("application/json", body))
			s.service.ForgetRequests()
			want(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrCrypto)
			if s.snapshot(a) != before {
				t.Error("the state changed")
			}
			want(t, "once more", a.CompleteOAuthFlow(t.Context(), code, state), account.ErrNoAuthFlow)
			if n := s.requests("POST /v1/oauth/destroy"); n != 2 {
				t.Errorf("%d tokens were revoked, want 2", n)
			}
		})
	}
}

func TestSignInWithoutRefreshToken(t *testing.T) {
	s := lab(t)
	a := s.account()
	code, state := s.begin(a, everything...)
	s.service.Faults.Next(tokenRoute, http.StatusOK, accounttest.RawBody("application/json", `{"access_token":"aa","expires_in":9,"scope":"profile"}`))
	err := a.CompleteOAuthFlow(t.Context(), code, state)
	want(t, "CompleteOAuthFlow", err, account.ErrOther)
	if errors.Is(err, account.ErrAuthentication) {
		t.Error("a missing refresh token is not a matter of authentication here")
	}
}

// TestScopesOutliveAuthIssues asks for the lost scopes again by itself.
func TestScopesOutliveAuthIssues(t *testing.T) {
	s := newScene(t)
	a, _ := s.signedIn()
	s.owner.RevokeTokens("")
	ok(t, "OnAuthIssues", a.OnAuthIssues(t.Context()))
	if a.AuthState() != account.AuthStateAuthIssues || a.HasScope(account.ScopeProfile) {
		t.Errorf("the state is %v", a.AuthState())
	}
	s.signIn(a, account.ScopeProfile)
	if !a.HasScope(everything...) || a.SyncKeyMissing() || a.AuthState() != account.AuthStateConnected {
		t.Error("the second sign-in covers less than the first")
	}
}
