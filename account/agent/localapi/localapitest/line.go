package localapitest

import (
	"net"
	"sync"
)

// line is the agent's listener, which a test can cut.
type line struct {
	net.Listener

	mu    sync.Mutex
	down  bool
	conns []net.Conn
}

// Accept takes a connection; while the line is cut it hangs up on whoever calls.
func (l *line) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		down := l.down
		if !down {
			l.conns = append(l.conns, conn)
		}
		l.mu.Unlock()
		if !down {
			return conn, nil
		}
		if err := conn.Close(); err != nil {
			return nil, err
		}
	}
}

func (l *line) cut(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	if down {
		for _, conn := range l.conns {
			_ = conn.Close() // the server may have been faster
		}
		l.conns = nil
	}
}
