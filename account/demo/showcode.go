package demo

import (
	"context"
	"errors"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/pairing"
)

// laptopAgent is what the laptop says it is when it shows a code.
const laptopAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

// laptopParams is the device that shows codes. Firefox for Android stands in at the service, because
// the desktop's own client may not sign in by a redirect.
var laptopParams = deviceParams{Name: "Demo laptop", Type: account.DeviceDesktop, ClientID: accounttest.AndroidClientID}

// laptop is the signed-in device that shows codes. Its orders come one at a time.
type laptop struct {
	w       *world
	device  *device
	session string // the id of its session at the service
	cancel  func() // ends the code that is shown, nil for none
}

// newLaptop signs a laptop in and lets it live with the others.
func newLaptop(ctx context.Context, w *world) (*laptop, error) {
	d, err := newDevice(w, laptopParams)
	if err != nil {
		return nil, err
	}
	// A session is what lets others in.
	if err := d.signIn(ctx, account.ScopeProfile, account.ScopeOldSync, account.ScopeSession); err != nil {
		d.acct.Close()
		return nil, err
	}
	l := &laptop{w: w, device: d}
	token, err := d.acct.SessionToken()
	if err == nil {
		l.session, _, err = keys.SessionCredential(token)
	}
	if err != nil {
		d.acct.Close()
		return nil, err
	}
	w.settle(d)
	return l, nil
}

// showCode has the laptop show a pairing code and say yes to whoever reads it. It gives the code's
// address and returns when it can be scanned; the rest goes on by itself.
func (w *world) showCode(ctx context.Context) (string, error) {
	w.showing.Lock()
	defer w.showing.Unlock()
	w.mu.Lock()
	l := w.laptop
	w.mu.Unlock()
	if l == nil {
		var err error
		if l, err = newLaptop(ctx, w); err != nil {
			return "", err
		}
		w.mu.Lock()
		w.laptop = l
		w.mu.Unlock()
	}
	if l.cancel != nil {
		l.cancel() // one code at a time, as in a browser
	}
	return l.show(ctx)
}

// show begins a pairing and waits until its code can be scanned.
func (l *laptop) show(ctx context.Context) (string, error) {
	w := l.w
	shown := make(chan struct{}, 1)
	var authority *pairing.Authority
	authority, err := pairing.NewAuthority(pairing.AuthorityParams{
		Server: w.svc.URL(), Relay: pairing.Relay{URL: w.svc.PairingURL(), UserAgent: laptopAgent}, Granter: granter{l.device},
		Metadata: pairing.Metadata{Email: Email, DisplayName: "Demo", DeviceName: l.device.params.Name},
		Changed: func(s pairing.Status) {
			w.notePairing(s.State)
			switch s.State {
			case pairing.Showing:
				select {
				case shown <- struct{}{}:
				default:
				}
			case pairing.Asked:
				if s.ConfirmedHere {
					return
				}
				w.work.Go(func() {
					if err := authority.Confirm(w.ctx, ""); err != nil {
						w.logger.Info("the demo laptop cannot confirm", "error", err)
					}
				})
			}
		},
	})
	if err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	w.work.Go(func() {
		err := authority.Run(w.ctx)
		ended <- err
		if err != nil {
			w.logger.Info("nobody was paired by the demo laptop", "error", err)
		}
	})
	select {
	case <-shown:
		l.cancel = authority.Cancel
		code, ok := authority.Code()
		if !ok {
			return "", pairing.ErrEnded
		}
		return code.Address(), nil
	case err := <-ended:
		return "", errors.Join(errNoCode, err)
	case <-ctx.Done():
		authority.Cancel()
		return "", context.Cause(ctx)
	}
}

var errNoCode = errors.New("the demo laptop cannot show a code")

// granter lets others in to the laptop's account.
type granter struct{ d *device }

// Grant has the service make a code for who scanned.
func (g granter) Grant(ctx context.Context, r pairing.Request) (pairing.Grant, error) {
	code, err := g.d.acct.AuthorizeCode(ctx, account.AuthorizationParams{
		ClientID: r.ClientID, Scopes: r.Scopes(), State: r.State, AccessType: "offline",
		CodeChallenge: r.CodeChallenge, CodeChallengeMethod: r.CodeChallengeMethod, KeysJWK: r.KeysJWK,
	})
	return pairing.Grant{Code: code}, err
}
