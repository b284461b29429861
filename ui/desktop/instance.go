package desktop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

// ErrRunning says that another process already plays this role.
var ErrRunning = errors.New("already running")

const (
	// handOverTime is how long a second start tries to reach the first: it may hold the lock but
	// not listen yet.
	handOverTime = 3 * time.Second
	handOverStep = 50 * time.Millisecond
	// maxHandOver bounds the arguments of a second start; Linux allows 128 KiB for one argument.
	maxHandOver = 1 << 20
)

// Instance is the first process of a role that takes over the arguments of later ones.
type Instance struct {
	listener net.Listener
	closing  chan struct{}
	serving  sync.WaitGroup
}

// ClaimInstance makes this process the first of its role, or hands args to the first and returns
// ErrRunning. Later starts wait until Serve is called.
func ClaimInstance(ctx context.Context, lockPath, socketPath string, args []string) (*Instance, error) {
	listener, err := socket.Listen(socketPath, lockPath)
	if errors.Is(err, socket.ErrInUse) {
		if err := handOver(ctx, socketPath, args); err != nil {
			return nil, fmt.Errorf("another one is running but does not answer: %w", err)
		}
		return nil, ErrRunning
	}
	if err != nil {
		return nil, err
	}
	return &Instance{listener: listener, closing: make(chan struct{})}, nil
}

// Serve calls handle with the arguments of later starts, one at a time, until Close. log hears of those
// that could not be understood.
func (i *Instance) Serve(log *slog.Logger, handle func(args []string)) {
	i.serving.Go(func() { i.serve(log, handle) })
}

// Close ends the role; it waits for a call of handle under way.
func (i *Instance) Close() error {
	close(i.closing)
	err := i.listener.Close()
	i.serving.Wait()
	return err
}

// serve takes hand-overs until the instance is closed. That a connection could not be taken, because
// there are too many open files say, passes.
func (i *Instance) serve(log *slog.Logger, handle func(args []string)) {
	for {
		args, err := i.accept()
		if err == nil {
			handle(args)
			continue
		}
		select {
		case <-i.closing:
			return
		case <-time.After(handOverStep):
			log.Warn("a later start was not understood", "error", err)
		}
	}
}

// accept takes one hand-over.
func (i *Instance) accept() ([]string, error) {
	conn, err := i.listener.Accept()
	if err != nil {
		return nil, err
	}
	return receive(conn)
}

// receive reads the arguments of a later start and says that they have arrived.
func receive(conn net.Conn) (args []string, err error) {
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetDeadline(time.Now().Add(handOverTime)); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxHandOver)).ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(line, &args); err != nil {
		return nil, err
	}
	_, err = conn.Write([]byte("ok\n"))
	return args, err
}

// handOver sends args to the first instance and waits until it has them.
func handOver(ctx context.Context, socketPath string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, handOverTime)
	defer cancel()
	line, err := json.Marshal(args)
	if err != nil {
		return err
	}
	for {
		conn, err := socket.Dial(ctx, socketPath)
		if err == nil {
			return deliver(conn, append(line, '\n'))
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(handOverStep):
		}
	}
}

func deliver(conn net.Conn, line []byte) (err error) {
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetDeadline(time.Now().Add(handOverTime)); err != nil {
		return err
	}
	if _, err := conn.Write(line); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && answer != "ok\n" {
		err = errors.New("unexpected answer")
	}
	return err
}
