package accounttest

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
)

// Option changes how a service starts.
type Option func(*config)

type config struct {
	addr           string
	inMemory       bool
	clock          func() time.Time
	random         io.Reader
	clients        []Client
	lint           bool
	loose          bool
	bareErrors     bool
	strictScopes   bool
	listedOnly     bool
	productionPush bool
	separateBases  bool
	millisRetry    bool
	tokenLifetime  time.Duration
	flowOrigins    []string
	eventTransport http.RoundTripper
}

func defaultConfig() config {
	return config{
		addr:          "127.0.0.1:0",
		clock:         time.Now,
		random:        rand.Reader,
		clients:       DefaultClients(),
		millisRetry:   true,
		tokenLifetime: maxTokenLifetime,
		flowOrigins:   []string{"http://127.0.0.1:8001", "http://localhost:8000", "http://127.0.0.1:8000"},
	}
}

// WithAddr makes the service listen on the given TCP address instead of a free
// port of 127.0.0.1.
func WithAddr(addr string) Option { return func(c *config) { c.addr = addr } }

// InMemory serves over an in-memory network, reached through Service.Transport
// and Service.Dial. All its blocking operations are durably blocking in the
// sense of testing/synctest, so service and clients can live in one bubble.
func InMemory() Option { return func(c *config) { c.inMemory = true } }

// WithClock gives the base of the service's time; Clock.Advance adds to it.
func WithClock(now func() time.Time) Option { return func(c *config) { c.clock = now } }

// WithSeed makes every id, token, code and key of the service follow from the
// seed and the order of requests. (RSA signing keys stay random.)
func WithSeed(seed string) Option {
	return func(c *config) { c.random = mathrand.NewChaCha8(sha256.Sum256([]byte(seed))) }
}

// WithClients adds OAuth clients to DefaultClients, replacing those of the
// same id.
func WithClients(clients ...Client) Option {
	return func(c *config) {
		for _, add := range clients {
			for i, have := range c.clients {
				if have.ID == add.ID {
					c.clients = append(c.clients[:i:i], c.clients[i+1:]...)
					break
				}
			}
			c.clients = append(c.clients, add)
		}
	}
}

// Lint turns the requests a careful client never makes into findings; see
// Service.Findings. Unknown top-level members of a request are refused.
func Lint() Option { return func(c *config) { c.lint = true } }

// Loose accepts what the production servers accept and a careful client does
// not do: Hawk headers are then only looked up by their id.
func Loose() Option { return func(c *config) { c.loose = true } }

// BareErrors leaves out the extra members which production loses when an auth
// route translates an OAuth error.
func BareErrors() Option { return func(c *config) { c.bareErrors = true } }

// StrictScopes refuses surplus short scopes of trusted clients.
func StrictScopes() Option { return func(c *config) { c.strictScopes = true } }

// ListedDeviceClients lets only refresh tokens of listed Firefox clients reach
// the device routes, as production did for some weeks in 2026.
func ListedDeviceClients() Option { return func(c *config) { c.listedOnly = true } }

// ProductionPushHosts refuses push callbacks outside Mozilla's push hosts.
func ProductionPushHosts() Option { return func(c *config) { c.productionPush = true } }

// SeparateBases publishes distinct auth, oauth and profile bases (below /api/)
// so that clients which keep state per service base can be told apart.
func SeparateBases() Option { return func(c *config) { c.separateBases = true } }

// RetryAfterSeconds sends the body's retryAfter of auth error 114 in seconds,
// as servers before August 2026 did. The newest sends milliseconds.
func RetryAfterSeconds() Option { return func(c *config) { c.millisRetry = false } }

// WithTokenLifetime sets the longest life of access tokens (default 24 h).
func WithTokenLifetime(d time.Duration) Option { return func(c *config) { c.tokenLifetime = d } }

// WithFlowOrigins replaces the Origin values that /metrics-flow accepts.
func WithFlowOrigins(origins ...string) Option {
	return func(c *config) { c.flowOrigins = origins }
}

// WithWebhookTransport gives the HTTP transport that events go out by; needed
// for in-memory services, whose relying parties are in memory too.
func WithWebhookTransport(rt http.RoundTripper) Option {
	return func(c *config) { c.eventTransport = rt }
}

func (s *Service) eventTransport() http.RoundTripper {
	if s.cfg.eventTransport != nil {
		return s.cfg.eventTransport
	}
	return &http.Transport{}
}

func normalEmail(email string) string { return strings.ToLower(email) }

// Clock is the service's time: a base clock plus what Advance added. Only
// expiry, ages and time stamps follow it; network timers are the standard ones.
type Clock struct {
	base func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

func newClock(base func() time.Time) *Clock { return &Clock{base: base} }

// Now is the service's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset)
}

// Advance moves the service's time forward (or back, for a negative d).
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

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
