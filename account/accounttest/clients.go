package accounttest

import (
	"net/url"
	"slices"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
)

// Scopes with a meaning of their own.
const (
	scopeOldSync = oauthscope.OldSync
	scopeSession = oauthscope.Session
)

// webChannelRedirect is the redirect of clients whose result travels over the
// browser's WebChannel.
const webChannelRedirect = "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel"

// pairRedirect is the redirect of mobile clients that pair.
const pairRedirect = "urn:ietf:wg:oauth:2.0:oob:pair-auth-webchannel"

// Ids of the default clients.
const (
	ReferenceClientID    = "3c49430b43dfba77" // Mozilla's reference browser
	DesktopClientID      = "5882386c6d801776" // Firefox desktop
	AndroidClientID      = "a2270f727f45f648" // Firefox for Android
	IOSClientID          = "1b1a3e44c54fbb58" // Firefox for iOS
	ConfidentialClientID = "dcdb5ae7add825d2" // a web site with a secret
	UntrustedClientID    = "325b4083e32fe8e7" // a public client Mozilla does not run
)

// ConfidentialClientSecret is the secret of ConfidentialClientID.
const ConfidentialClientSecret = "b93ef8a8f3e553a430d7e5b904c6132b2722633af9f03128029201d24a97f2a8"

// Client is a registered OAuth client.
type Client struct {
	ID   string // 16 hex digits
	Name string
	// Secret makes the client confidential; public clients have none and must
	// use PKCE.
	Secret string
	// RedirectURIs lists the registered addresses, the default first.
	RedirectURIs []string
	// Loopback also allows any http://127.0.0.1:PORT/, http://[::1]:PORT/ and
	// http://localhost:PORT/ address (RFC 8252 section 7.3).
	Loopback bool
	Trusted  bool
	// CanGrant allows the fxa-credentials grant.
	CanGrant      bool
	AllowedScopes []string
	// TokenExchange lists the scopes the client may add by token exchange.
	TokenExchange []string
	// FirefoxDevice puts the client on the list of those whose refresh tokens
	// reach the device routes without the Sync scope.
	FirefoxDevice bool
	// JWTAccessTokens gives the client JWT access tokens instead of opaque ones.
	JWTAccessTokens bool
	// Pairwise hides account ids from the client: id tokens, JWT access tokens
	// and events name the account by an id of the client's own. Profiles do not.
	Pairwise bool
	Disabled bool
	ImageURI string
}

func (c *Client) public() bool { return c.Secret == "" }

// DefaultClients are the clients every service knows.
func DefaultClients() []Client {
	sync := []string{scopeOldSync, scopeSession}
	success := func(id string) string { return "https://accounts.firefox.com/oauth/success/" + id }
	return []Client{
		{
			ID: ReferenceClientID, Name: "Reference browser", RedirectURIs: []string{success(ReferenceClientID), webChannelRedirect},
			Loopback: true, Trusted: true, CanGrant: true, FirefoxDevice: true, AllowedScopes: sync,
			TokenExchange: []string{scopeOldSync, "profile"},
		},
		{
			ID: DesktopClientID, Name: "Firefox", RedirectURIs: []string{webChannelRedirect},
			Trusted: true, CanGrant: true, FirefoxDevice: true, AllowedScopes: sync,
		},
		{
			ID: AndroidClientID, Name: "Firefox for Android", RedirectURIs: []string{pairRedirect, success(AndroidClientID), webChannelRedirect},
			Loopback: true, Trusted: true, CanGrant: true, FirefoxDevice: true, AllowedScopes: sync,
			TokenExchange: []string{scopeOldSync, "profile"},
		},
		{
			ID: IOSClientID, Name: "Firefox for iOS", RedirectURIs: []string{pairRedirect, success(IOSClientID), webChannelRedirect},
			Loopback: true, Trusted: true, CanGrant: true, FirefoxDevice: true, AllowedScopes: sync,
			TokenExchange: []string{scopeOldSync, "profile"},
		},
		{
			ID: ConfidentialClientID, Name: "Confidential site", Secret: ConfidentialClientSecret,
			RedirectURIs: []string{"https://site.example/oauth"}, Loopback: true, Trusted: true,
		},
		{
			ID: UntrustedClientID, Name: "Untrusted application", RedirectURIs: []string{"https://other.example/oauth"},
			Loopback: true,
		},
	}
}

// redirectFor checks the requested redirect URI against the registered ones.
func (s *Service) redirectFor(c *Client, requested string) (string, error) {
	if requested == "" {
		if len(c.RedirectURIs) == 0 {
			return "", errno.OAuth(103).With("redirectUri", "")
		}
		return c.RedirectURIs[0], nil
	}
	own := s.base + "/oauth/success/" + c.ID
	if slices.Contains(c.RedirectURIs, requested) || requested == own {
		return requested, nil
	}
	if u, err := url.Parse(requested); c.Loopback && err == nil && u.Scheme == "http" && u.User == nil && u.Fragment == "" {
		switch u.Hostname() {
		case "127.0.0.1", "::1", "localhost":
			return requested, nil
		}
	}
	return "", errno.OAuth(103).With("redirectUri", requested)
}

// scopes of untrusted clients.
var untrustedScopes = []string{"openid", "profile:uid", "profile:email", "profile:display_name"}

// short scopes every trusted client may ask.
var trustedScopes = []string{"openid", "profile", "email", "profile:subscriptions"}

// checkScopes refuses scopes the client may not have.
func (s *Service) checkScopes(c *Client, scopes []string) error {
	var bad []string
	for _, scope := range scopes {
		switch {
		case !c.Trusted:
			if !slices.Contains(untrustedScopes, scope) {
				bad = append(bad, scope)
			}
		case oauthscope.IsURL(scope):
			if !oauthscope.Implied(c.AllowedScopes, scope) {
				bad = append(bad, scope)
			}
		case s.cfg.strictScopes:
			if !oauthscope.Implied(trustedScopes, scope) && !oauthscope.Implied(c.AllowedScopes, scope) {
				bad = append(bad, scope)
			}
		}
	}
	if bad != nil {
		return errno.OAuth(114).With("invalidScopes", bad)
	}
	return nil
}

// ChangeClient changes a registered client, for example to disable it. It does
// nothing when there is no such client.
func (s *Service) ChangeClient(id string, change func(c *Client)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clients[id]; c != nil {
		changed := *c
		change(&changed)
		changed.ID = id
		s.clients[id] = &changed
	}
}
