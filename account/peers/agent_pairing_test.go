//go:build peers

package peers

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// pairingIs tells whether a snapshot shows a pairing in a state.
func pairingIs(state localapi.PairingState) func(localapi.Snapshot) bool {
	return func(n localapi.Snapshot) bool { return n.Pairing != nil && n.Pairing.State == state }
}

// tabferryJoins: a signed-out Tabferry reads the code that Firefox shows, the person says yes on the
// page in Firefox, and the two exchange tabs.
func tabferryJoins(t *testing.T, b *browser) {
	s := b.service
	f := newFerry(t, s, b.account, "Tabferry by pairing")
	f.untilState("ready", func(n localapi.Snapshot) bool { return !n.Storage.Locked })
	address := b.startPairing()
	scanned := time.Now()
	if err := f.JoinPairing(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	shown := f.untilState("asking whether to join", pairingIs(localapi.PairConfirming))
	asked := time.Since(scanned)
	if p := shown.Pairing.Peer; p == nil || p.Email != b.account.Email() || p.DeviceName != "Firefox there" {
		t.Errorf("Tabferry shows %s", compact(shown.Pairing))
	}
	if err := f.ConfirmPairing(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	f.untilState("waiting for Firefox", pairingIs(localapi.PairWaiting))

	fragment, err := url.ParseQuery(strings.TrimPrefix(address, s.URL()+"/pair#"))
	if err != nil {
		t.Fatal("the address of Firefox's code cannot be read")
	}
	b.untilSwitched()
	confirmed := time.Now()
	b.webChannel(fragment.Get("channel_id"), "fxaccounts:pair_authorize")
	f.untilState("signed in by the pairing", func(n localapi.Snapshot) bool {
		return n.Account.State == localapi.SignedIn && n.Account.DeviceID != ""
	})
	connected := time.Since(confirmed)
	f.untilConnected()
	t.Logf("from the scan to the question %v, from the last yes to connected %v, to alertable %v",
		asked.Round(time.Millisecond), connected.Round(time.Millisecond), time.Since(confirmed).Round(time.Millisecond))

	there, here := f.untilDevice("Firefox there"), b.untilDevice("Tabferry by pairing")
	f.send(there.ID, localapi.Link{URL: page(s, "paired"), Title: "Paired"})
	b.untilOpen(page(s, "paired"))
	b.send(here.ID, "https://example.org/paired", "Paired")
	if got := f.untilReceived(1)[0]; got.URL != "https://example.org/paired" || got.From != "Firefox there" {
		t.Errorf("Tabferry received %s", compact(got))
	}
}

// libraryJoinsTabferry: Tabferry shows the code, and a phone that uses Mozilla's library is let in.
func libraryJoinsTabferry(t *testing.T, b *browser) {
	s := b.service
	f := newFerry(t, s, b.account, "Tabferry shows")
	f.signIn()
	if err := f.ShowPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.untilState("showing a code", pairingIs(localapi.PairShowing))
	address, err := f.PairingCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	phone := newPairingAccount(t, s)
	request, err := phone.Begin(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	b.joinByLibrary(s.PairingURL(), address, request, false)
	f.untilState("asking whether to let the phone in", pairingIs(localapi.PairAsked))
	if seen := b.untilMessage("pair:auth:metadata"); seen["email"] != b.account.Email() || seen["deviceName"] != "Tabferry shows" {
		t.Errorf("the phone sees %v", seen)
	}
	if err := f.ConfirmPairing(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	b.libraryConfirms()
	granted := b.untilMessage("pair:auth:authorize")
	f.untilState("done", pairingIs(localapi.PairDone))
	redeemed, err := phone.Redeem(t.Context(), granted["code"], granted["state"])
	if err != nil || redeemed.Email != b.account.Email() {
		t.Fatalf("the phone is signed in to %q: %v", redeemed.Email, err)
	}
	token, err := phone.AccessToken(t.Context(), account.ScopeOldSync)
	if err != nil || token.Key == nil {
		t.Fatalf("the phone has no key: %v", err)
	}
}
