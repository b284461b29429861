package push

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// DefaultServerURL is the WebSocket of Mozilla's production push service.
const DefaultServerURL = "wss://push.services.mozilla.com/"

// Store keeps the client's one blob of state. It holds private keys: keep it
// sealed. Save must be atomic: what it returns an error for is not stored. The client
// calls neither method concurrently.
type Store interface {
	// Load returns what was saved last, or nil when nothing is stored.
	Load(ctx context.Context) ([]byte, error)
	// Save's context does not end with Run's: a save that has begun is made, and Run returns after it.
	Save(ctx context.Context, state []byte) error
}

// Clock gives wall and monotonic time apart, since only the first one jumps.
// Timers are the standard ones.
type Clock = kit.Clock

// Subscription is what a sender needs to reach this client. All members are
// text as the Mozilla accounts device record has it.
type Subscription struct {
	// Endpoint is the URL a sender posts to; opaque.
	Endpoint string
	// PublicKey is the 65-octet P-256 point in base64url without padding.
	PublicKey string
	// AuthKey is the 16-octet authentication secret in base64url without padding.
	AuthKey string
}

// Message is one decrypted push message.
type Message struct {
	// Name is the subscription's, as given to Subscribe.
	Name string
	// Version is the service's id of this message.
	Version string
	// Text is the decrypted body; nil for a message that has none.
	Text []byte
	// Received is the wall-clock time of arrival. The service does not tell when
	// the message was sent.
	Received time.Time
}

// Params are a client's parts. Store and Handle must be given. The functions are
// called one at a time, in order, never from within a method of the client. The
// context they get ends with Run's; calls that wait then are still made, and Run
// returns after the last one.
type Params struct {
	// ServerURL is the service's WebSocket, DefaultServerURL if empty. It must be
	// wss:, or ws: to a loopback address. Changing it ends all subscriptions; they
	// are made anew at the other server.
	ServerURL string
	Store     Store
	// HTTPClient dials. Redirects are not followed, whatever it says. nil means a
	// client of its own that uses the proxy of the environment.
	HTTPClient *http.Client
	// Clock is the system's if nil.
	Clock Clock
	// Rand is the source of keys, ids and jitter; crypto/rand if nil.
	Rand io.Reader
	// Logger gets connection events without any identity or endpoint; nil is
	// silent.
	Logger *slog.Logger
	// UserAgent is sent with the upgrade, if not empty.
	UserAgent string

	// Hint is asked of each message before it is recorded, so that what it leads to need not wait for that. It
	// returns true for one that is nothing but a reason to ask its sender: Handle is then not called, and the
	// recording may wait for a second, so that after a crash the message comes again. Other than the rest, Hint is
	// called on the connection's own goroutine, so it must return at once. May be nil.
	Hint func(m Message) (taken bool)
	// Handle takes a message.
	Handle func(ctx context.Context, m Message)
	// Unread is told that something came which could not be read, or was no message of the protocol: what it was
	// about nobody knows. May be nil.
	Unread func(ctx context.Context)
	// Changed is told every subscription that was made anew, for whatever reason;
	// not the first making, which Subscribe returns. A process that dies just
	// before is not told again: compare what Subscribe gives at start with what the
	// sender has. May be nil.
	Changed func(ctx context.Context, name string, s Subscription)
	// HealthChanged is told when the state of the connection changes. May be nil.
	HealthChanged func(ctx context.Context, h Health)
}

func (p Params) complete() (Params, error) {
	if p.Store == nil || p.Handle == nil {
		return p, fmt.Errorf("push: %w: Store and Handle must be given", ErrParams)
	}
	if p.ServerURL == "" {
		p.ServerURL = DefaultServerURL
	}
	if err := checkServerURL(p.ServerURL); err != nil {
		return p, err
	}
	if p.HTTPClient == nil {
		p.HTTPClient = &http.Client{Transport: &http.Transport{
			Proxy:             http.ProxyFromEnvironment,
			DisableKeepAlives: true, // a refused upgrade leaves nothing behind
		}}
	}
	// The service has no business elsewhere, and a captive portal always does.
	dialer := *p.HTTPClient
	dialer.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.HTTPClient = &dialer
	if p.Clock == nil {
		p.Clock = kit.System()
	}
	if p.Rand == nil {
		p.Rand = rand.Reader
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return p, nil
}

func checkServerURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return fmt.Errorf("push: %w: server address is not a WebSocket URL", ErrParams)
	}
	if !kit.SecureURL(u, "wss", "ws") {
		return fmt.Errorf("push: %w: server address must be wss:, or ws: to a loopback address", ErrParams)
	}
	return nil
}
