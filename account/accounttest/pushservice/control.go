package pushservice

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Control steers the push service from a test: it looks at what user agents
// did and makes the service misbehave. Its methods may be called at any time.
type Control struct{ s *Service }

// Control returns the handle for tests.
func (s *Service) Control() *Control { return &Control{s} }

// Ack is one acknowledged notification.
type Ack struct {
	UAID, ChannelID, Version string
	Code                     int
}

// record is what user agents and senders did.
type record struct {
	upgrades    []time.Time
	upgrade     http.Header // of the last one
	hello       string      // the last one
	hellos      []string    // the uaids they named
	acks        []Ack
	unregisters []string // channel id and code
	registers   int
	posts       int
	emptyPings  int
	clientPings int
}

// faults is what goes wrong on demand.
type faults struct {
	refusal        *upgradeRefusal
	delay          time.Duration
	endpointStatus int
	gone           map[string]bool
	helloStatus    int
	muteHellos     int
	failRegisters  int
	muteRegisters  int
}

type upgradeRefusal struct {
	status int
	header http.Header
	times  int // below 0: until told otherwise
}

// takeUpgrade returns the refusal and delay for the next upgrade.
func (f *faults) takeUpgrade() (*upgradeRefusal, time.Duration) {
	r := f.refusal
	if r == nil || r.times == 0 {
		return nil, f.delay
	}
	if r.times > 0 {
		r.times--
	}
	return r, f.delay
}

func (c *Control) locked(f func(s *Service)) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	f(c.s)
}

// eachSocket calls f, with the lock held, for every open connection.
func (c *Control) eachSocket(f func(k *socket)) {
	c.locked(func(s *Service) {
		for k := range s.open {
			f(k)
		}
	})
}

// Close ends every connection with a close frame.
func (c *Control) Close(code int, reason string) {
	c.eachSocket(func(k *socket) {
		k.endLocked(ending{code: websocket.StatusCode(code), reason: reason})
	})
}

// Cut ends every connection without a close frame, like a lost network.
func (c *Control) Cut() {
	c.eachSocket(func(k *socket) { k.endLocked(ending{cut: true}) })
}

// Silence makes the open connections dead: nothing is answered or sent on them
// any more, yet they stay open.
func (c *Control) Silence() {
	c.eachSocket(func(k *socket) { k.silent = true })
}

// LosePongs leaves WebSocket pings on the open connections unanswered; all else
// works.
func (c *Control) LosePongs() {
	c.eachSocket(func(k *socket) { k.mutePongs = true })
}

// Hang leaves every message on the open connections unread, while WebSocket pings
// are still answered.
func (c *Control) Hang() {
	c.eachSocket(func(k *socket) { k.hung = true })
}

// Send writes a text frame to every connection that has said hello.
func (c *Control) Send(text string) {
	c.eachSocket(func(k *socket) {
		if k.agent != nil {
			k.enqueue([]byte(text))
		}
	})
}

// SetBroadcast changes the version of a broadcast and tells its subscribers.
func (c *Control) SetBroadcast(id, version string) {
	c.locked(func(s *Service) {
		s.broadcasts[id] = version
		for k := range s.open {
			if _, ok := k.subscribed[id]; ok {
				k.enqueue(encode(broadcast{"broadcast", map[string]any{id: version}}))
			}
		}
	})
}

// RefuseUpgrades answers the next upgrades with a status and, when it is not
// empty, a Retry-After header. Below 0 times means until called again with 0.
func (c *Control) RefuseUpgrades(status int, retryAfter string, times int) {
	h := make(http.Header)
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	if status >= 300 && status < 400 {
		h.Set("Location", "http://127.0.0.1:1/elsewhere")
	}
	c.locked(func(s *Service) { s.faults.refusal = &upgradeRefusal{status, h, times} })
}

// DelayUpgrades holds every later upgrade back.
func (c *Control) DelayUpgrades(d time.Duration) {
	c.locked(func(s *Service) { s.faults.delay = d })
}

// AnswerEndpoints makes every endpoint answer with status, such as 404, 410 or
// 503, until it is called with 0.
func (c *Control) AnswerEndpoints(status int) {
	c.locked(func(s *Service) { s.faults.endpointStatus = status })
}

// EndSubscription makes one endpoint answer 410 from now on.
func (c *Control) EndSubscription(endpoint string) {
	c.locked(func(s *Service) {
		if s.faults.gone == nil {
			s.faults.gone = make(map[string]bool)
		}
		s.faults.gone[endpointToken(endpoint)] = true
	})
}

