package demo_test

import (
	"context"
	"slices"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/demo"
	"github.com/tabferry/tabferry/account/pairing"
)

// The demo laptop shows a code; a guest reads it and is signed in. A second code ends the first.
func TestLaptopShowsCode(t *testing.T) {
	r := start(t, t.TempDir())
	first, err := r.client.ShowCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report := r.report(t); len(report.LiveTokens) != 0 || !slices.Contains(report.Devices, "Demo laptop") {
		t.Errorf("with a code shown the demo reports %+v", report)
	}
	address, err := r.client.ShowCode(t.Context())
	if err != nil || address == first {
		t.Fatalf("the second code is the first, or %v", err)
	}
	if err := r.join(t, first); err == nil {
		t.Error("the first code is still good")
	}
	if err := r.join(t, address); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the laptop to be done", func() bool { return r.report(t).Pairing == string(pairing.Done) })
	if report := r.report(t); len(report.LiveTokens) == 0 {
		t.Error("the service knows no token of the guest")
	}
}

// join reads a code with a guest that says yes to everything.
func (r *running) join(t *testing.T, address string) error {
	t.Helper()
	config := r.report(t).Config
	var guest *pairing.Supplicant
	var err error
	guest, err = pairing.NewSupplicant(pairing.SupplicantParams{
		Address: address, Server: config.Server, Relay: pairing.Relay{URL: config.PairingServer}, Redeemer: redeemer{r.guest(t)},
		Changed: func(s pairing.Status) {
			if s.State == pairing.Confirming && !s.ConfirmedHere {
				go func() {
					if err := guest.Confirm(t.Context()); err != nil {
						t.Error(err)
					}
				}()
			}
			if s.State == pairing.Confirming && (s.Peer == nil || s.Peer.Email != demo.Email || s.Peer.DeviceName != "Demo laptop") {
				t.Errorf("the laptop shows itself as %+v", s.Peer)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return guest.Run(t.Context())
}

// redeemer is the guest's account in a pairing.
type redeemer struct{ acct *account.Account }

func (r redeemer) Begin(ctx context.Context, address string) (pairing.Request, error) {
	state, err := r.acct.ProcessEvent(ctx, account.EventBeginPairing{
		PairingURL: address, Scopes: []string{account.ScopeProfile, account.ScopeOldSync, account.ScopeSession}, Entrypoint: "test",
	})
	if err != nil {
		return pairing.Request{}, err
	}
	return pairing.RequestFromURL(state.OAuthURL)
}

func (r redeemer) Redeem(ctx context.Context, code, state string) (pairing.Redeemed, error) {
	if _, err := r.acct.ProcessEvent(ctx, account.EventCompleteOAuth{Code: code, State: state}); err != nil {
		return pairing.Redeemed{}, err
	}
	p, err := r.acct.Profile(ctx, account.Fresh())
	return pairing.Redeemed{UID: p.UID, Email: p.Email}, err
}

func (r redeemer) Abandon(ctx context.Context) error {
	if r.acct.State().Kind != account.Authenticating {
		return nil
	}
	_, err := r.acct.ProcessEvent(ctx, account.EventCancelOAuth{})
	return err
}
