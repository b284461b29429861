package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/pairing"
)

// phoneAgent is what the phone says it is when it scans a code; the person at the other end sees it.
const phoneAgent = "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"

// scan has another phone read a pairing code and say yes. It returns when the phone waits for the
// other side, or when that came to nothing; the rest goes on by itself.
func (w *world) scan(ctx context.Context, address string) error {
	if _, err := pairing.ParseAddress(address, w.svc.URL()); err != nil {
		return err
	}
	w.mu.Lock()
	w.scans++
	name := "Paired phone"
	if w.scans > 1 {
		name = fmt.Sprintf("Paired phone %d", w.scans)
	}
	w.pairing = "begun"
	w.mu.Unlock()
	d, err := newDevice(w, deviceParams{Name: name, Type: account.DeviceMobile, ClientID: accounttest.AndroidClientID})
	if err != nil {
		return err
	}
	waiting := make(chan struct{}, 1)
	var phone *pairing.Supplicant
	phone, err = pairing.NewSupplicant(pairing.SupplicantParams{
		Address: address, Server: w.svc.URL(), Redeemer: redeemer{d},
		Relay: pairing.Relay{URL: w.svc.PairingURL(), UserAgent: phoneAgent},
		Changed: func(s pairing.Status) {
			w.notePairing(s.State)
			switch s.State {
			case pairing.Confirming:
				w.work.Go(func() {
					if err := phone.Confirm(w.ctx); err != nil {
						w.logger.Info("the demo phone cannot confirm", "error", err)
					}
				})
			case pairing.Waiting, pairing.Redeeming, pairing.Done:
				select {
				case waiting <- struct{}{}:
				default:
				}
			}
		},
	})
	if err != nil {
		d.acct.Close()
		return err
	}
	ended := make(chan error, 1)
	w.work.Go(func() {
		err := phone.Run(w.ctx)
		ended <- err
		if err != nil {
			w.logger.Info("the demo phone was not paired", "error", err)
			d.acct.Close()
			return
		}
		w.settle(d)
	})
	select {
	case <-waiting:
		return nil
	case err := <-ended:
		return err
	case <-ctx.Done():
		phone.Cancel()
		return context.Cause(ctx)
	}
}

// notePairing keeps how a pairing goes.
func (w *world) notePairing(state pairing.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pairing = string(state)
}

// settle lets a device that was added live with the others.
func (w *world) settle(d *device) {
	w.work.Go(func() { d.live(w.ctx) })
	if err := d.announce(w.ctx); err != nil {
		w.logger.Warn("a new demo device cannot be alerted", "device", d.params.Name, "error", err)
	}
	w.mu.Lock()
	w.devices = append(w.devices, d)
	w.mu.Unlock()
}

// redeemer is the phone's account in a pairing.
type redeemer struct{ d *device }

// Begin prepares the sign-in.
func (r redeemer) Begin(ctx context.Context, address string) (pairing.Request, error) {
	state, err := r.d.acct.ProcessEvent(ctx, account.EventBeginPairing{PairingURL: address, Scopes: scopes, Entrypoint: "demo"})
	if state.Kind != account.Authenticating {
		return pairing.Request{}, errors.Join(errSignIn, err)
	}
	return pairing.RequestFromURL(state.OAuthURL)
}

// Redeem completes it.
func (r redeemer) Redeem(ctx context.Context, code, state string) (pairing.Redeemed, error) {
	after, err := r.d.acct.ProcessEvent(ctx, account.EventCompleteOAuth{Code: code, State: state})
	if after.Kind != account.Connected {
		return pairing.Redeemed{}, errors.Join(errSignIn, err)
	}
	p, err := r.d.acct.Profile(ctx, account.Fresh())
	if err != nil {
		return pairing.Redeemed{}, err
	}
	return pairing.Redeemed{UID: p.UID, Email: p.Email}, nil
}

// Abandon undoes it.
func (r redeemer) Abandon(ctx context.Context) error {
	switch r.d.acct.State().Kind {
	case account.Connected:
		_, err := r.d.acct.ProcessEvent(ctx, account.EventDisconnect{})
		return err
	case account.Authenticating:
		_, err := r.d.acct.ProcessEvent(ctx, account.EventCancelOAuth{})
		return err
	}
	return nil
}
