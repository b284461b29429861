// Package memnet is a network in memory: the service and the tests of its
// rooms are reached over it without a socket, inside one testing/synctest
// bubble if they like.
package memnet

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Host is the address an in-memory service says it has. It is a loopback
// address because clients refuse plain http elsewhere.
const Host = "127.0.0.1:3030"

// buffer is how much one direction of a connection holds before writers
// wait, about what a socket does.
const buffer = 64 << 10

// Network is a net.Listener whose connections never leave the process. It
// waits only on channels and sync.Cond made by its starter, which
// testing/synctest counts as durable blocking.
type Network struct {
	incoming chan net.Conn
	done     chan struct{}
	once     sync.Once
}

// New returns a network nobody has dialled yet.
func New() *Network {
	return &Network{incoming: make(chan net.Conn), done: make(chan struct{})}
}

// Accept waits for the next connection.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.incoming:
		return c, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

// Close ends waiting for connections; those made stay.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.done) })
	return nil
}

// Addr returns the address of Host.
func (n *Network) Addr() net.Addr { return addr{} }

// Dial connects to whoever accepts, until ctx ends or the network is closed.
func (n *Network) Dial(ctx context.Context) (net.Conn, error) {
	a, b := newStream(), newStream()
	client, server := &conn{in: a, out: b}, &conn{in: b, out: a}
	select {
	case n.incoming <- server:
		return client, nil
	case <-n.done:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: ctx.Err()}
	}
}

type addr struct{}

func (addr) Network() string { return "tcp" }
func (addr) String() string  { return Host }

// conn is one end of a connection.
type conn struct{ in, out *stream }

func (c *conn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }

func (c *conn) Close() error {
	c.in.closeReader()
	c.out.closeWriter()
	return nil
}

func (*conn) LocalAddr() net.Addr  { return addr{} }
func (*conn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.reads.set(c.in, t)
	c.out.writes.set(c.out, t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.reads.set(c.in, t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.writes.set(c.out, t)
	return nil
}

// stream is one direction of a connection.
type stream struct {
	mu            sync.Mutex
	changed       *sync.Cond
	buffer        []byte
	noMore, gone  bool // writer closed, reader closed
	reads, writes deadline
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.gone:
			return 0, net.ErrClosed
		case s.reads.passed:
			return 0, os.ErrDeadlineExceeded
		case len(s.buffer) > 0:
			n := copy(p, s.buffer)
			s.buffer = s.buffer[n:]
			s.changed.Broadcast()
			return n, nil
		case s.noMore:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for {
		switch {
		case s.noMore:
			return written, net.ErrClosed
		case s.gone:
			return written, io.ErrClosedPipe
		case s.writes.passed:
			return written, os.ErrDeadlineExceeded
		}
		if room := buffer - len(s.buffer); room > 0 {
			n := min(room, len(p)-written)
			s.buffer = append(s.buffer, p[written:written+n]...)
			written += n
			s.changed.Broadcast()
		}
		if written == len(p) {
			return written, nil
		}
		s.changed.Wait()
	}
}

func (s *stream) closeReader() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.reads.stop()
	s.changed.Broadcast()
}

func (s *stream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noMore = true
	s.writes.stop()
	s.changed.Broadcast()
}

// deadline belongs to one direction of a stream and is guarded by its mutex.
type deadline struct {
	passed  bool
	timer   *time.Timer
	version int
}

func (d *deadline) stop() {
	d.version++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (d *deadline) set(s *stream, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.passed = false
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		d.passed = true
		s.changed.Broadcast()
		return
	}
	version := d.version
	d.timer = time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.version == version {
			d.passed = true
			s.changed.Broadcast()
		}
	})
}
