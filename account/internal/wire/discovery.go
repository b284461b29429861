package wire

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	clientConfigurationPath = ".well-known/fxa-client-configuration"
	openIDConfigurationPath = ".well-known/openid-configuration"
	// discoveryLife is the cache life that the server declares for its client
	// configuration. An older copy is used on when a fresh one cannot be had.
	discoveryLife = 24 * time.Hour
)

// Endpoints is what an accounts server tells about its parts, merged from its
// client configuration and its OpenID configuration. The bases have no trailing
// slash and no version.
type Endpoints struct {
	AuthBase        string
	OAuthBase       string
	ProfileBase     string
	TokenServerBase string
	// PairingBase is the WebSocket origin of the pairing relay; may be empty.
	PairingBase string

	Authorization string
	Introspection string
	Issuer        string
	JWKS          string
	Token         string
	UserInfo      string
}

// discovery keeps the endpoints for the life of the client.
type discovery struct {
	// turn lets one caller fetch at a time; it holds an element while one does.
	turn  chan struct{}
	known atomic.Pointer[discovered]
}

type discovered struct {
	endpoints Endpoints
	at        time.Duration // monotonic
}

// Endpoints returns the server's parts. The first call fetches them, later ones
// answer from memory for a day.
func (c *Client) Endpoints(ctx context.Context) (Endpoints, error) {
	before := c.discovery.known.Load()
	e, err := c.endpoints(ctx)
	if err == nil && c.discovery.known.Load() == before {
		return e, nil // from memory: the server was not asked, or did not answer
	}
	return e, c.out(err)
}

func (c *Client) endpoints(ctx context.Context) (Endpoints, error) {
	if d := c.discovery.known.Load(); d != nil && c.clock.Monotonic()-d.at < discoveryLife {
		return d.endpoints, nil
	}
	select {
	case c.discovery.turn <- struct{}{}:
		defer func() { <-c.discovery.turn }()
	case <-ctx.Done():
		return Endpoints{}, context.Cause(ctx)
	}
	d := c.discovery.known.Load()
	if d != nil && c.clock.Monotonic()-d.at < discoveryLife {
		return d.endpoints, nil
	}
	fresh, err := c.discover(ctx)
	if err != nil {
		if d != nil {
			return d.endpoints, nil // addresses hardly ever change; an old copy beats none
		}
		return Endpoints{}, err
	}
	c.discovery.known.Store(&discovered{endpoints: fresh, at: c.clock.Monotonic()})
	return fresh, nil
}

// discover fetches both documents.
func (c *Client) discover(ctx context.Context) (Endpoints, error) {
	var config struct {
		Auth        string `json:"auth_server_base_url"`
		OAuth       string `json:"oauth_server_base_url"`
		Profile     string `json:"profile_server_base_url"`
		TokenServer string `json:"sync_tokenserver_base_url"`
		Pairing     string `json:"pairing_server_base_uri"`
	}
	if err := c.document(ctx, clientConfigurationPath, &config, func() map[string]string {
		return map[string]string{
			"auth_server_base_url": config.Auth, "oauth_server_base_url": config.OAuth,
			"profile_server_base_url": config.Profile, "sync_tokenserver_base_url": config.TokenServer,
		}
	}); err != nil {
		return Endpoints{}, err
	}
	var openID struct {
		Authorization string `json:"authorization_endpoint"`
		Introspection string `json:"introspection_endpoint"`
		Issuer        string `json:"issuer"`
		JWKS          string `json:"jwks_uri"`
		Token         string `json:"token_endpoint"`
		UserInfo      string `json:"userinfo_endpoint"`
	}
	if err := c.document(ctx, openIDConfigurationPath, &openID, func() map[string]string {
		return map[string]string{
			"authorization_endpoint": openID.Authorization, "introspection_endpoint": openID.Introspection,
			"issuer": openID.Issuer, "jwks_uri": openID.JWKS,
			"token_endpoint": openID.Token, "userinfo_endpoint": openID.UserInfo,
		}
	}); err != nil {
		return Endpoints{}, err
	}
	return Endpoints{
		AuthBase:        strings.TrimRight(config.Auth, "/"),
		OAuthBase:       strings.TrimRight(config.OAuth, "/"),
		ProfileBase:     strings.TrimRight(config.Profile, "/"),
		TokenServerBase: strings.TrimRight(config.TokenServer, "/"),
		PairingBase:     config.Pairing,
		Authorization:   openID.Authorization,
		Introspection:   openID.Introspection,
		Issuer:          openID.Issuer,
		JWKS:            openID.JWKS,
		Token:           openID.Token,
		UserInfo:        openID.UserInfo,
	}, nil
}

// document fetches one discovery document and checks that nothing needed is
// missing.
func (c *Client) document(ctx context.Context, path string, out any, needed func() map[string]string) error {
	a, err := c.call(ctx, request{
		base: BaseContent, method: http.MethodGet, url: c.Content(path).String(), follow: true, free: true,
	}, out)
	if err != nil {
		return err
	}
	for member, value := range needed() {
		if value == "" {
			return a.missing(member)
		}
	}
	return nil
}

// baseURL is the address that the paths of a service are appended to.
func (c *Client) baseURL(ctx context.Context, base Base) (string, error) {
	if base == BaseContent || base == BaseMetrics {
		return c.content.String(), nil
	}
	e, err := c.endpoints(ctx)
	if err != nil {
		return "", err
	}
	switch base {
	case BaseOAuth:
		return e.OAuthBase + "/", nil
	case BaseProfile:
		return e.ProfileBase + "/", nil
	default:
		return e.AuthBase + "/", nil
	}
}
