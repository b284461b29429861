// Package pushservice is Mozilla's push service in one process: the WebSocket
// user agents connect to and the endpoints senders post to (autopush-rs;
// RFC 8030, 8292; docs/protocol/push.md). It checks what the real one checks, with the same close
// reasons and error numbers. Control watches it and makes it misbehave.
//
// A Service is an http.Handler; whoever serves it closes it.
package pushservice

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Limits and intervals of Mozilla's push service (autopush-rs 1.83).
const (
	helloTimeout   = 5 * time.Second
	pingInterval   = 300 * time.Second
	pongTimeout    = 4 * time.Second
	clientPingGap  = 45 * time.Second
	maxFrame       = 64 << 10
	writeTimeout   = 10 * time.Second
	topicBatch     = 11
	messageBatch   = 10
	backlogLimit   = 150
	maxBody        = 5630
	maxTTL         = 30 * 24 * time.Hour
	maxTopic       = 32
	uaidLife       = 60 * 24 * time.Hour
	vapidMaxLife   = 24 * time.Hour
	SocketPath     = "/push"
	EndpointPrefix = "/wpush/"
)

// Params is what a push service needs.
type Params struct {
	// Base is the HTTP address without a trailing slash that endpoints start with.
	Base string
	// Now is the time that TTLs and the life of a uaid follow. Network timers
	// are the standard ones.
	Now func() time.Time
	// Random is read under the push service's own lock; nobody else may read it.
	Random io.Reader
	// BacklogLimit is how many stored messages one connection may be sent
	// before the service forgets the uaid; 0 means the server's default of 150.
	BacklogLimit int
}

// Service is Mozilla's push service in one process: the WebSocket at /push
// for user agents and the endpoints below /wpush/ for senders.
type Service struct {
	p       Params
	ctx     context.Context
	cancel  context.CancelFunc
	sockets sync.WaitGroup

	mu         sync.Mutex // guards everything below
	closed     bool
	agents     map[string]*userAgent // by uaid
	tokens     map[string]address    // by endpoint token
	open       map[*socket]bool
	broadcasts map[string]string
	accepted   int
	faults     faults
	record     record
}

// New returns a service without user agents.
func New(p Params) *Service {
	if p.BacklogLimit == 0 {
		p.BacklogLimit = backlogLimit
	}
	s := &Service{
		p:          p,
		agents:     make(map[string]*userAgent),
		tokens:     make(map[string]address),
		open:       make(map[*socket]bool),
		broadcasts: make(map[string]string),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close cuts all connections and waits for their goroutines.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.sockets.Wait()
}

// ServeHTTP serves the WebSocket at /push and the endpoints below /wpush/.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == SocketPath:
		s.serveSocket(w, r)
	case strings.HasPrefix(r.URL.Path, EndpointPrefix):
		s.serveEndpoint(w, r)
	default:
		http.NotFound(w, r)
	}
}

// octets draws n random octets. The caller holds the lock.
func (s *Service) octets(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.p.Random, b); err != nil {
		panic(fmt.Sprintf("pushservice: random source: %v", err))
	}
	return b
}

func (s *Service) newUAID() string { return hex.EncodeToString(s.octets(16)) }

func (s *Service) newToken() string {
	return "gAAAAA" + base64.RawURLEncoding.EncodeToString(s.octets(48))
}
