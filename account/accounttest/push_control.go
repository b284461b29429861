package accounttest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// PushControl steers the push service from a test: it looks at what user agents
// did and makes the service misbehave. Its methods may be called at any time.
type PushControl struct{ s *pushService }

// control gives the handle for tests.
func (s *pushService) control() *PushControl { return &PushControl{s} }

// PushAck is one acknowledged notification.
type PushAck struct {
	UAID, ChannelID, Version string
	Code                     int
}

// pushRecord is what user agents and senders did.
type pushRecord struct {
	upgrades    []time.Time
	upgrade     http.Header // of the last one
	hello       string      // the last one
	hellos      []string    // the uaids they named
	acks        []PushAck
	unregisters []string // channel id and code
	registers   int
	posts       int
	emptyPings  int
	clientPings int
}

// pushFaults is what goes wrong on demand.
type pushFaults struct {
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

// takeUpgrade gives the refusal and delay for the next upgrade.
func (f *pushFaults) takeUpgrade() (*upgradeRefusal, time.Duration) {
	r := f.refusal
	if r == nil || r.times == 0 {
		return nil, f.delay
	}
	if r.times > 0 {
		r.times--
	}
	return r, f.delay
}

func (c *PushControl) locked(f func(s *pushService)) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	f(c.s)
}

// eachSocket calls f, with the lock held, for every open connection.
func (c *PushControl) eachSocket(f func(k *pushSocket)) {
	c.locked(func(s *pushService) {
		for k := range s.open {
			f(k)
		}
	})
}

// Close ends every connection with a close frame.
func (c *PushControl) Close(code int, reason string) {
	c.eachSocket(func(k *pushSocket) {
		k.endLocked(pushEnd{code: websocket.StatusCode(code), reason: reason})
	})
}

// Cut ends every connection without a close frame, like a lost network.
func (c *PushControl) Cut() {
	c.eachSocket(func(k *pushSocket) { k.endLocked(pushEnd{cut: true}) })
}

// Silence makes the open connections dead: nothing is answered or sent on them
// any more, yet they stay open.
func (c *PushControl) Silence() {
	c.eachSocket(func(k *pushSocket) { k.silent = true })
}

// LosePongs leaves WebSocket pings on the open connections unanswered; all else
// works.
func (c *PushControl) LosePongs() {
	c.eachSocket(func(k *pushSocket) { k.mutePongs = true })
}

// Hang leaves every message on the open connections unread, while WebSocket pings
// are still answered.
func (c *PushControl) Hang() {
	c.eachSocket(func(k *pushSocket) { k.hung = true })
}

// Send writes a text frame to every connection that has said hello.
func (c *PushControl) Send(text string) {
	c.eachSocket(func(k *pushSocket) {
		if k.agent != nil {
			k.enqueue([]byte(text))
		}
	})
}

// SetBroadcast changes the version of a broadcast and tells its subscribers.
func (c *PushControl) SetBroadcast(id, version string) {
	c.locked(func(s *pushService) {
		s.broadcasts[id] = version
		for k := range s.open {
			if _, ok := k.subscribed[id]; ok {
				k.enqueue(pushJSON(pushBroadcast{"broadcast", map[string]any{id: version}}))
			}
		}
	})
}

// RefuseUpgrades answers the next upgrades with a status and, when it is not
// empty, a Retry-After header. Below 0 times means until called again with 0.
func (c *PushControl) RefuseUpgrades(status int, retryAfter string, times int) {
	h := make(http.Header)
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	if status >= 300 && status < 400 {
		h.Set("Location", "http://127.0.0.1:1/elsewhere")
	}
	c.locked(func(s *pushService) { s.faults.refusal = &upgradeRefusal{status, h, times} })
}

// DelayUpgrades holds every later upgrade back.
func (c *PushControl) DelayUpgrades(d time.Duration) {
	c.locked(func(s *pushService) { s.faults.delay = d })
}

// AnswerEndpoints makes every endpoint answer with status, such as 404, 410 or
// 503, until it is called with 0.
func (c *PushControl) AnswerEndpoints(status int) {
	c.locked(func(s *pushService) { s.faults.endpointStatus = status })
}

// EndSubscription makes one endpoint answer 410 from now on.
func (c *PushControl) EndSubscription(endpoint string) {
	c.locked(func(s *pushService) {
		if s.faults.gone == nil {
			s.faults.gone = make(map[string]bool)
		}
		s.faults.gone[endpointToken(endpoint)] = true
	})
}

