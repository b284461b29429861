package accounttest

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"time"
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
