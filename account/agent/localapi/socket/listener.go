package socket

import (
	"errors"
	"net"
	"sync/atomic"

	"github.com/gofrs/flock"
)

// accepter takes connections of this user, and counts those of strangers.
type accepter interface {
	net.Listener
	strangers() *strangers
}

// Listener is an open socket. It drops connections of others and lets go of the lock when closed.
type Listener struct {
	accepter
	lock *flock.Flock
}

// Close removes the socket and lets go of the lock.
func (l *Listener) Close() error { return errors.Join(l.accepter.Close(), l.lock.Unlock()) }

// Strangers returns how many connections were refused: those of other users, or without the secret.
func (l *Listener) Strangers() uint64 { return l.strangers().count.Load() }

// OnStranger has f called with each refused connection, and how many there have been. f must not block.
func (l *Listener) OnStranger(f func(count uint64)) { l.strangers().told.Store(&f) }

// strangers counts connections that were refused.
type strangers struct {
	count atomic.Uint64
	told  atomic.Pointer[func(uint64)]
}

func (s *strangers) add() {
	n := s.count.Add(1)
	if f := s.told.Load(); f != nil {
		(*f)(n)
	}
}

// unixListener asks the system who is at the other end.
type unixListener struct {
	*net.UnixListener
	refused strangers
}

func (l *unixListener) strangers() *strangers { return &l.refused }

// Accept waits for a connection of this user.
func (l *unixListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if samePeer(conn) {
			return conn, nil
		}
		l.refused.add()
		_ = conn.Close() // a stranger's connection; there is nobody to tell
	}
}

// PID returns the process at the other end of a connection from [Dial]: the one that listens. Where
// nobody can say, [errors.ErrUnsupported].
func PID(conn net.Conn) (int, error) {
	switch conn := conn.(type) {
	case *net.UnixConn:
		if samePeer(conn) {
			return peerPID(conn)
		}
	case *tokenConn:
		return conn.pid, nil
	}
	return 0, errors.ErrUnsupported
}
