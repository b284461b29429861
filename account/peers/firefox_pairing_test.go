//go:build peers

package peers

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/pairing"
)

// pairedScopes are what a phone asks for.
var pairedScopes = []string{account.ScopeProfile, account.ScopeOldSync, account.ScopeSession}

// pairingAccount is our own client of the account, on either end of a pairing.
type pairingAccount struct {
	*account.Account
	redeemed bool
}

func newPairingAccount(t *testing.T, s *accounttest.Service) *pairingAccount {
	t.Helper()
	transport := s.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	a, err := account.New(account.Config{
		Server: account.CustomServer(s.URL()), ClientID: accounttest.ReferenceClientID,
		RedirectURI: "https://accounts.firefox.com/oauth/success/" + accounttest.ReferenceClientID,
	}, account.WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return &pairingAccount{Account: a}
}

func (p *pairingAccount) Grant(ctx context.Context, r pairing.Request) (pairing.Grant, error) {
	code, err := p.AuthorizeCode(ctx, account.AuthorizationParams{
		ClientID: r.ClientID, Scopes: r.Scopes(), State: r.State, AccessType: r.AccessType,
		CodeChallenge: r.CodeChallenge, CodeChallengeMethod: r.CodeChallengeMethod, KeysJWK: r.KeysJWK,
	})
	return pairing.Grant{Code: code}, err
}

func (p *pairingAccount) Begin(ctx context.Context, address string) (pairing.Request, error) {
	page, err := p.BeginPairingFlow(ctx, address, pairedScopes, "pairing")
	if err != nil {
		return pairing.Request{}, err
	}
	return pairing.RequestFromURL(page)
}

func (p *pairingAccount) Redeem(ctx context.Context, code, state string) (pairing.Redeemed, error) {
	if err := p.CompleteOAuthFlow(ctx, code, state); err != nil {
		return pairing.Redeemed{}, err
	}
	p.redeemed = true
	profile, err := p.Profile(ctx)
	return pairing.Redeemed{UID: profile.UID, Email: profile.Email}, err
}

func (p *pairingAccount) Abandon(ctx context.Context) error {
	if p.redeemed {
		return p.Disconnect(ctx)
	}
	return p.CancelOAuthFlows(ctx)
}

// startPairing makes Firefox show a code, as its settings page does, and gives its address.
func (b *browser) startPairing() string {
	b.t.Helper()
	var address string
	b.into(&address, `
		const { FxAccountsPairingFlow } = ChromeUtils.importESModule("resource://gre/modules/FxAccountsPairing.sys.mjs");
		const { EventEmitter } = ChromeUtils.importESModule("resource://gre/modules/EventEmitter.sys.mjs");
		globalThis.PairingFlow = FxAccountsPairingFlow;
		globalThis.pairingEmitter = new EventEmitter();
		globalThis.pairingSwitched = "";
		pairingEmitter.on("view:SwitchToWebContent", (_, url) => { globalThis.pairingSwitched = url; });
		done(await FxAccountsPairingFlow.start({emitter: pairingEmitter}))`)
	return address
}

// untilSwitched waits until Firefox shows who asks instead of the code.
func (b *browser) untilSwitched() {
	b.t.Helper()
	until(b.t, "Firefox shows who asks", func() (bool, string) { return b.switchedTo() != "", "it shows the code" })
}

// switchedTo gives the address of the page that asks, "" while Firefox shows the code.
func (b *browser) switchedTo() (address string) {
	b.t.Helper()
	b.into(&address, `done(pairingSwitched)`)
	return address
}

// webChannel gives a pairing command as the accounts page in Firefox does.
func (b *browser) webChannel(channel, command string) {
	b.t.Helper()
	b.script(`await PairingFlow.get(args[0]).onWebChannelMessage(args[1]); done(true)`, channel, command)
}

// ourPairing runs one of our ends beside the test.
type ourPairing struct {
	t     *testing.T
	state func() pairing.Status
	done  chan error
}

func (o ourPairing) until(state pairing.State) pairing.Status {
	o.t.Helper()
	until(o.t, "our end is "+string(state), func() (bool, string) {
		s := o.state()
		return s.State == state, fmt.Sprint(s.State, " ", s.Err)
	})
	return o.state()
}

func relayOf(s *accounttest.Service) pairing.Relay {
	return pairing.Relay{URL: s.PairingURL(), UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Tabferry/1.0"}
}

func joinFirefox(t *testing.T, s *accounttest.Service, b *browser, us *pairingAccount) (*pairing.Supplicant, ourPairing, string) {
	t.Helper()
	address := b.startPairing()
	fragment, err := url.ParseQuery(address[len(s.URL()+"/pair#"):])
	if err != nil {
		t.Fatal("the address of Firefox's code cannot be read")
	}
	supp, err := pairing.NewSupplicant(pairing.SupplicantParams{Address: address, Server: s.URL(), Relay: relayOf(s), Redeemer: us})
	if err != nil {
		t.Fatal(err)
	}
	run := ourPairing{t: t, state: supp.Status, done: make(chan error, 1)}
	go func() { run.done <- supp.Run(t.Context()) }()
	status := run.until(pairing.Confirming)
	if status.Peer.Email != b.account.Email() || status.Peer.DeviceName != "Firefox there" || status.Peer.System != "Firefox on Linux" {
		t.Errorf("we see %+v", *status.Peer)
	}
	b.untilSwitched()
	return supp, run, fragment.Get("channel_id")
}

// TestPeerFirefoxPairing: Firefox shows a code and we are signed in by it, and its own pairing library
// reads ours.
func TestPeerFirefoxPairing(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	a := s.NewAccount("erika@example.org", "secret words")
	b := newBrowser(t, s, a)
	b.signIn("Firefox there")
	t.Run("Firefox confirms first", func(t *testing.T) { firefoxPairsUs(t, b.in(t), true) })
	t.Run("we confirm first", func(t *testing.T) { firefoxPairsUs(t, b.in(t), false) })
	t.Run("the page in Firefox is pressed", func(t *testing.T) {
		b := b.in(t)
		us := newPairingAccount(t, s)
		supp, run, _ := joinFirefox(t, s, b, us)
		if err := supp.Confirm(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.press(b.switchedTo(), "#approve")
		if err := <-run.done; err != nil {
			t.Fatal(err)
		}
		if err := us.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("Firefox declines", func(t *testing.T) {
		us := newPairingAccount(t, s)
		_, run, channel := joinFirefox(t, s, b.in(t), us)
		b.in(t).webChannel(channel, "fxaccounts:pair_decline")
		if err := <-run.done; err == nil || run.state().State != pairing.Cancelled {
			t.Errorf("after a decline: %v, %s", err, run.state().State)
		}
	})
	t.Run("Tabferry joins Firefox", func(t *testing.T) { tabferryJoins(t, b.in(t)) })
	t.Run("Mozilla's library closes", func(t *testing.T) { libraryPairsWithUs(t, b.in(t), true) })
	t.Run("we close", func(t *testing.T) { libraryPairsWithUs(t, b.in(t), false) })
	t.Run("Mozilla's library joins Tabferry", func(t *testing.T) { libraryJoinsTabferry(t, b.in(t)) })
}

// firefoxPairsUs has our client signed in by the code that Firefox shows.
func firefoxPairsUs(t *testing.T, b *browser, firefoxFirst bool) {
	us := newPairingAccount(t, b.service)
	supp, run, channel := joinFirefox(t, b.service, b, us)
	if firefoxFirst {
		b.webChannel(channel, "fxaccounts:pair_authorize")
		until(t, "the permission is here", func() (bool, string) { return run.state().ConfirmedThere, "it is not" })
	}
	if err := supp.Confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !firefoxFirst {
		b.webChannel(channel, "fxaccounts:pair_authorize")
	}
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	token, err := us.AccessToken(t.Context(), account.ScopeOldSync)
	if err != nil || token.Key == nil {
		t.Fatalf("no key: %v", err)
	}
	if err := us.Disconnect(t.Context()); err != nil {
		t.Error(err)
	}
}

// libraryPairsWithUs: we show the code; the other end is Mozilla's own pairing library inside Firefox,
// doing what the page on a phone does. The phone confirms first where it closes first.
func libraryPairsWithUs(t *testing.T, b *browser, phoneFirst bool) {
	s, owner := b.service, b.account
	us := newPairingAccount(t, s)
	page, err := us.BeginOAuthFlow(t.Context(), pairedScopes, "test")
	if err != nil {
		t.Fatal(err)
	}
	final, err := s.Approve(page, owner)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(final)
	if err != nil {
		t.Fatal(err)
	}
	if err := us.CompleteOAuthFlow(t.Context(), u.Query().Get("code"), u.Query().Get("state")); err != nil {
		t.Fatal(err)
	}
	auth, err := pairing.NewAuthority(pairing.AuthorityParams{
		Server: s.URL(), Relay: relayOf(s), Granter: us,
		Metadata: pairing.Metadata{Email: owner.Email(), DeviceName: "Tabferry here"},
	})
	if err != nil {
		t.Fatal(err)
	}
	run := ourPairing{t: t, state: auth.Status, done: make(chan error, 1)}
	go func() { run.done <- auth.Run(t.Context()) }()
	run.until(pairing.Showing)
	code, ok := auth.Code()
	if !ok {
		t.Fatal("no code")
	}
	phone := newPairingAccount(t, s)
	request, err := phone.Begin(t.Context(), code.Address())
	if err != nil {
		t.Fatal(err)
	}
	b.joinByLibrary(s.PairingURL(), code.Address(), request, phoneFirst)
	if peer := run.until(pairing.Asked).Peer; peer.System != "Firefox on Linux" {
		t.Errorf("we see %+v", *peer)
	}
	b.untilMessage("pair:auth:metadata")
	confirm := func() {
		t.Helper()
		if err := auth.Confirm(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if phoneFirst {
		b.libraryConfirms()
		confirm()
	} else {
		confirm()
		b.libraryConfirms()
	}
	granted := b.untilMessage("pair:auth:authorize")
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Redeem(t.Context(), granted["code"], granted["state"]); err != nil {
		t.Fatal(err)
	}
	// When both ends close, the second close is the eleventh message, for which the relay drops
	// everybody; the library calls that an error, long after its flow has ended well.
	var failed []string
	if b.into(&failed, `done(phoneErrors)`); len(failed) > 0 && !phoneFirst {
		t.Errorf("the library complains: %q", failed)
	}
}

// joinByLibrary joins a channel with Mozilla's library and sends the request. When closes is set it
// closes the channel once it has the permission; else it waits for us to, as pages do.
func (b *browser) joinByLibrary(relay, address string, request pairing.Request, closes bool) {
	b.t.Helper()
	b.script(`
		const [relay, fragment, request, closes] = args;
		const { FxAccountsPairingChannel } = ChromeUtils.importESModule("resource://gre/modules/FxAccountsPairingChannel.sys.mjs");
		const params = new URLSearchParams(fragment);
		const key = ChromeUtils.base64URLDecode(params.get("channel_key"), {padding: "ignore"});
		globalThis.phoneMessages = [];
		globalThis.phoneErrors = [];
		globalThis.phoneChannel = await FxAccountsPairingChannel.connect(relay, params.get("channel_id"), new Uint8Array(key));
		phoneChannel.addEventListener("message", event => {
			phoneMessages.push(event.detail.data);
			if (closes && event.detail.data.message == "pair:auth:authorize") phoneChannel.close();
		});
		phoneChannel.addEventListener("error", event => phoneErrors.push(String(event.detail.error)));
		await phoneChannel.send({message: "pair:supp:request", data: request});
		done(true)`, relay, address[len(b.service.URL()+"/pair#"):], request, closes)
}

// untilMessage waits for a message of ours to arrive in the library and gives its data.
func (b *browser) untilMessage(name string) map[string]string {
	b.t.Helper()
	var found []map[string]string
	until(b.t, "the library has "+name, func() (bool, string) {
		b.into(&found, `done(phoneMessages.filter(m => m.message == args[0]).map(m => m.data))`, name)
		return len(found) == 1, "it has not"
	})
	return found[0]
}

// libraryConfirms says yes on the phone.
func (b *browser) libraryConfirms() {
	b.t.Helper()
	b.script(`await phoneChannel.send({message: "pair:supp:authorize", data: {}}); done(true)`)
}
