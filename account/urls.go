package account

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

const (
	settingsPath         = "settings"
	settingsClientsPath  = "settings/clients"
	connectAnotherPath   = "connect_another_device"
	connectAnotherQuery  = "showSuccessMessage=true"
	manageContextOfPages = webChannelContext
)

// ConnectionSuccessURL is the page that says that this device is connected, and how
// to connect another.
func (a *Account) ConnectionSuccessURL() (string, error) {
	u := a.wire.Content(connectAnotherPath)
	u.RawQuery = connectAnotherQuery
	return u.String(), nil
}

// ManageAccountURL is the page where the person manages the account. It names the
// account, for which the profile is fetched when it is not known.
func (a *Account) ManageAccountURL(ctx context.Context, entrypoint string) (string, error) {
	list := []parameter{{"entrypoint", entrypoint}}
	if a.state().Config.RedirectURI == webChannelRedirect {
		list = append(list, parameter{"context", manageContextOfPages})
	}
	return a.manageURL(ctx, settingsPath, list)
}

// ManageDevicesURL is the page that lists what is attached to the account.
func (a *Account) ManageDevicesURL(ctx context.Context, entrypoint string) (string, error) {
	return a.manageURL(ctx, settingsClientsPath, []parameter{{"entrypoint", entrypoint}})
}

func (a *Account) manageURL(ctx context.Context, path string, list []parameter) (string, error) {
	p, _, known := a.CachedProfile()
	if !known || a.AuthState() != AuthStateConnected {
		var err error
		if p, err = a.Profile(ctx); err != nil {
			return "", err
		}
	}
	u := a.wire.Content(path)
	addQuery(u, append(list, parameter{"uid", p.UID}, parameter{"email", p.Email}))
	return u.String(), nil
}

// TokenServerURL is the base address of the sync token server, to which the
// consumer appends "1.0/sync/1.5". It is the configured one, or else the server's.
func (a *Account) TokenServerURL(ctx context.Context) (string, error) {
	address := a.state().Config.TokenServerURL
	if address == "" {
		e, err := a.wire.Endpoints(ctx)
		if err != nil {
			return "", err
		}
		address = e.TokenServerBase + "/"
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("address of the token server: %w", ErrInvalidArgument)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}

// PairingRelayURL is the WebSocket address of the relay that pairing channels go
// through; ErrUnsupported when the server names none.
func (a *Account) PairingRelayURL(ctx context.Context) (string, error) {
	e, err := a.wire.Endpoints(ctx)
	if err != nil {
		return "", err
	}
	if e.PairingBase == "" {
		return "", fmt.Errorf("pairing relay: %w", ErrUnsupported)
	}
	return e.PairingBase, nil
}

// Issuer names the server in the tokens it signs, and keys is where its public keys
// are: what a receiver of its security events needs.
func (a *Account) Issuer(ctx context.Context) (issuer, keys string, err error) {
	e, err := a.wire.Endpoints(ctx)
	return e.Issuer, e.JWKS, err
}

// MatchesServer tells whether the account belongs to this server; one trailing slash
// makes no difference.
func (a *Account) MatchesServer(s Server) bool {
	return strings.TrimSuffix(a.state().Config.ContentURL, "/") == strings.TrimSuffix(s.ContentURL(), "/")
}
