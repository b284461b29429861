package pairing_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/pairing"
)

// granter lets package account stand for the authority's account.
type granter struct{ *account.Account }

func (g granter) Grant(ctx context.Context, r pairing.Request) (pairing.Grant, error) {
	code, err := g.AuthorizeCode(ctx, account.AuthorizationParams{
		ClientID: r.ClientID, Scopes: r.Scopes(), State: r.State, AccessType: "offline",
		CodeChallenge: r.CodeChallenge, CodeChallengeMethod: r.CodeChallengeMethod, KeysJWK: r.KeysJWK,
	})
	return pairing.Grant{Code: code}, err
}

func (g granter) Required(ctx context.Context) (bool, error) { return g.NeedsTOTP(ctx) }

func (g granter) Verify(ctx context.Context, code string) error {
	right, err := g.VerifyTOTP(ctx, code)
	if err == nil && !right {
		err = pairing.ErrTwoStepWrong
	}
	return err
}

// redeemer lets package account stand for the supplicant's account.
type redeemer struct {
	*account.Account
	redeemed bool
}

func (r *redeemer) Begin(ctx context.Context, address string) (pairing.Request, error) {
	page, err := r.BeginPairingFlow(ctx, address, []string{account.ScopeProfile, account.ScopeOldSync, account.ScopeSession}, "pairing")
	if err != nil {
		return pairing.Request{}, err
	}
	return pairing.RequestFromURL(page)
}

func (r *redeemer) Redeem(ctx context.Context, code, state string) (pairing.Redeemed, error) {
	if err := r.CompleteOAuthFlow(ctx, code, state); err != nil {
		return pairing.Redeemed{}, err
	}
	r.redeemed = true
	profile, err := r.Profile(ctx)
	return pairing.Redeemed{UID: profile.UID, Email: profile.Email}, err
}

func (r *redeemer) Abandon(ctx context.Context) error {
	if r.redeemed {
		return r.Disconnect(ctx)
	}
	return r.CancelOAuthFlows(ctx)
}

func newAccount(t *testing.T, svc *accounttest.Service) *account.Account {
	t.Helper()
	transport := svc.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	a, err := account.New(account.Config{
		Server: account.CustomServer(svc.URL()), ClientID: accounttest.ReferenceClientID,
		RedirectURI: "https://accounts.firefox.com/oauth/success/" + accounttest.ReferenceClientID,
	}, account.WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func signIn(t *testing.T, svc *accounttest.Service, a *account.Account, owner *accounttest.Account) {
	t.Helper()
	page, err := a.BeginOAuthFlow(t.Context(), []string{account.ScopeProfile, account.ScopeOldSync, account.ScopeSession}, "test")
	if err != nil {
		t.Fatal(err)
	}
	final, err := svc.Approve(page, owner)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(final)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.CompleteOAuthFlow(t.Context(), u.Query().Get("code"), u.Query().Get("state")); err != nil {
		t.Fatal(err)
	}
}

// until waits for a state of a pairing whose changes come through the channel.
func until(t *testing.T, changes <-chan pairing.Status, want pairing.State) pairing.Status {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case s := <-changes:
			if s.State == want {
				return s
			}
			if s.State.Ended() {
				t.Fatalf("%s: %v", s.State, s.Err)
			}
		case <-limit:
			t.Fatalf("never %s", want)
		}
	}
}

// TestPairTwoAccounts signs a second client in through the whole of it, over loopback: relay,
// channel, scoped keys, code and tokens.
func TestPairTwoAccounts(t *testing.T) {
	svc := accounttest.New(t, accounttest.Lint())
	owner := svc.NewAccount("pair@example.com", "correct horse")
	first, second := newAccount(t, svc), newAccount(t, svc)
	signIn(t, svc, first, owner)
	relayURL, err := first.PairingRelayURL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := svc.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	relay := pairing.Relay{URL: relayURL, HTTPClient: &http.Client{Transport: transport}, UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Tabferry/1.0"}

	authChanges, suppChanges := make(chan pairing.Status, 64), make(chan pairing.Status, 64)
	auth, err := pairing.NewAuthority(pairing.AuthorityParams{
		Server: svc.URL(), Relay: relay, Granter: granter{first}, TwoStep: granter{first},
		Metadata: pairing.Metadata{Email: "pair@example.com", DeviceName: "First"},
		Changed:  func(s pairing.Status) { authChanges <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() { ended <- auth.Run(t.Context()) }()
	until(t, authChanges, pairing.Showing)
	code, ok := auth.Code()
	if !ok {
		t.Fatal("no code")
	}
	supp, err := pairing.NewSupplicant(pairing.SupplicantParams{
		Address: code.Address(), Server: svc.URL(), Relay: relay, Redeemer: &redeemer{Account: second},
		Changed: func(s pairing.Status) { suppChanges <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- supp.Run(t.Context()) }()
	if s := until(t, authChanges, pairing.Asked); s.Peer.Application != "Reference browser" || s.NeedsTwoStep {
		t.Errorf("%+v %+v", s, s.Peer)
	}
	if s := until(t, suppChanges, pairing.Confirming); s.Peer.Email != "pair@example.com" || s.Peer.DeviceName != "First" {
		t.Errorf("%+v", s.Peer)
	}
	if err := supp.Confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := auth.Confirm(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
	// Both now hold the same key.
	var keys []account.AccessToken
	for _, a := range []*account.Account{first, second} {
		token, err := a.AccessToken(t.Context(), account.ScopeOldSync)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, token)
	}
	if keys[0].Key == nil || keys[1].Key == nil || *keys[0].Key != *keys[1].Key {
		t.Error("the keys differ")
	}
	for _, a := range []*account.Account{first, second} {
		if err := a.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if left, err := a.FlushRevocations(t.Context()); err != nil || left != 0 {
			t.Errorf("%d tokens left, %v", left, err)
		}
	}
	if scopes := (pairing.Request{Scope: " a  b "}).Scopes(); !slices.Equal(scopes, []string{"a", "b"}) {
		t.Errorf("%q", scopes)
	}
}
