package accounttest

import (
	"context"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/journal"
	"github.com/tabferry/tabferry/account/accounttest/internal/memnet"
	"github.com/tabferry/tabferry/account/accounttest/pushservice"
	"github.com/tabferry/tabferry/account/accounttest/relay"
)

// headerTimeout is how long a connection may take to send its request header.
const headerTimeout = 10 * time.Second

// TB is the part of testing.TB that New needs. Taking the small interface
// keeps package testing out of programs that start the service themselves.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Service is one running set of Mozilla accounts servers. All methods may be
// called from several goroutines.
type Service struct {
	// Clock is the service's time: it runs with the real (or bubble's) clock
	// and can be moved forward.
	Clock *Clock
	// Faults makes replies fail on demand.
	Faults *Faults

	cfg      config
	base     string
	listener net.Listener
	memory   *memnet.Network
	server   *http.Server
	routes   routeTable
	outbound *http.Client // to push services
	webhooks *http.Client // to relying parties
	log      *journal.Log

	compressors sync.Pool // of *gzip.Writer

	running sync.WaitGroup
	closing chan struct{}
	closed  sync.Once

	mu sync.Mutex // guards everything below
	state
}

// New starts a service for a test on a loopback port and closes it when the
// test ends. What the service found fault with (see Findings) fails the test.
func New(t TB, opts ...Option) *Service {
	t.Helper()
	s, err := Start(opts...)
	if err != nil {
		t.Fatalf("accounttest: %v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("accounttest: close: %v", err)
		}
		for _, finding := range s.Findings() {
			t.Errorf("accounttest: %s", finding)
		}
	})
	return s
}

// Start starts a service. The caller must Close it.
func Start(opts ...Option) (*Service, error) {
	cfg := defaultConfig()
	for _, opt := range opts {
		opt(&cfg)
	}
	s := &Service{cfg: cfg, Clock: newClock(cfg.clock), closing: make(chan struct{})}
	s.Faults = newFaults()
	s.log = &journal.Log{}
	if err := s.listen(); err != nil {
		return nil, err
	}
	s.state = newState(cfg)
	s.signing = crypt.NewKeyRing(s.newSigningKey)
	s.startParts()
	s.outbound = &http.Client{
		Transport:     s.Transport(),
		Timeout:       pushTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.webhooks = &http.Client{Transport: s.eventTransport(), Timeout: eventTimeout, CheckRedirect: s.outbound.CheckRedirect}
	s.routes = s.allRoutes()
	s.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.running.Go(func() { _ = s.server.Serve(s.listener) }) // ends with ErrServerClosed
	return s, nil
}

func (s *Service) listen() error {
	if s.cfg.inMemory {
		s.memory = memnet.New()
		s.listener = s.memory
		s.base = "http://" + memnet.Host
		return nil
	}
	l, err := net.Listen("tcp", s.cfg.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.listener = l
	s.base = "http://" + l.Addr().String()
	return nil
}

// Close ends all connections and waits for every goroutine of the service.
func (s *Service) Close() error {
	var err error
	s.closed.Do(func() {
		s.mu.Lock()
		s.stopping = true
		s.mu.Unlock()
		close(s.closing)
		s.closeParts()
		err = s.server.Close()
		s.running.Wait()
		s.outbound.CloseIdleConnections()
		s.webhooks.CloseIdleConnections()
		s.lintClose()
	})
	return err
}

// URL is the content server's base, without a trailing slash. The other bases
// are in the discovery documents below it.
func (s *Service) URL() string { return s.base }

// PushURL is the address of the push service's WebSocket.
func (s *Service) PushURL() string { return s.webSocketBase() + "/push" }

// PairingURL is the base of the pairing relay: channels are at /v1/ws/ below it.
func (s *Service) PairingURL() string { return s.webSocketBase() }

func (s *Service) webSocketBase() string { return "ws" + strings.TrimPrefix(s.base, "http") }

// Dial connects to the service, whatever the address, when it was started
// with InMemory; otherwise it dials the address.
func (s *Service) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if s.memory != nil {
		return s.memory.Dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// Transport returns a new HTTP transport that reaches the service. It follows no
// proxy settings of the environment. The caller closes its idle connections.
func (s *Service) Transport() *http.Transport {
	return &http.Transport{DialContext: s.Dial, MaxIdleConnsPerHost: 8}
}

// The push service and the relay are rooms of their own; these are the names
// their types have here.
type (
	PushControl = pushservice.Control
	PushAck     = pushservice.Ack
	Relay       = relay.Server
	RelayLimits = relay.Limits
	Place       = relay.Place
)

// DefaultRelayLimits returns the defaults of Mozilla's channel server.
func DefaultRelayLimits() RelayLimits { return relay.DefaultLimits() }

// parts are the servers of their own kind behind the same listener.
type parts struct {
	push  *pushservice.Service
	relay *Relay
}

func (s *Service) startParts() {
	s.push = pushservice.New(pushservice.Params{Base: s.base, Now: s.Clock.Now, Random: s.branch()})
	s.relay = relay.New(relay.Params{Random: s.branch()})
}

// branch returns a source of randomness of its own, which follows from the
// seed but not from the order of later requests.
func (st *state) branch() *mathrand.ChaCha8 {
	return mathrand.NewChaCha8([32]byte(crypt.RandomBytes(st.random, 32)))
}

// part finds the handler of a path outside the table of routes.
func (s *Service) part(path string) http.Handler {
	switch {
	case path == pushservice.SocketPath || strings.HasPrefix(path, pushservice.EndpointPrefix):
		return s.push
	case strings.HasPrefix(path, "/v1/ws/"):
		return s.relay
	}
	return nil
}

func (s *Service) closeParts() {
	s.push.Close()
	s.relay.Close()
}

// Push steers and watches the push service.
func (s *Service) Push() *PushControl { return s.push.Control() }

// Relay steers and watches the pairing relay.
func (s *Service) Relay() *Relay { return s.relay }