// ForgetUserAgents drops every uaid with its channels and messages: their
// endpoints are gone, and the next hello gets a new uaid.
func (c *Control) ForgetUserAgents() {
	c.locked(func(s *Service) { clear(s.agents) })
}

// AnswerHello gives later hello replies another status; 0 means 200 again.
func (c *Control) AnswerHello(status int) {
	c.locked(func(s *Service) { s.faults.helloStatus = status })
}

// IgnoreHellos leaves the next n hellos without a reply.
func (c *Control) IgnoreHellos(n int) {
	c.locked(func(s *Service) { s.faults.muteHellos = n })
}

// FailRegisters answers the next n register messages with status 500.
func (c *Control) FailRegisters(n int) {
	c.locked(func(s *Service) { s.faults.failRegisters = n })
}

// IgnoreRegisters leaves the next n register messages without a reply.
func (c *Control) IgnoreRegisters(n int) {
	c.locked(func(s *Service) { s.faults.muteRegisters = n })
}

// Post sends a message to an endpoint without a network and gives the HTTP
// status.
func (c *Control) Post(endpoint string, header http.Header, body []byte) int {
	_, refusal := c.s.post(http.MethodPost, endpointToken(endpoint), header, body)
	if refusal != nil {
		return refusal.code
	}
	return http.StatusCreated
}

func endpointToken(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, EndpointPrefix)
}

// Connections is the number of open connections, before hello included.
func (c *Control) Connections() (n int) {
	c.locked(func(s *Service) { n = len(s.open) })
	return n
}

// Connected returns the uaids that are connected, sorted.
func (c *Control) Connected() (uaids []string) {
	c.eachSocket(func(k *socket) {
		if k.agent != nil {
			uaids = append(uaids, k.agent.uaid)
		}
	})
	slices.Sort(uaids)
	return uaids
}

// UserAgents returns the uaids the service knows, sorted.
func (c *Control) UserAgents() (uaids []string) {
	c.locked(func(s *Service) { uaids = slices.Sorted(maps.Keys(s.agents)) })
	return uaids
}

// Channels returns a user agent's channel ids, sorted.
func (c *Control) Channels(uaid string) (ids []string) {
	c.locked(func(s *Service) {
		if a := s.agents[uaid]; a != nil {
			ids = slices.Sorted(maps.Keys(a.channels))
		}
	})
	return ids
}

// Stored is the number of messages waiting in storage for all user agents.
func (c *Control) Stored() (n int) {
	c.locked(func(s *Service) {
		for _, a := range s.agents {
			n += len(a.stored)
		}
	})
	return n
}

// Outstanding is the number of messages sent on open connections and not yet
// acknowledged.
func (c *Control) Outstanding() (n int) {
	c.eachSocket(func(k *socket) { n += len(k.outstanding) })
	return n
}

// Acks returns every acknowledgement so far, in order.
func (c *Control) Acks() (acks []Ack) {
	c.locked(func(s *Service) { acks = slices.Clone(s.record.acks) })
	return acks
}

// Upgrades returns the times of all attempts to connect, refused ones included.
func (c *Control) Upgrades() (at []time.Time) {
	c.locked(func(s *Service) { at = slices.Clone(s.record.upgrades) })
	return at
}

// LastUpgrade returns the header of the last attempt to connect.
func (c *Control) LastUpgrade() (h http.Header) {
	c.locked(func(s *Service) { h = s.record.upgrade.Clone() })
	return h
}

// LastHello returns the last hello message as it came.
func (c *Control) LastHello() (text string) {
	c.locked(func(s *Service) { text = s.record.hello })
	return text
}

// Hellos returns the uaid that each hello named, "" for none.
func (c *Control) Hellos() (uaids []string) {
	c.locked(func(s *Service) { uaids = slices.Clone(s.record.hellos) })
	return uaids
}

// Registers is the number of register messages.
func (c *Control) Registers() (n int) {
	c.locked(func(s *Service) { n = s.record.registers })
	return n
}

// Unregisters returns channel id and code of each unregister message, with a
// space between.
func (c *Control) Unregisters() (all []string) {
	c.locked(func(s *Service) { all = slices.Clone(s.record.unregisters) })
	return all
}

// Posts is the number of messages that reached an endpoint, refused ones
// included.
func (c *Control) Posts() (n int) {
	c.locked(func(s *Service) { n = s.record.posts })
	return n
}

// Pings returns how many WebSocket pings and how many {} messages came.
func (c *Control) Pings() (frames, messages int) {
	c.locked(func(s *Service) { frames, messages = s.record.clientPings, s.record.emptyPings })
	return frames, messages
}
