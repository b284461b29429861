package account

import (
	"context"
	"fmt"
	"net/url"
)

const (
	pairPath       = "pair"
	supplicantPath = "pair/supp"
	// releasePairURL is the short address that Mozilla shows people for the release
	// servers.
	releasePairURL = "https://firefox.com/pair"
)

// PairingAuthorityURL is the page to open on the device that is signed in already,
// to have it show its pairing code.
//
// No request; fxa-client get_pairing_authority_url; docs/protocol/accounts-client.md §7.
func (a *Account) PairingAuthorityURL() (string, error) {
	if (Server{a.state().Config.ContentURL}).origin() == ServerRelease.content {
		return releasePairURL, nil
	}
	return a.wire.Content(pairPath).String(), nil
}

// BeginPairingFlow begins a sign-in with the pairing code that another device
// shows: it returns the address of the page that does the pairing, or, for a client
// that speaks the pairing channel itself, what that client asks for; see
// [ParseAuthorizationParams]. Completing is done with [Account.CompleteOAuthFlow].
//
// An address of another server is ErrOriginMismatch; one without both halves of
// the code is ErrInvalidArgument. No network is needed.
//
// No request; fxa-client begin_pairing_flow; docs/protocol/accounts-client.md §7.
func (a *Account) BeginPairingFlow(ctx context.Context, pairingURL string, scopes []string, entrypoint string, opts ...FlowOption) (string, error) {
	o := applied[flowOptions](opts)
	fragment, err := a.pairingFragment(pairingURL)
	if err != nil {
		return "", err
	}
	var address string
	err = a.change(ctx, func(_ context.Context, t *tx) error {
		page := t.a.wire.Content(supplicantPath)
		addQuery(page, []parameter{{"entrypoint", entrypoint}, {"service", o.service}})
		address, err = t.beginFlow(page, scopes)
		return err
	})
	if err != nil {
		return "", err
	}
	return address + "#" + fragment, nil
}

// pairingFragment checks the address of a pairing code and returns the part that
// carries the channel, unchanged. Errors hold nothing of it.
func (a *Account) pairingFragment(pairingURL string) (string, error) {
	u, err := url.Parse(pairingURL)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("pairing address is no URL: %w", ErrInvalidArgument)
	}
	if here := (Server{a.state().Config.ContentURL}); CustomServer(origin(u)).origin() != here.origin() {
		return "", fmt.Errorf("pairing address of %s, this is %s: %w", CustomServer(origin(u)), here, ErrOriginMismatch)
	}
	fragment := u.EscapedFragment()
	members, err := url.ParseQuery(fragment)
	if err != nil || members.Get("channel_id") == "" || members.Get("channel_key") == "" {
		return "", fmt.Errorf("pairing address has no channel: %w", ErrInvalidArgument)
	}
	return fragment, nil
}