// ForgetUserAgents drops every uaid with its channels and messages: their
// endpoints are gone, and the next hello gets a new uaid.
func (c *PushControl) ForgetUserAgents() {
	c.locked(func(s *pushService) { clear(s.agents) })
}

// AnswerHello gives later hello replies another status; 0 means 200 again.
func (c *PushControl) AnswerHello(status int) {
	c.locked(func(s *pushService) { s.faults.helloStatus = status })
}

// IgnoreHellos leaves the next n hellos without a reply.
func (c *PushControl) IgnoreHellos(n int) {
	c.locked(func(s *pushService) { s.faults.muteHellos = n })
}

// FailRegisters answers the next n register messages with status 500.
func (c *PushControl) FailRegisters(n int) {
	c.locked(func(s *pushService) { s.faults.failRegisters = n })
}

// IgnoreRegisters leaves the next n register messages without a reply.
func (c *PushControl) IgnoreRegisters(n int) {
	c.locked(func(s *pushService) { s.faults.muteRegisters = n })
}

// Post sends a message to an endpoint without a network and gives the HTTP
// status.
func (c *PushControl) Post(endpoint string, header http.Header, body []byte) int {
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
	return strings.TrimPrefix(u.Path, pushEndpointPrefix)
}

// Connections is the number of open connections, before hello included.
func (c *PushControl) Connections() (n int) {
	c.locked(func(s *pushService) { n = len(s.open) })
	return n
}

// Connected gives the uaids that are connected, sorted.
func (c *PushControl) Connected() (uaids []string) {
	c.eachSocket(func(k *pushSocket) {
		if k.agent != nil {
			uaids = append(uaids, k.agent.uaid)
		}
	})
	slices.Sort(uaids)
	return uaids
}

// UserAgents gives the uaids the service knows, sorted.
func (c *PushControl) UserAgents() (uaids []string) {
	c.locked(func(s *pushService) { uaids = slices.Sorted(maps.Keys(s.agents)) })
	return uaids
}

// Channels gives a user agent's channel ids, sorted.
func (c *PushControl) Channels(uaid string) (ids []string) {
	c.locked(func(s *pushService) {
		if a := s.agents[uaid]; a != nil {
			ids = slices.Sorted(maps.Keys(a.channels))
		}
	})
	return ids
}

// Stored is the number of messages waiting in storage for all user agents.
func (c *PushControl) Stored() (n int) {
	c.locked(func(s *pushService) {
		for _, a := range s.agents {
			n += len(a.stored)
		}
	})
	return n
}

// Outstanding is the number of messages sent on open connections and not yet
// acknowledged.
func (c *PushControl) Outstanding() (n int) {
	c.eachSocket(func(k *pushSocket) { n += len(k.outstanding) })
	return n
}

// Acks gives every acknowledgement so far, in order.
func (c *PushControl) Acks() (acks []PushAck) {
	c.locked(func(s *pushService) { acks = slices.Clone(s.record.acks) })
	return acks
}

// Upgrades gives the times of all attempts to connect, refused ones included.
func (c *PushControl) Upgrades() (at []time.Time) {
	c.locked(func(s *pushService) { at = slices.Clone(s.record.upgrades) })
	return at
}

// LastUpgrade gives the header of the last attempt to connect.
func (c *PushControl) LastUpgrade() (h http.Header) {
	c.locked(func(s *pushService) { h = s.record.upgrade.Clone() })
	return h
}

// LastHello gives the last hello message as it came.
func (c *PushControl) LastHello() (text string) {
	c.locked(func(s *pushService) { text = s.record.hello })
	return text
}

// Hellos gives the uaid that each hello named, "" for none.
func (c *PushControl) Hellos() (uaids []string) {
	c.locked(func(s *pushService) { uaids = slices.Clone(s.record.hellos) })
	return uaids
}

// Registers is the number of register messages.
func (c *PushControl) Registers() (n int) {
	c.locked(func(s *pushService) { n = s.record.registers })
	return n
}

// Unregisters gives channel id and code of each unregister message, with a
// space between.
func (c *PushControl) Unregisters() (all []string) {
	c.locked(func(s *pushService) { all = slices.Clone(s.record.unregisters) })
	return all
}

// Posts is the number of messages that reached an endpoint, refused ones
// included.
func (c *PushControl) Posts() (n int) {
	c.locked(func(s *pushService) { n = s.record.posts })
	return n
}

// Pings gives how many WebSocket pings and how many {} messages came.
func (c *PushControl) Pings() (frames, messages int) {
	c.locked(func(s *pushService) { frames, messages = s.record.clientPings, s.record.emptyPings })
	return frames, messages
}
