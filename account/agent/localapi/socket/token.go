package socket

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// tokenSuffix is what the file with port and secrets is called beyond the socket's name.
const tokenSuffix = ".tcp"

// secretLength is the length of each secret in bytes.
const secretLength = 32

const (
	// provingTime is how long a connection may take to say the secret. It is there with the connection
	// itself, unless the machine is very busy.
	provingTime = 10 * time.Second
	// hearingTime is how long Dial waits for the answer at most: callers have limits of their own, which
	// are shorter.
	hearingTime = 15 * time.Second
	// maxProving is how many connections may be at it at once; the oldest is hung up on for one more.
	// Only a stranger keeps one there.
	maxProving = 64
)

var (
	// ErrSilent says that who listens takes a connection and says nothing.
	ErrSilent = errors.New("who listens there does not answer")
	// errStranger says that another program has the port by now.
	errStranger = errors.New("another program listens there")
)

// tokenListener is a port of 127.0.0.1 for those who know its secret.
type tokenListener struct {
	*net.TCPListener
	pass    pass
	file    string
	refused strangers
	proven  chan net.Conn
	failed  chan error
	done    chan struct{}
	work    sync.WaitGroup

	mu      sync.Mutex
	proving []net.Conn // the oldest first
	closed  bool
}

// listenToken opens a port and writes its pass to file.
func listenToken(file string) (*tokenListener, error) {
	config := net.ListenConfig{Control: exclusive}
	l, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port in place of the socket: %w", err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, l.Close())
	}
	p := pass{Address: l.Addr().String(), Call: make([]byte, secretLength), Answer: make([]byte, secretLength), PID: os.Getpid()}
	_, _ = rand.Read(p.Call) // never fails
	_, _ = rand.Read(p.Answer)
	if err := p.write(file); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	t := &tokenListener{
		TCPListener: tcp, pass: p, file: file,
		proven: make(chan net.Conn), failed: make(chan error), done: make(chan struct{}),
	}
	t.work.Go(t.take)
	return t, nil
}

func (t *tokenListener) strangers() *strangers { return &t.refused }

// take takes connections and has each prove itself beside the others.
func (t *tokenListener) take() {
	for {
		conn, err := t.TCPListener.Accept()
		if err != nil {
			select {
			case t.failed <- err: // that there are too many open files passes, and whoever serves waits for it
			case <-t.done:
			}
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		if t.enter(conn) {
			t.work.Go(func() { t.prove(conn) })
		}
	}
}

// enter notes a connection that is to prove itself; not when the listener is closed.
func (t *tokenListener) enter(conn net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		_ = conn.Close()
		return false
	}
	if len(t.proving) == maxProving {
		_ = t.proving[0].Close() // its goroutine counts it
		t.proving = t.proving[1:]
	}
	t.proving = append(t.proving, conn)
	return true
}

func (t *tokenListener) leave(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.proving = slices.DeleteFunc(t.proving, func(c net.Conn) bool { return c == conn })
}

// prove hands a connection on that says the secret, and hangs up on any other without a word.
func (t *tokenListener) prove(conn net.Conn) {
	ok := t.proves(conn)
	t.leave(conn)
	if !ok {
		t.refused.add()
		_ = conn.Close()
		return
	}
	select {
	case t.proven <- conn:
	case <-t.done:
		_ = conn.Close()
	}
}

func (t *tokenListener) proves(conn net.Conn) bool {
	said := make([]byte, secretLength)
	if conn.SetDeadline(time.Now().Add(provingTime)) != nil {
		return false
	}
	if _, err := io.ReadFull(conn, said); err != nil || subtle.ConstantTimeCompare(said, t.pass.Call) != 1 {
		return false
	}
	_, err := conn.Write(t.pass.Answer)
	return err == nil && conn.SetDeadline(time.Time{}) == nil
}

// Accept waits for a connection that has said the secret.
func (t *tokenListener) Accept() (net.Conn, error) {
	select {
	case conn := <-t.proven:
		return conn, nil
	case err := <-t.failed:
		return nil, err
	case <-t.done:
		return nil, net.ErrClosed
	}
}

// Close removes the file, and ends what is under way.
func (t *tokenListener) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return net.ErrClosed
	}
	t.closed = true
	for _, conn := range t.proving {
		_ = conn.Close() // it has said nothing yet
	}
	t.mu.Unlock()
	close(t.done)
	err := errors.Join(os.Remove(t.file), t.TCPListener.Close())
	t.work.Wait()
	return err
}

// tokenConn is a connection to a port, and who listens there.
type tokenConn struct {
	net.Conn
	pid int
}

// dialToken connects to the port that file tells.
func dialToken(ctx context.Context, file string) (net.Conn, error) {
	p, err := readPass(file)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, hearingTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp4", p.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // it has gone already
	defer stop()
	if err := p.prove(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if !stop() {
		return nil, errors.Join(ErrSilent, conn.Close())
	}
	return &tokenConn{conn, p.PID}, nil
}

// prove says the one secret and wants the other.
func (p pass) prove(conn net.Conn) error {
	heard := make([]byte, secretLength)
	_, err := conn.Write(p.Call)
	if err == nil {
		_, err = io.ReadFull(conn, heard)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrSilent
	case err != nil, subtle.ConstantTimeCompare(heard, p.Answer) != 1:
		return errStranger
	}
	return nil
}
