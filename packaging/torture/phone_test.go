//go:build torture && linux

package torture_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// phone is the other device: our own client, straight at the service.
type phone struct {
	acct *account.Account
	id   string
	peer string // the station's device
	got  []string
	// unreadable counts what it could not decrypt.
	unreadable int
}

func newPhone(t *testing.T, svc *accounttest.Service, person *accounttest.Account) *phone {
	t.Helper()
	const client = accounttest.AndroidClientID
	acct, err := account.New(account.Config{
		Server: account.CustomServer(svc.URL()), ClientID: client, RedirectURI: "https://accounts.firefox.com/oauth/success/" + client,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(acct.Close)
	p := &phone{acct: acct}
	step := func(e account.Event) account.State {
		state, err := acct.ProcessEvent(t.Context(), e)
		if err != nil {
			t.Fatalf("the phone: %v", err)
		}
		return state
	}
	step(account.EventInitialize{Device: account.DeviceConfig{
		Name: "Phone", Type: account.DeviceMobile, Capabilities: []account.Capability{account.CapabilitySendTab},
	}})
	begun := step(account.EventBeginOAuth{Scopes: []string{account.ScopeProfile, account.ScopeOldSync}, Entrypoint: "torture"})
	back, err := svc.Approve(begun.OAuthURL, person)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	step(account.EventCompleteOAuth{Code: u.Query().Get("code"), State: u.Query().Get("state")})
	if p.id, err = acct.CurrentDeviceID(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *phone) send(ctx context.Context, title, link string) error {
	_, err := p.acct.SendTab(ctx, p.peer, title, link)
	return err
}

// fetch takes what the service holds for the phone, in order.
func (p *phone) fetch(t *testing.T) {
	t.Helper()
	for {
		commands, err := p.acct.PollCommands(context.Background())
		if err != nil {
			t.Fatalf("the phone cannot ask: %v", err)
		}
		if len(commands) == 0 {
			return
		}
		for _, c := range commands {
			tab, ok := c.(*account.TabReceived)
			if !ok {
				p.unreadable++
				continue
			}
			page, _ := tab.Payload.Page()
			p.got = append(p.got, page.URL)
		}
	}
}
