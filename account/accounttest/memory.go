package accounttest

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// memoryHost is the address an in-memory service says it has. It is a loopback
// address because clients refuse plain http elsewhere.
const memoryHost = "127.0.0.1:3030"

// memoryBuffer is how much one direction of a connection holds before writers
// wait, about what a socket does.
const memoryBuffer = 64 << 10

// memoryNetwork is a listener whose connections never leave the process. It
// waits only on channels and sync.Cond made by its starter, which
// testing/synctest counts as durable blocking.
type memoryNetwork struct {
	incoming chan net.Conn
	done     chan struct{}
	once     sync.Once
}

func newMemoryNetwork() *memoryNetwork {
	return &memoryNetwork{incoming: make(chan net.Conn), done: make(chan struct{})}
}

func (n *memoryNetwork) Accept() (net.Conn, error) {
	select {
	case c := <-n.incoming:
		return c, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

func (n *memoryNetwork) Close() error {
	n.once.Do(func() { close(n.done) })
	return nil
}

func (n *memoryNetwork) Addr() net.Addr { return memoryAddr{} }

func (n *memoryNetwork) dial(ctx context.Context) (net.Conn, error) {
	a, b := newStream(), newStream()
	client, server := &memoryConn{in: a, out: b}, &memoryConn{in: b, out: a}
	select {
	case n.incoming <- server:
		return client, nil
	case <-n.done:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: ctx.Err()}
	}
}

type memoryAddr struct{}

func (memoryAddr) Network() string { return "tcp" }
func (memoryAddr) String() string  { return memoryHost }

// memoryConn is one end of a connection.
type memoryConn struct{ in, out *stream }

func (c *memoryConn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *memoryConn) Write(p []byte) (int, error) { return c.out.write(p) }

func (c *memoryConn) Close() error {
	c.in.closeReader()
	c.out.closeWriter()
	return nil
}

func (*memoryConn) LocalAddr() net.Addr  { return memoryAddr{} }
func (*memoryConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (c *memoryConn) SetDeadline(t time.Time) error {
	c.in.reads.set(c.in, t)
	c.out.writes.set(c.out, t)
	return nil
}

func (c *memoryConn) SetReadDeadline(t time.Time) error {
	c.in.reads.set(c.in, t)
	return nil
}

func (c *memoryConn) SetWriteDeadline(t time.Time) error {
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
		if room := memoryBuffer - len(s.buffer); room > 0 {
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
