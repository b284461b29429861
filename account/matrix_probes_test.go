package account_test

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
)

// ctxAccount shortens the table.
type ctxAccount = func(ctx context.Context, w *matrixWorld, a *account.Account) error

// deviceChanges is what a failing call on a device route may change: what is known
// of the own record is dropped so that it is published again, with the capabilities
// that were asked for last.
var deviceChanges = []string{"local_device", "devices_unavailable", "devices", "devices_at", "capabilities", "bundle_kid"}

// deviceClass: on device routes a dead token and a client without the right to them
// look the same, and the introspection of the matrix says that the token is alive.
func deviceClass(route string, r refusal) (error, bool) {
	if strings.Contains(route, "/account/device") && (r.status == 401 && r.errno == 110 || r.status == 400 && r.errno == 163) {
		return account.ErrDevicesUnavailable, true
	}
	return nil, false
}

// passing is the class of trouble that may be over later.
func passing(class error) bool {
	return errors.Is(class, account.ErrNetwork) || errors.Is(class, account.ErrUnavailable)
}

// revokes reports whether a route only revokes.
func revokes(route string) bool {
	return strings.HasSuffix(route, "/destroy")
}

// sparesCarryOver: what follows a new refresh token is done as well as can be.
func sparesCarryOver(route string, class error) bool {
	return revokes(route) || strings.HasPrefix(route, "GET /v1/account/devices") || route == "POST /v1/account/device" ||
		route == introspectRoute && !passing(class)
}

func prepareProfile(w *matrixWorld) {
	_, err := w.a.Profile(w.Context())
	ok(w, "Profile", err)
}

// beginFlow begins a sign-in with randomness that repeats itself, and once, on the
// recording, has the page approve it.
func beginFlow(ctx context.Context, w *matrixWorld, a *account.Account) error {
	address, err := a.BeginOAuthFlow(ctx, everything, "matrix")
	if err != nil || w.code != "" {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	w.code, _ = w.approve(address)
	w.session = u.Query().Get("state") // looked for in errors like the rest
	return nil
}

func push(text string) ctxAccount {
	return func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
		_, err := a.HandlePush(ctx, []byte(text))
		return err
	}
}

// event processes events; all but the last are there to get into the right state.
func event(e account.Event) ctxAccount {
	return func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
		_, err := a.ProcessEvent(ctx, e)
		return err
	}
}

func initialize(ctx context.Context, _ *matrixWorld, a *account.Account) error {
	_, err := a.ProcessEvent(ctx, account.EventInitialize{Device: account.DeviceConfig{
		Name: "My laptop", Type: account.DeviceDesktop,
		Capabilities: []account.Capability{account.CapabilitySendTab, account.CapabilityCloseTabs},
	}})
	return err
}

