package pushservice

import (
	"encoding/base64"
	"slices"
	"time"
)

// userAgent is what the service knows of one user agent.
type userAgent struct {
	uaid     string
	hello    time.Time       // the last one
	channels map[string]bool // by channel id
	stored   []*message      // oldest first
	socket   *socket         // nil while it is not connected
}

// address is what an endpoint's token seals.
type address struct {
	uaid, channel string
	vapidKey      string // base64url of the key it is bound to, "" for none
}

// message is one accepted message.
type message struct {
	number  int // in order of arrival
	channel string
	version string
	topic   string
	data    string // base64url, "" for a message without a body
	headers map[string]string
	ttl     time.Duration
	expires time.Time
}

// knownAgent finds a user agent whose 60 days have not run out. The caller
// holds the lock.
func (s *Service) knownAgent(uaid string) *userAgent {
	a := s.agents[uaid]
	if a != nil && s.p.Now().Sub(a.hello) > uaidLife {
		s.forget(a)
		return nil
	}
	return a
}

func (s *Service) forget(a *userAgent) { delete(s.agents, a.uaid) }

// subscribe makes an endpoint for a channel. The caller holds the lock.
func (s *Service) subscribe(a *userAgent, channel, vapidKey string) (endpoint string) {
	s.agents[a.uaid] = a // stored with its first channel
	a.channels[channel] = true
	token, generation := s.newToken(), "v1"
	if vapidKey != "" {
		generation = "v2"
	}
	s.tokens[generation+"/"+token] = address{a.uaid, channel, vapidKey}
	return s.p.Base + EndpointPrefix + generation + "/" + token
}

// accept sends the message to a connected agent or stores it. The caller holds
// the lock.
func (s *Service) accept(a *userAgent, m *message) {
	m.version = "gAAAAA" + base64.RawURLEncoding.EncodeToString(s.octets(24))
	m.expires = s.p.Now().Add(m.ttl)
	s.accepted++
	m.number = s.accepted
	if a.socket != nil {
		a.socket.outstanding[m.version] = m
		a.socket.enqueue(m.frame())
		return
	}
	a.store(m)
}

// store keeps m for later; a message of the same channel and topic gives way.
func (a *userAgent) store(m *message) {
	if m.ttl <= 0 {
		return
	}
	if m.topic != "" {
		a.stored = slices.DeleteFunc(a.stored, func(old *message) bool {
			return old.topic == m.topic && old.channel == m.channel
		})
	}
	a.stored = append(a.stored, m)
}

// nextBatch returns what is read from storage at once: topic messages before the
// others. Expired ones disappear.
func (a *userAgent) nextBatch(now time.Time) []*message {
	a.stored = slices.DeleteFunc(a.stored, func(m *message) bool { return !now.Before(m.expires) })
	var topics, others []*message
	for _, m := range a.stored {
		if m.topic != "" {
			topics = append(topics, m)
		} else {
			others = append(others, m)
		}
	}
	if len(topics) > 0 {
		return topics[:min(len(topics), topicBatch)]
	}
	return others[:min(len(others), messageBatch)]
}

// acknowledged removes a message for good.
func (a *userAgent) acknowledged(version string) {
	a.stored = slices.DeleteFunc(a.stored, func(m *message) bool { return m.version == version })
}

// keepOutstanding stores what a lost connection was sent live and did not
// acknowledge; stored messages never left.
func (a *userAgent) keepOutstanding(outstanding map[string]*message) {
	for _, m := range a.stored {
		delete(outstanding, m.version)
	}
	left := make([]*message, 0, len(outstanding))
	for _, m := range outstanding {
		left = append(left, m)
	}
	slices.SortFunc(left, func(x, y *message) int { return x.number - y.number })
	for _, m := range left {
		a.store(m)
	}
}
