package relay

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// member is one connection in a channel. Its reader runs in the request's goroutine, its
// writer in one of its own.
type member struct {
	relay   *Server
	conn    net.Conn
	channel *channel
	limits  Limits
	sender  map[string]string

	out       chan []byte
	leave     chan struct{}
	leaveOnce sync.Once
	lastSign  atomic.Int64 // Unix nanoseconds of the last sign of life

	messages, bytes int // guarded by the relay's mutex
}

// drop ends the connection after what is already queued, without a word.
func (m *member) drop() { m.leaveOnce.Do(func() { close(m.leave) }) }

// send queues a frame. A member that does not read is dropped.
func (m *member) send(opcode byte, payload []byte) {
	select {
	case m.out <- frame(opcode, payload):
	default:
		m.drop()
	}
}

func (m *member) alive() { m.lastSign.Store(time.Now().UnixNano()) }

// run serves the connection until it ends.
func (m *member) run(r *bufio.Reader) {
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

func (m *member) read(r *bufio.Reader) {
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		switch f.opcode {
		case opText:
			m.alive()
			m.relay.pass(m, strings.TrimSpace(string(f.payload)))
		case opPing:
			m.alive()
			m.send(opPong, f.payload)
		case opPong:
			m.alive()
		case opClose:
			return // not answered
		}
		// Binary frames are ignored and are no sign of life.
	}
}

func (m *member) write() {
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
			if now.Sub(time.Unix(0, m.lastSign.Load())) >= m.limits.Silence || !m.put(frame(opPing, nil)) {
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

func (m *member) put(frame []byte) bool {
	if err := m.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return false
	}
	_, err := m.conn.Write(frame)
	return err == nil
}