// probes lists every method that asks the network, by its name and after a dash by
// what is special.
func probes() map[string]probe {
	return map[string]probe{
		"AccessToken": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.AccessToken(ctx, account.ScopeProfile, account.WithoutCache())
			return err
		}},
		"AccessToken - exchange": {
			prepare: func(w *matrixWorld) {
				ok(w, "Disconnect", w.a.Disconnect(w.Context()))
				w.signIn(w.a, account.ScopeOldSync)
			},
			do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
				_, err := a.AccessToken(ctx, account.ScopeProfile)
				return err
			},
			class: func(route string, r refusal) (error, bool) {
				if r.status == 400 && !errors.Is(r.class, account.ErrAuthentication) {
					return account.ErrScopeMissing, true
				}
				return nil, false
			},
		},
		"AccountExists": {prepare: prepareProfile, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.AccountExists(ctx)
			return err
		}},
		"UserExists": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			_, err := a.UserExists(ctx, w.owner.UID())
			return err
		}},
		"AttachedClients": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.AttachedClients(ctx)
			return err
		}},
		"AuthorizeCode": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			_, err := a.AuthorizeCode(ctx, account.AuthorizationParams{
				ClientID: "a2270f727f45f648", Scopes: everything, State: "a state", AccessType: "offline",
				CodeChallenge: strings.Repeat("c", 43), CodeChallengeMethod: "S256", KeysJWK: matrixJWK,
			})
			return err
		}},
		"BeginOAuthFlow": {local: true, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.BeginOAuthFlow(ctx, everything, "matrix")
			return err
		}},
		"CheckAuthorization": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.CheckAuthorization(ctx)
			return err
		}},
		"CheckSession": {
			do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
				_, err := a.CheckSession(ctx)
				return err
			},
			class: func(_ string, r refusal) (error, bool) { return nil, r.status == 401 && r.errno == 110 },
		},
		"ClearDeviceName": {
			do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error { return a.ClearDeviceName(ctx) },
			class: func(route string, r refusal) (error, bool) {
				if r.status == 400 && r.errno != 163 || route == "" { // the servers refuse it even when all is well
					return account.ErrUnsupported, true
				}
				return deviceClass(route, r)
			},
			device: true,
		},
		"CloseTabs": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			_, err := a.CloseTabs(ctx, w.peerID, []string{"https://example.com/close"})
			return err
		}, device: true},
		"CloseTabsDelivery": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			_, _, err := a.CloseTabsDelivery(ctx, w.peerID, []string{"https://example.com/close"})
			return err
		}, device: true},
		"CompleteOAuthFlow": {
			prepare: prepareProfile, arm: beginFlow, keeps: []string{"revocations"}, // of what the sign-in brought
			do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
				return a.CompleteOAuthFlow(ctx, w.code, w.session)
			},
			spares: sparesCarryOver,
		},
		"CompleteOAuthFlow - widening": {
			arm: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
				address, err := a.BeginOAuthFlow(ctx, []string{account.ScopeProfile}, "matrix")
				if err != nil || w.code != "" {
					return err
				}
				w.code, w.session = w.approve(address)
				return nil
			},
			do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
				return a.CompleteOAuthFlow(ctx, w.code, w.session)
			},
			spares: sparesCarryOver,
		},
		"Devices": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.Devices(ctx, account.Fresh())
			return err
		}, device: true},
		"Disconnect": {
			do:     func(ctx context.Context, _ *matrixWorld, a *account.Account) error { return a.Disconnect(ctx) },
			spares: func(string, error) bool { return true },
		},
		"DisconnectClient": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			return a.DisconnectClient(ctx, account.AttachedClient{DeviceID: w.peerID})
		}},
		"DisconnectDevice": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			return a.DisconnectDevice(ctx, w.peerID)
		}, device: true},
		"EnsureCapabilities": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.EnsureCapabilities(ctx, []account.Capability{account.CapabilitySendTab})
			return err
		}, device: true},
		"FlushRevocations": {
			prepare: func(w *matrixWorld) {
				_, err := w.a.AccessToken(w.Context(), account.ScopeProfile)
				ok(w, "AccessToken", err)
				ok(w, "ClearAccessTokens", w.a.ClearAccessTokens(w.Context()))
			},
			do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
				_, err := a.FlushRevocations(ctx)
				return err
			},
			// What is refused for good cannot be revoked and is let go.
			spares: func(_ string, class error) bool { return !passing(class) },
		},
		"HandlePush": {
			do:     push(`{"command":"fxaccounts:command_received","data":{"command":"c","index":1}}`),
			device: true,
		},
		"HandleSessionTokenChange": {
			do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
				return a.HandleSessionTokenChange(ctx, w.session)
			},
			spares: sparesCarryOver,
		},
		"HandleWebPasswordChange": {
			prepare: func(w *matrixWorld) { ok(w, "OnAuthIssues", w.a.OnAuthIssues(w.Context())) },
			keeps:   []string{"revocations"}, // of what the session brought
			do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
				return a.HandleWebPasswordChange(ctx, []byte(`{"sessionToken":"`+w.session+`"}`))
			},
			spares: sparesCarryOver,
		},
		"InitializeDevice": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.InitializeDevice(ctx, "Another name", account.DeviceTablet, []account.Capability{account.CapabilitySendTab})
			return err
		}, device: true},
		"Issuer": {local: true, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, _, err := a.Issuer(ctx)
			return err
		}},
		"ManageAccountURL": {keeps: []string{"access_tokens", "revocations"}, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.ManageAccountURL(ctx, "matrix")
			return err
		}},
		"ManageDevicesURL": {keeps: []string{"access_tokens", "revocations"}, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.ManageDevicesURL(ctx, "matrix")
			return err
		}},
		"MetricsFlow": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.MetricsFlow(ctx, account.MetricsFlowParams{Origin: "http://localhost:8000", Entrypoint: "matrix", Form: "button"})
			return err
		}},
		"NeedsTOTP": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.NeedsTOTP(ctx)
			return err
		}},
		"PairingRelayURL": {local: true, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.PairingRelayURL(ctx)
			return err
		}},
		// A page before the failing one stays received.
		"PollCommands": {keeps: []string{"last_command"}, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.PollCommands(ctx)
			return err
		}, device: true},
		"ProcessEvent - profile": {
			arm: initialize, do: event(account.EventCallGetProfile{}), keeps: []string{"access_tokens", "revocations"},
		},
		"ProcessEvent - check": {arm: initialize, do: event(account.EventCheckAuthorization{})},
		"Profile": {keeps: []string{"access_tokens", "revocations"}, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.Profile(ctx)
			return err
		}},
		"SendTab": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			_, err := a.SendTab(ctx, w.peerID, "A title", "https://example.com/sent")
			return err
		}, device: true},
		"SetDeviceName": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.SetDeviceName(ctx, "Another name")
			return err
		}, device: true},
		"SetPushSubscription": {do: func(ctx context.Context, w *matrixWorld, a *account.Account) error {
			_, err := a.SetPushSubscription(ctx, matrixSubscription)
			return err
		}, device: true},
		"TokenServerURL": {local: true, do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.TokenServerURL(ctx)
			return err
		}},
		"VerifyTOTP": {do: func(ctx context.Context, _ *matrixWorld, a *account.Account) error {
			_, err := a.VerifyTOTP(ctx, "123456")
			return err
		}},
	}
}

