// Package relay is the pairing channel server in one process: it passes text
// between the members of a channel, in the envelopes and within the limits of
// Mozilla's (docs/protocol/pairing.md §1). A Server is an http.Handler; whoever serves it closes it.
package relay

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Limits are what the pairing relay grants a channel.
type Limits struct {
	// Messages is how many messages a member may see, sent or received, from its joining on. The
	// next one drops all members.
	Messages int
	// Bytes is the same for the sum of the message lengths; zero means no limit.
	Bytes int
	// Members is how many may be in a channel. A further one is dropped without a greeting.
	Members int
	// Ping is how often the relay pings a member.
	Ping time.Duration
	// Silence is how long a member may send no text, ping or pong before it is dropped.
	Silence time.Duration
}

// DefaultLimits are the defaults of Mozilla's channel server. Its life time of 300 s for a
// channel counts from the last sign of life and so never comes before Silence.
func DefaultLimits() Limits {
	return Limits{Messages: 10, Members: 3, Ping: 5 * time.Second, Silence: time.Minute}
}

const (
	idSize       = 16      // bytes of a channel id
	maxFrame     = 1 << 16 // the largest frame a member may send
	queueLength  = 64      // frames waiting for one member before it counts as stuck
	writeTimeout = 10 * time.Second
)

// Place is where a member seems to be; what is empty is unknown.
type Place struct{ City, Region, Country string }

// Params is what New needs. Zero Limits mean DefaultLimits.
type Params struct {
	Random io.Reader
	Limits Limits
}

// Server is the pairing channel server: it passes text between the members of a channel and
// understands none of it. It never sends a close frame, never answers one, and tells nobody that
// a member has left.
type Server struct {
	params  Params
	running sync.WaitGroup

	mu       sync.Mutex
	limits   Limits
	place    func(acceptLanguage string) Place
	channels map[string]*channel
	closed   bool
}

type channel struct {
	id      string
	members map[*member]bool
}

// New returns a relay without channels.
func New(params Params) *Server {
	if params.Limits == (Limits{}) {
		params.Limits = DefaultLimits()
	}
	return &Server{params: params, limits: params.Limits, channels: map[string]*channel{}}
}

// SetLimits changes the limits. Timers of members already there keep their pace.
func (r *Server) SetLimits(limits Limits) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limits = limits
}

// SetPlace makes the relay say where the members that join from now on seem to be, in the language
// they prefer. Without it their place is unknown.
func (r *Server) SetPlace(place func(acceptLanguage string) Place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place = place
}

// Members returns how many members a channel has.
func (r *Server) Members(channelID string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ch := r.channels[channelID]; ch != nil {
		return len(ch.members)
	}
	return 0
}

// Restart behaves like the relay's process being replaced: every stream ends and every channel
// is forgotten.
func (r *Server) Restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ch := range r.channels {
		r.dropAll(ch)
	}
}

// Close ends every connection and waits for them.
func (r *Server) Close() {
	r.mu.Lock()
	r.closed = true
	for _, ch := range r.channels {
		r.dropAll(ch)
	}
	r.mu.Unlock()
	r.running.Wait()
}

// dropAll ends a channel; r.mu is held.
func (r *Server) dropAll(ch *channel) {
	for m := range ch.members {
		m.drop()
	}
	delete(r.channels, ch.id)
}

// ServeHTTP serves everything below /v1/ws/.
func (r *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name, ok := strings.CutPrefix(req.URL.Path, "/v1/ws/")
	if !ok || strings.Contains(name, "/") {
		http.NotFound(w, req)
		return
	}
	accept, ok := acceptKey(req)
	if !ok {
		http.Error(w, "not a WebSocket handshake", http.StatusBadRequest)
		return
	}
	if !r.begin() {
		http.Error(w, "closing", http.StatusServiceUnavailable)
		return
	}
	defer r.running.Done()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot upgrade", http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	id, known := channelID(name)
	if known && id == "" {
		return // too short an id breaks the connection off before any answer
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Accept: "+accept+"\r\n\r\n"); err != nil {
		return
	}
	m := &member{
		relay:  r,
		conn:   conn,
		out:    make(chan []byte, queueLength),
		leave:  make(chan struct{}),
		sender: r.describe(req),
	}
	if !r.join(m, id) {
		return
	}
	m.run(buffered.Reader)
}

func (r *Server) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.running.Add(1)
	return true
}

// channelID reads the last part of a path. A name that is no base64url asks for a new
// channel, exactly like an empty one: known is false. Surplus bytes are cut off. A known but
// empty id was too short.
func channelID(name string) (id string, known bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(name, "="))
	if name == "" || err != nil {
		return "", false
	}
	if len(raw) < idSize {
		return "", true
	}
	return base64.RawURLEncoding.EncodeToString(raw[:idSize]), true
}

// describe makes the sender object of a member's messages.
func (r *Server) describe(req *http.Request) map[string]string {
	sender := map[string]string{}
	set := func(name, value string) {
		if value != "" {
			sender[name] = value
		}
	}
	set("ua", req.UserAgent())
	if host, _, err := net.SplitHostPort(req.RemoteAddr); err == nil {
		set("remote", host)
	}
	r.mu.Lock()
	placeOf := r.place
	r.mu.Unlock()
	if placeOf != nil {
		place := placeOf(req.Header.Get("Accept-Language"))
		set("city", place.City)
		set("region", place.Region)
		set("country", place.Country)
	}
	return sender
}

// join puts a member into the channel named id, or into a new one when id is empty, and greets it.
func (r *Server) join(m *member, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	ch := r.channels[id]
	if id == "" {
		raw := make([]byte, idSize)
		if _, err := io.ReadFull(r.params.Random, raw); err != nil {
			return false
		}
		ch = &channel{id: base64.RawURLEncoding.EncodeToString(raw), members: map[*member]bool{}}
		r.channels[ch.id] = ch
	}
	if r.closed || ch == nil || len(ch.members) >= r.limits.Members {
		return false
	}
	m.channel, m.limits = ch, r.limits
	ch.members[m] = true
	greeting, err := json.Marshal(struct {
		ChannelID string `json:"channelid"`
		Link      string `json:"link"`
	}{ch.id, "/v1/ws/" + ch.id})
	if err != nil {
		return false
	}
	m.send(opText, greeting)
	return true
}

// left takes a member out. Nobody is told.
func (r *Server) left(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(m.channel.members, m)
	if len(m.channel.members) == 0 && r.channels[m.channel.id] == m.channel {
		delete(r.channels, m.channel.id)
	}
}

// pass gives a member's text to all others, unless it is one too many.
func (r *Server) pass(from *member, text string) {
	envelope, err := json.Marshal(struct {
		Message string            `json:"message"`
		Sender  map[string]string `json:"sender"`
	}{text, from.sender})
	if err != nil {
		return // strings always encode
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	over := false
	for m := range from.channel.members {
		m.messages++
		m.bytes += len(text)
		over = over || m.messages > r.limits.Messages || (r.limits.Bytes > 0 && m.bytes > r.limits.Bytes)
	}
	if over {
		r.dropAll(from.channel)
		return
	}
	for m := range from.channel.members {
		if m != from {
			m.send(opText, envelope)
		}
	}
}
