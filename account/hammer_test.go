package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// hammerTime is how long all methods are called at once; the race detector finds
// what it can find in much less.
const hammerTime = 1500 * time.Millisecond

// hammerFlow is a sign-in view.
var hammerFlow = account.MetricsFlowParams{Origin: "http://localhost:8000", Entrypoint: "hammer", Form: "button"}

// TestHammer calls every method from many goroutines at the same time, on a service
// that now and then fails. Afterwards the account still works, nothing is left on the
// server after signing out, saves never overlapped, and what was saved last is what is
// current.
func TestHammer(t *testing.T) {
	s := lab(t)
	var saving atomic.Int32
	var last atomic.Pointer[[]byte]
	saver := saverFunc(func(_ context.Context, state []byte, _ []account.IncomingCommand) error {
		if saving.Add(1) != 1 {
			t.Error("two saves at the same time")
		}
		defer saving.Add(-1)
		if !json.Valid(state) {
			t.Error("a state is not JSON")
		}
		last.Store(&state)
		return nil
	})
	a := s.account(account.WithSaver(saver), account.WithCommandFetch())
	s.signIn(a)
	s.register(a)
	peer := s.account()
	s.signIn(peer)
	s.register(peer)
	own, err := a.CurrentDeviceID()
	ok(t, "the own id", err)
	target, err := peer.CurrentDeviceID()
	ok(t, "the peer's id", err)
	clients, err := a.AttachedClients(t.Context())
	ok(t, "AttachedClients", err)

	// The calls outlive this: a request given up half way may leave a token on the
	// server that nobody has heard of.
	ctx, cancel := context.WithTimeout(t.Context(), hammerTime)
	defer cancel()
	calls := hammerCalls(s, a, target, clients)
	var group sync.WaitGroup
	var done atomic.Int64
	for name, call := range calls {
		group.Go(func() {
			for ctx.Err() == nil {
				call(t.Context())
				done.Add(1)
				if name == "read" {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	group.Go(func() { // something to receive, and something to go wrong
		for ctx.Err() == nil {
			if _, err := peer.SendTab(t.Context(), own, "A title", "https://example.com/"); errors.Is(err, account.ErrInternal) {
				t.Errorf("SendTab: %v", err) // any other is fine: the target comes and goes
			}
			s.service.Faults.Next("*", 500)
			time.Sleep(5 * time.Millisecond)
		}
	})
	group.Wait()
	s.service.Faults.Clear()
	if n := done.Load(); n < int64(len(calls)) {
		t.Errorf("%d calls only", n)
	}

	// A simulated failure may still be waiting for the next request.
	_, err = a.MetricsFlow(t.Context(), hammerFlow)
	if err != nil && !errors.Is(err, account.ErrNetwork) {
		t.Errorf("MetricsFlow: %v", err)
	}

	// Wherever that led, a new sign-in works and signing out leaves nothing.
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	s.signIn(a)
	if _, err := a.Profile(t.Context()); err != nil {
		t.Errorf("Profile: %v", err)
	}
	if text := last.Load(); text == nil || string(*text) != s.snapshot(a) {
		t.Error("what was saved last is not what is current")
	}
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	ok(t, "Disconnect", peer.Disconnect(t.Context()))
	for _, each := range []*account.Account{a, peer} {
		if left, err := each.FlushRevocations(t.Context()); err != nil || left != 0 {
			t.Errorf("%d revocations left, %v", left, err)
		}
	}
	for _, token := range s.service.LiveTokens() {
		if token.Kind != "session" { // those of sign-ins whose code was lost to a fault
			t.Errorf("a %s token is alive", token.Kind)
		}
	}
}

// hammerCalls are all methods. Errors are expected, panics and races are not; an
// error of no class would be a fault too.
func hammerCalls(s *scene, a *account.Account, target string, clients []account.AttachedClient) map[string]func(context.Context) {
	check := func(err error) {
		if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return
		}
		if errors.Is(err, account.ErrInternal) {
			s.Errorf("internal error: %v", err)
		}
	}
	caps := []account.Capability{account.CapabilitySendTab}
	calls := map[string]func(context.Context){
		"read": func(context.Context) {
			a.AuthState()
			a.State()
			a.Config()
			a.HasScope(account.ScopeProfile)
			a.SyncKeyMissing()
			a.CachedProfile()
			a.SavedDevices()
			a.DevicesAvailable()
			a.EmailHint()
			a.MatchesServer(account.ServerRelease)
			_, err := a.Snapshot()
			check(err)
			_, err = a.ExportV2()
			check(err)
			_, err = a.GatherTelemetry()
			check(err)
			a.MetricsOpen()
			a.ForgetTelemetry()
			_, err = a.SessionToken()
			check(err)
			_, err = a.SignedInUserJSON()
			check(err)
			_, err = a.CurrentDeviceID()
			check(err)
			_, err = a.PairingAuthorityURL()
			check(err)
			_, err = a.ConnectionSuccessURL()
			check(err)
		},
		"sign-in": func(ctx context.Context) {
			address, err := a.BeginOAuthFlow(ctx, everything, "hammer")
			check(err)
			if err != nil {
				return
			}
			code, state, err := answerOf(s.service, address, s.owner)
			if err == nil {
				check(a.CompleteOAuthFlow(ctx, code, state))
			}
		},
		"pairing": func(ctx context.Context) {
			_, err := a.BeginPairingFlow(ctx, s.service.URL()+"/pair#"+channel, everything, "hammer")
			check(err)
			check(a.CancelOAuthFlows(ctx))
		},
		"sign-out": func(ctx context.Context) {
			time.Sleep(50 * time.Millisecond)
			check(a.Disconnect(ctx))
			_, err := a.FlushRevocations(ctx)
			check(err)
		},
		"tokens": func(ctx context.Context) {
			_, err := a.AccessToken(ctx, account.ScopeProfile)
			check(err)
			_, err = a.AccessToken(ctx, account.ScopeOldSync, account.WithoutCache())
			check(err)
			check(a.ClearAccessTokens(ctx))
		},
		"profile": func(ctx context.Context) {
			_, err := a.Profile(ctx, account.Fresh())
			check(err)
			_, err = a.ManageAccountURL(ctx, "hammer")
			check(err)
			_, err = a.ManageDevicesURL(ctx, "hammer")
			check(err)
			_, err = a.AccountExists(ctx)
			check(err)
			check(a.ForgetEmailHint(ctx))
		},
		"session": func(ctx context.Context) {
			token := s.owner.NewSession()
			check(a.SetUserData(ctx, account.UserData{SessionToken: token}))
			check(a.HandleWebLogin(ctx, []byte(`{"sessionToken":"`+token+`"}`)))
			check(a.HandleSessionTokenChange(ctx, token))
			check(a.HandleWebPasswordChange(ctx, []byte(`{"sessionToken":"`+token+`"}`)))
			_, err := a.CheckSession(ctx)
			check(err)
			_, err = a.NeedsTOTP(ctx)
			check(err)
			_, err = a.VerifyTOTP(ctx, "123456")
			check(err)
		},
		"clients": func(ctx context.Context) {
			_, err := a.AttachedClients(ctx, account.Fresh())
			check(err)
			check(a.DisconnectClient(ctx, clients[0]))
		},
		"devices": func(ctx context.Context) {
			_, err := a.InitializeDevice(ctx, "Hammer", account.DeviceDesktop, caps)
			check(err)
			_, err = a.EnsureCapabilities(ctx, append(caps, account.CapabilityCloseTabs))
			check(err)
			_, err = a.SetDeviceName(ctx, "Nail")
			check(err)
			check(a.ClearDeviceName(ctx))
			_, err = a.SetPushSubscription(ctx, matrixSubscription)
			check(err)
			_, err = a.Devices(ctx, account.Fresh())
			check(err)
			check(a.DisconnectDevice(ctx, "00000000000000000000000000000000"))
		},
		"commands": func(ctx context.Context) {
			_, err := a.SendTab(ctx, target, "A title", "https://example.com/", account.Private())
			check(err)
			_, err = a.CloseTabs(ctx, target, []string{"https://example.com/"})
			check(err)
			_, err = a.PollCommands(ctx)
			check(err)
		},
		"push": func(ctx context.Context) {
			for _, text := range []string{
				`{"command":"fxaccounts:profile_updated"}`, `{"command":"fxaccounts:device_connected","data":{"deviceName":"x"}}`,
				`{"command":"fxaccounts:command_received","data":{"index":1}}`, ``,
			} {
				_, err := a.HandlePush(ctx, []byte(text))
				check(err)
			}
		},
		"checks": func(ctx context.Context) {
			_, err := a.CheckAuthorization(ctx)
			check(err)
			_, err = a.TokenServerURL(ctx)
			check(err)
			_, err = a.PairingRelayURL(ctx)
			check(err)
			_, _, err = a.Issuer(ctx)
			check(err)
			_, err = a.MetricsFlow(ctx, hammerFlow)
			check(err)
			a.Close()
		},
		"trouble": func(ctx context.Context) {
			time.Sleep(20 * time.Millisecond)
			a.SimulateNetworkError()
			check(a.SimulateTemporaryAuthIssue(ctx))
			check(a.OnAuthIssues(ctx))
		},
		"machine": func(ctx context.Context) {
			for _, e := range []account.Event{
				account.EventInitialize{},
				account.EventCheckAuthorization{},
				account.EventCallGetProfile{},
				account.EventBeginOAuth{Scopes: everything, Entrypoint: "hammer"},
				account.EventCancelOAuth{},
			} {
				_, err := a.ProcessEvent(ctx, e)
				check(err)
			}
		},
		"grants": func(ctx context.Context) {
			_, err := a.AuthorizeCode(ctx, account.AuthorizationParams{
				ClientID: accounttest.AndroidClientID, Scopes: everything, State: "s", AccessType: "offline",
				CodeChallenge: "ZgHLPPJ8XYbXpo7VIb7wFw0yXlTa6MUOVfGiADt0JSM", CodeChallengeMethod: "S256", KeysJWK: matrixJWK,
			})
			check(err)
		},
	}
	return calls
}