// matrixJWK is the published key of the vectors.
const matrixJWK = "eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6IkFSdkdJUEo1ZUlGZHA2WVRNLUlOVkRxd2Z1bjJSOUZmQ1V2WGJIN1FDSVUiLCJ5IjoiaGs4Z1AwUG84bkJoLVdTaVRzdnN5ZXNDNWMxTDZmR09FVnVYOEZIc3ZUcyJ9"

// matrixSubscription names Mozilla's push service, which nobody asks.
var matrixSubscription = account.PushSubscription{
	Endpoint:  "https://updates.push.services.mozilla.com/wpush/v2/matrix",
	PublicKey: "BHXlYbpLn9_gFFa8q-HkgQZ6u7-XbvF-3A9xalnHjTk3BNtMPZKbwVcGH_wmCB_QftFnq74_8_s7eZlS0644qgQ",
	AuthKey:   "2VWgrd3dttKtQ7vD3iJK5g",
}

// withoutNetwork are the methods that never ask anything.
var withoutNetwork = strings.Fields(`Announced AuthState BeginPairingFlow CachedProfile CancelOAuthFlows ClearAccessTokens Close
	Config ConnectionSuccessURL CurrentDeviceID DevicesAvailable EmailHint ExportV2 Forget ForgetEmailHint ForgetLastSeen ForgetTelemetry
	GatherTelemetry HandleWebLogin HasScope LastSeenProfile MatchesServer MetricsOpen MetricsOptedOut OnAuthIssues PairingAuthorityURL PreviousUID SavedDevices SessionToken SetUserData
	SignedInUserJSON SimulateNetworkError SimulatePermanentAuthIssue SimulateTemporaryAuthIssue Snapshot State
	SyncKeyMissing`)

// TestMatrixIsComplete fails when a method is neither probed nor known to need no
// network.
func TestMatrixIsComplete(t *testing.T) {
	sorted := make(map[string]bool)
	for _, name := range withoutNetwork {
		sorted[name] = true
	}
	for name := range probes() {
		name, _, _ = strings.Cut(name, " - ")
		sorted[name] = true
	}
	methods := reflect.TypeFor[*account.Account]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		if !sorted[name] {
			t.Errorf("%s is in no column of the matrix", name)
		}
		delete(sorted, name)
	}
	for name := range sorted {
		t.Errorf("%s is no method", name)
	}
}
