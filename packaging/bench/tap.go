//go:build linux

package main

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// tap stands between a face and the agent's socket and counts what the agent says.
type tap struct {
	listener net.Listener
	target   string
	passed   atomic.Int64
	work     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func newTap(target, path string) (*tap, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	t := &tap{listener: l, target: target}
	t.work.Go(t.accept)
	return t, nil
}

func (t *tap) path() string { return t.listener.Addr().String() }

// accept ends with the listener.
func (t *tap) accept() {
	for {
		face, err := t.listener.Accept()
		if err != nil {
			return
		}
		agent, err := net.Dial("unix", t.target)
		if err != nil {
			_ = face.Close() // the face sees that there is no agent
			continue
		}
		t.mu.Lock()
		t.conns = append(t.conns, face, agent)
		t.mu.Unlock()
		t.work.Go(func() { join(agent, face) })
		t.work.Go(func() { join(face, io.TeeReader(agent, t)) })
	}
}

// join copies until either side ends, and ends the other: how it ended concerns those who speak.
func join(to net.Conn, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

// Write counts.
func (t *tap) Write(p []byte) (int, error) {
	t.passed.Add(int64(len(p)))
	return len(p), nil
}

func (t *tap) close() error {
	err := t.listener.Close()
	t.mu.Lock()
	for _, c := range t.conns {
		if closed := c.Close(); closed != nil && !errors.Is(closed, net.ErrClosed) {
			err = errors.Join(err, closed)
		}
	}
	t.mu.Unlock()
	t.work.Wait()
	return err
}
