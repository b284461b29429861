package accounttest

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
	pushHelloTimeout   = 5 * time.Second
	pushPingInterval   = 300 * time.Second
	pushPongTimeout    = 4 * time.Second
	pushClientPingGap  = 45 * time.Second
	pushMaxFrame       = 64 << 10
	pushWriteTimeout   = 10 * time.Second
	pushTopicBatch     = 11
	pushMessageBatch   = 10
	pushBacklogLimit   = 150
	pushMaxBody        = 5630
	pushMaxTTL         = 30 * 24 * time.Hour
	pushMaxTopic       = 32
	pushUAIDLife       = 60 * 24 * time.Hour
	pushVAPIDMaxLife   = 24 * time.Hour
	pushSocketPath     = "/push"
	pushEndpointPrefix = "/wpush/"
)

// pushParams is what a push service needs.
type pushParams struct {
	// base is the HTTP address without a trailing slash that endpoints start with.
	base string
	// now is the time that TTLs and the life of a uaid follow. Network timers
	// are the standard ones.
	now func() time.Time
	// random is read under the push service's own lock; nobody else may read it.
	random io.Reader
	// backlogLimit is how many stored messages one connection may be sent
	// before the service forgets the uaid; 0 means the server's default of 150.
	backlogLimit int
}

// pushService is Mozilla's push service in one process: the WebSocket at /push
// for user agents and the endpoints below /wpush/ for senders.
type pushService struct {
	p       pushParams
	ctx     context.Context
	cancel  context.CancelFunc
	sockets sync.WaitGroup

	mu         sync.Mutex // guards everything below
	closed     bool
	agents     map[string]*pushAgent  // by uaid
	tokens     map[string]pushAddress // by endpoint token
	open       map[*pushSocket]bool
	broadcasts map[string]string
	accepted   int
	faults     pushFaults
	record     pushRecord
}

func newPushService(p pushParams) *pushService {
	if p.backlogLimit == 0 {
		p.backlogLimit = pushBacklogLimit
	}
	s := &pushService{
		p:          p,
		agents:     make(map[string]*pushAgent),
		tokens:     make(map[string]pushAddress),
		open:       make(map[*pushSocket]bool),
		broadcasts: make(map[string]string),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// close cuts all connections and waits for their goroutines.
func (s *pushService) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.sockets.Wait()
}

// ServeHTTP serves the WebSocket at /push and the endpoints below /wpush/.
func (s *pushService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == pushSocketPath:
		s.serveSocket(w, r)
	case strings.HasPrefix(r.URL.Path, pushEndpointPrefix):
		s.serveEndpoint(w, r)
	default:
		http.NotFound(w, r)
	}
}

// octets draws n random octets. The caller holds the lock.
func (s *pushService) octets(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.p.random, b); err != nil {
		panic(fmt.Sprintf("accounttest: random source: %v", err))
	}
	return b
}

func (s *pushService) newUAID() string { return hex.EncodeToString(s.octets(16)) }

func (s *pushService) newToken() string {
	return "gAAAAA" + base64.RawURLEncoding.EncodeToString(s.octets(48))
}
