package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Saver keeps the account's state. Save is called with each new state, and with
// the commands that arrived together with it, before the change counts as
// happened: when it fails, the call that made the change fails and the account is
// as it was. Calls never overlap.
//
// The state holds tokens and keys: keep it sealed. received is nil except for
// [Account.PollCommands], which hands over each page of commands with the state
// that counts them as handled, so that both can go into one transaction.
//
// The context lives on when the caller's is cancelled: a change that the server
// has already made must not be lost. It ends after ten seconds.
type Saver interface {
	Save(ctx context.Context, state []byte, received []IncomingCommand) error
}

// PartSaver does what a [Saver] does, and keeps the list of devices apart from the
// rest of the state: the list is most of a state where there are many devices, and
// most changes leave it as it is.
//
// devices is nil when the list is as it was handed over last, and empty when there is
// none any more. Both parts belong into one transaction; [Restore] gets them back with
// [WithSavedDevices].
type PartSaver interface {
	SaveParts(ctx context.Context, state, devices []byte, received []IncomingCommand) error
}

// saveTimeout bounds one Save, which has the machine's disk to wait for and
// nobody else.
const saveTimeout = 10 * time.Second

// Clock tells the time, by Now() time.Time and Monotonic() time.Duration. The
// latter never jumps, and counts from any fixed moment; waits and cache lives are
// measured with it, so that setting the clock does no harm. Timers are the standard
// ones.
type Clock = kit.Clock

// Option changes how an Account works.
type Option func(*options)

type options struct {
	saver     PartSaver
	devices   []byte // set by WithSavedDevices
	transport http.RoundTripper
	// closeIdle closes the transport's idle connections when it is our own.
	closeIdle func()
	clock     Clock
	random    io.Reader
	userAgent string
	// commandFetch is set by WithCommandFetch.
	commandFetch bool
	observer     func(State)
	outcome      func(error)
	allows       func(uid string) bool // set by WithMetricsGate
}

// WithSaver hands every new state to s. Without one, the caller takes states with
// [Account.Snapshot].
func WithSaver(s Saver) Option { return func(o *options) { o.saver = &wholeSaver{saver: s} } }

// WithPartSaver hands every new state to s, in parts.
func WithPartSaver(s PartSaver) Option { return func(o *options) { o.saver = s } }

// WithSavedDevices restores the list of devices that a [PartSaver] got last; nil
// when it got none. A text that cannot be read is as if there was none: the server has
// the list.
func WithSavedDevices(text []byte) Option { return func(o *options) { o.devices = text } }

// WithTransport makes all requests through t, in place of a transport of the
// account's own with the proxy settings of the environment.
func WithTransport(t http.RoundTripper) Option { return func(o *options) { o.transport = t } }

// WithClock takes the time from c.
func WithClock(c Clock) Option { return func(o *options) { o.clock = c } }

// WithRandom takes all randomness from r, which must be safe for concurrent use
// and as good as crypto/rand except in tests.
func WithRandom(r io.Reader) Option { return func(o *options) { o.random = r } }

// WithUserAgent sends this User-Agent. The server guesses the kind of a device
// from it and shows it in the list of sessions.
func WithUserAgent(agent string) Option { return func(o *options) { o.userAgent = agent } }

// defaultUserAgent names the product and nothing about the machine.
const defaultUserAgent = "Tabferry"

const (
	// dialTimeout and keepAlive are those of net/http's own transport.
	dialTimeout = 30 * time.Second
	keepAlive   = 30 * time.Second
	// idleTimeout closes unused connections well before the server or a middle
	// box does, to whom a request might be lost.
	idleTimeout = 60 * time.Second
	tlsTimeout  = 10 * time.Second
	idlePerHost = 2
)

// gather applies the options over the defaults.
func gather(opts []Option) (options, error) {
	o := options{userAgent: defaultUserAgent}
	for _, opt := range opts {
		opt(&o)
	}
	if o.clock == nil {
		o.clock = kit.System()
	}
	if o.random == nil {
		o.random = rand.Reader
	}
	if o.transport == nil {
		dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
		t := &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: tlsTimeout,
			IdleConnTimeout:     idleTimeout,
			MaxIdleConnsPerHost: idlePerHost,
		}
		o.transport, o.closeIdle = t, t.CloseIdleConnections
	}
	if o.userAgent == "" {
		return options{}, fmt.Errorf("user agent is empty: %w", ErrInvalidArgument)
	}
	return o, nil
}

// ReadOption changes how something is read that is otherwise kept for a while.
type ReadOption func(*readOptions)

type readOptions struct {
	fresh       bool
	withoutIdle bool
}

// Fresh asks the server even if a recent answer is at hand.
func Fresh() ReadOption { return func(o *readOptions) { o.fresh = true } }

// WithoutIdle leaves devices out that the server has not heard of for 21 days, as
// Mozilla's clients do. This installation's own is always listed. Only
// [Account.Devices] looks at it.
func WithoutIdle() ReadOption { return func(o *readOptions) { o.withoutIdle = true } }

// applied is what a list of options chooses.
func applied[T any, F ~func(*T)](opts []F) (o T) {
	for _, opt := range opts {
		opt(&o)
	}
	return o
}
