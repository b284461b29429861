package account

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// Server is an accounts server, known by the address of its web content. The
// zero value is none; [Config] reads it as ServerRelease.
type Server struct{ content string }

// The servers that Mozilla runs, and the usual address of one run locally.
// ServerChina is served by the release servers since that service was closed.
var (
	ServerRelease  = Server{"https://accounts.firefox.com"}
	ServerStable   = Server{"https://stable.dev.lcip.org"}
	ServerStage    = Server{"https://accounts.stage.mozaws.net"}
	ServerChina    = ServerRelease
	ServerLocalDev = Server{"http://127.0.0.1:3030"}
)

// chinaOrigin is the address of the service that was closed. It stands for the
// release servers wherever it is met: typed, saved, or in a pairing code.
const chinaOrigin = "https://accounts.firefox.com.cn"

// CustomServer is the server whose web content lies under contentURL, an https
// address, or an http one on this machine. A path is kept. Whether the address can
// be used is checked by [New]. The address of one of the servers above is that server;
// that of the closed one in China is ServerRelease.
func CustomServer(contentURL string) Server { return Server{contentURL} }

// ContentURL is the address of the server's web content.
func (s Server) ContentURL() string {
	if s.content == "" {
		return ServerRelease.content
	}
	if u, err := url.Parse(s.content); err == nil && origin(u) == chinaOrigin {
		return ServerRelease.content
	}
	return s.content
}

// String names the server for logs. The address of a custom server is not shown.
func (s Server) String() string {
	switch s.origin() {
	case ServerRelease.content:
		return "Release"
	case ServerStable.content:
		return "Stable"
	case ServerStage.content:
		return "Stage"
	case ServerLocalDev.content:
		return "LocalDev"
	default:
		return "Custom"
	}
}

// origin is scheme, host and port; the address itself when it is none.
func (s Server) origin() string {
	u, err := url.Parse(s.ContentURL())
	if err != nil || u.Host == "" {
		return s.ContentURL()
	}
	return origin(u)
}

// origin is the web origin of a URL (RFC 6454): scheme, host and port, the port
// only when it is not the scheme's own.
func origin(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return scheme + "://" + host
	}
	return scheme + "://" + host + ":" + port
}

// Config says which server to use and as which OAuth client.
type Config struct {
	// Server is the accounts server; the zero value is ServerRelease.
	Server Server
	// ClientID is the id of a public OAuth client that the server knows.
	ClientID string
	// RedirectURI is where the server sends the person after sign-in, as it is
	// registered for ClientID.
	RedirectURI string
	// TokenServerURL overrides the sync token server; usually empty. A trailing
	// "/1.0/sync/1.5" is removed, because the consumer appends it.
	TokenServerURL string
}

const (
	// webChannelRedirect is the redirect that stands for a message from the page in
	// place of a navigation.
	webChannelRedirect = "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel"
	webChannelContext  = "oauth_webchannel_v1"
	tokenServerSuffix  = "/1.0/sync/1.5" // #nosec G101 -- a path
)

// normalized checks the configuration and brings it into the form that is stored.
func (c Config) normalized() (Config, error) {
	content, err := url.Parse(c.Server.ContentURL())
	if err != nil || content.Host == "" || content.Scheme != "https" && content.Scheme != "http" {
		return Config{}, fmt.Errorf("address of the accounts server: %w", ErrInvalidArgument)
	}
	if content.User != nil || content.RawQuery != "" || content.Fragment != "" {
		return Config{}, fmt.Errorf("address of the accounts server has more than origin and path: %w", ErrInvalidArgument)
	}
	c.Server = Server{c.Server.ContentURL()}
	if c.ClientID == "" {
		return Config{}, fmt.Errorf("client id is empty: %w", ErrInvalidArgument)
	}
	if c.RedirectURI == "" {
		return Config{}, fmt.Errorf("redirect address is empty: %w", ErrInvalidArgument)
	}
	for strings.HasSuffix(c.TokenServerURL, tokenServerSuffix) {
		c.TokenServerURL = strings.TrimSuffix(c.TokenServerURL, tokenServerSuffix)
	}
	return c, nil
}

const (
	settingsPath        = "settings"
	settingsClientsPath = "settings/clients"
	connectAnotherPath  = "connect_another_device"
	connectAnotherQuery = "showSuccessMessage=true"
)

// ConnectionSuccessURL is the page that says that this device is connected, and how
// to connect another.
//
// No request; fxa-client get_connection_success_url; docs/protocol/accounts-client.md §14.
func (a *Account) ConnectionSuccessURL() (string, error) {
	u := a.wire.Content(connectAnotherPath)
	u.RawQuery = connectAnotherQuery
	return u.String(), nil
}

// ManageAccountURL is the page where the person manages the account. It names the
// account, for which the profile is fetched when it is not known.
//
// GET /v1/profile unless the profile is known; fxa-client get_manage_account_url;
// docs/protocol/accounts-client.md §14.
func (a *Account) ManageAccountURL(ctx context.Context, entrypoint string) (string, error) {
	list := []parameter{{"entrypoint", entrypoint}}
	if a.state().Config.RedirectURI == webChannelRedirect {
		list = append(list, parameter{"context", webChannelContext})
	}
	return a.manageURL(ctx, settingsPath, list)
}

// ManageDevicesURL is the page that lists what is attached to the account.
//
// GET /v1/profile unless the profile is known; fxa-client get_manage_devices_url;
// docs/protocol/accounts-client.md §14.
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
//
// GET /.well-known/fxa-client-configuration and /.well-known/openid-configuration, once a day,
// unless configured; fxa-client get_token_server_endpoint_url;
// docs/protocol/accounts-client.md §14.
func (a *Account) TokenServerURL(ctx context.Context) (string, error) {
	address := a.state().Config.TokenServerURL
	if address == "" {
		e, err := a.endpoints(ctx)
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
//
// GET /.well-known/fxa-client-configuration and /.well-known/openid-configuration, once a day; not
// in fxa-client; docs/protocol/accounts-client.md §1.
func (a *Account) PairingRelayURL(ctx context.Context) (string, error) {
	e, err := a.endpoints(ctx)
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
//
// GET /.well-known/fxa-client-configuration and /.well-known/openid-configuration, once a day; not
// in fxa-client; docs/protocol/accounts-client.md §1.
func (a *Account) Issuer(ctx context.Context) (issuer, keys string, err error) {
	e, err := a.endpoints(ctx)
	return e.Issuer, e.JWKS, err
}

// endpoints are the server's parts, for calls that need nothing but these.
func (a *Account) endpoints(ctx context.Context) (e wire.Endpoints, err error) {
	err = a.view(ctx, func(ctx context.Context, _ *persisted) error {
		e, err = a.wire.Endpoints(ctx)
		return err
	})
	return e, err
}

// MatchesServer reports whether the account belongs to this server; one trailing slash
// makes no difference.
//
// No request; fxa-client matches_server; docs/protocol/accounts-client.md §1.
func (a *Account) MatchesServer(s Server) bool {
	return strings.TrimSuffix(a.state().Config.ContentURL, "/") == strings.TrimSuffix(s.ContentURL(), "/")
}
