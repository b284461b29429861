package accounttest

import (
	"encoding/json"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// modelDevice is what the model believes about one device.
type modelDevice struct {
	id         string
	credential string
	queue      []modelCommand
}

type modelCommand struct {
	tag     string
	sender  string
	expires time.Time
}

// model is a second, much simpler idea of one account's devices and queues.
type model struct {
	t       *testing.T
	s       *Service
	p       *peer
	h       *Account
	rng     *mathrand.Rand
	devices []*modelDevice
	sent    int
}

// TestQueueAgainstAModel runs random histories of sign-ins, sends, removals and
// waiting, and compares every device's queue with the model's after each step.
func TestQueueAgainstAModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			s := New(t, WithSeed("model"))
			m := &model{t: t, s: s, p: newPeer(t, s), h: s.NewAccount("a@example.com", "password1"), rng: mathrand.New(mathrand.NewPCG(seed, 1))}
			for range 60 {
				m.step()
				m.check()
			}
		})
	}
}

func (m *model) pick() *modelDevice {
	if len(m.devices) == 0 {
		return nil
	}
	return m.devices[m.rng.IntN(len(m.devices))]
}

func (m *model) step() {
	switch n := m.rng.IntN(20); {
	case n < 4 || len(m.devices) == 0:
		m.join()
	case n < 14:
		m.send()
	case n < 17:
		m.s.Clock.Advance(time.Duration(m.rng.IntN(50)) * time.Hour)
	case n < 18:
		m.s.SkipIndexes(int64(m.rng.IntN(1000)))
	default:
		m.leave()
	}
}

// join adds a device, by session or by refresh token.
func (m *model) join() {
	d := &modelDevice{}
	if m.rng.IntN(2) == 0 {
		d.credential = m.p.session(m.h)
	} else {
		f := newFlow(AndroidClientID, scopeOldSync)
		f.state += strconv.Itoa(m.sent) + strconv.Itoa(len(m.devices))
		d.credential = "Bearer " + m.p.post("/v1/oauth/token", "", f.redeem(m.p.approve(f, m.h))).ok().str("refresh_token")
	}
	d.id = m.p.post("/v1/account/device", d.credential, map[string]any{"name": "D", "availableCommands": sendTab}).ok().str("id")
	m.devices = append(m.devices, d)
}

func (m *model) send() {
	from, to := m.pick(), m.pick()
	m.sent++
	c := modelCommand{tag: strconv.Itoa(m.sent), sender: from.id, expires: m.s.Clock.Now().Add(maxQueueTime)}
	body := map[string]any{"target": to.id, "command": commandOpenURI, "payload": map[string]any{"encrypted": c.tag}}
	if m.rng.IntN(2) == 0 {
		hours := 1 + m.rng.IntN(100)
		body["ttl"] = hours * 3600
		c.expires = m.s.Clock.Now().Add(time.Duration(hours) * time.Hour)
	}
	m.p.post("/v1/account/devices/invoke_command", from.credential, body).ok()
	to.queue = append(to.queue, c)
}

// leave removes a device in one of the ways there are.
func (m *model) leave() {
	d := m.pick()
	switch m.rng.IntN(3) {
	case 0:
		m.p.post("/v1/account/device/destroy", m.pick().credential, map[string]any{"id": d.id}).ok()
	case 1:
		m.h.DeleteDevice(d.id)
	default:
		if len(d.credential) > len("Bearer ")+64 { // a session
			m.p.post("/v1/session/destroy", d.credential, nil).ok()
		} else {
			m.p.post("/v1/oauth/destroy", "", map[string]any{"client_id": AndroidClientID, "token": d.credential[len("Bearer "):]}).ok()
		}
	}
	m.p.get("/v1/account/devices", d.credential).fails(401, 110)
	m.devices = slices.DeleteFunc(m.devices, func(o *modelDevice) bool { return o == d })
}

type queuePage struct {
	Index    int64
	Last     bool
	Messages []struct {
		Index int64
		Data  struct {
			Sender  string
			Payload struct{ Encrypted string }
		}
	}
}

// read pages through a queue in small steps.
func (m *model) read(d *modelDevice) (tags, senders []string) {
	index := int64(0)
	for range 1000 {
		var page queuePage
		got := m.p.get("/v1/account/device/commands?limit=3&index="+strconv.FormatInt(index, 10), d.credential).ok()
		if err := json.Unmarshal([]byte(got.text), &page); err != nil {
			m.t.Fatal(err)
		}
		for _, message := range page.Messages {
			if message.Index < index {
				m.t.Fatalf("index %d came after %d", message.Index, index)
			}
			index = message.Index + 1
			tags = append(tags, message.Data.Payload.Encrypted)
			senders = append(senders, message.Data.Sender)
		}
		if page.Last || len(page.Messages) == 0 {
			return tags, senders
		}
		if page.Index != index-1 {
			m.t.Fatalf("page index %d, its last message has %d", page.Index, index-1)
		}
	}
	m.t.Fatal("the queue does not end")
	return nil, nil
}

func (m *model) check() {
	m.t.Helper()
	now := m.s.Clock.Now()
	for _, d := range m.devices {
		var want, from []string
		for _, c := range d.queue {
			if now.Before(c.expires) {
				want, from = append(want, c.tag), append(from, c.sender)
			}
		}
		tags, senders := m.read(d)
		if !slices.Equal(tags, want) || !slices.Equal(senders, from) {
			m.t.Fatalf("device %s has %v from %v, want %v from %v", d.id, tags, senders, want, from)
		}
	}
	if got := len(m.h.Devices()); got != len(m.devices) {
		m.t.Fatalf("%d devices, the model has %d", got, len(m.devices))
	}
}
