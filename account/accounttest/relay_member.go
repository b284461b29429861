package accounttest

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// relayMember is one connection in a channel. Its reader runs in the request's goroutine, its
// writer in one of its own.
type relayMember struct {
	relay   *Relay
	conn    net.Conn
	channel *relayChannel
	limits  RelayLimits
	sender  map[string]string

	out       chan []byte
	leave     chan struct{}
	leaveOnce sync.Once
	lastSign  atomic.Int64 // Unix nanoseconds of the last sign of life

	messages, bytes int // guarded by the relay's mutex
}

// drop ends the connection after what is already queued, without a word.
func (m *relayMember) drop() { m.leaveOnce.Do(func() { close(m.leave) }) }

// send queues a frame. A member that does not read is dropped.
func (m *relayMember) send(opcode byte, payload []byte) {
	select {
	case m.out <- relayFrame(opcode, payload):
	default:
		m.drop()
	}
}

func (m *relayMember) alive() { m.lastSign.Store(time.Now().UnixNano()) }

// run serves the connection until it ends.
func (m *relayMember) run(r *bufio.Reader) {
	m.alive()
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		m.write()
	}()
	m.read(r)
	m.relay.left(m)
	m.drop()
	<-writing
}

func (m *relayMember) read(r *bufio.Reader) {
	for {
		f, err := readRelayFrame(r)
		if err != nil {
			return
		}
		switch f.opcode {
		case relayOpText:
			m.alive()
			m.relay.pass(m, strings.TrimSpace(string(f.payload)))
		case relayOpPing:
			m.alive()
			m.send(relayOpPong, f.payload)
		case relayOpPong:
			m.alive()
		case relayOpClose:
			return // not answered
		}
		// Binary frames are ignored and are no sign of life.
	}
}

func (m *relayMember) write() {
	defer m.conn.Close() // also ends the reader
	ping := time.NewTicker(m.limits.Ping)
	defer ping.Stop()
	for {
		select {
		case frame := <-m.out:
			if !m.put(frame) {
				return
			}
		case now := <-ping.C:
			if now.Sub(time.Unix(0, m.lastSign.Load())) >= m.limits.Silence || !m.put(relayFrame(relayOpPing, nil)) {
				return
			}
		case <-m.leave:
			for {
				select {
				case frame := <-m.out:
					if !m.put(frame) {
						return
					}
				default:
					return
				}
			}
		}
	}
}

func (m *relayMember) put(frame []byte) bool {
	if err := m.conn.SetWriteDeadline(time.Now().Add(relayWrite)); err != nil {
		return false
	}
	_, err := m.conn.Write(frame)
	return err == nil
}
