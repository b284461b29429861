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
	// claimTime is how long a start tries to become the first or to reach it: the first may hold the lock
	// but not listen yet, or be ending.
	claimTime = 10 * time.Second
	claimStep = 50 * time.Millisecond
	// maxHandOver bounds the arguments of a second start; Linux allows 128 KiB for one argument.
	maxHandOver = 1 << 20
)

// What a later start is told.
const (
	taken  = "ok\n"
	ending = "ending\n" // this one is about to end: be the first yourself
)

// Instance is the first process of a role that takes over the arguments of later ones.
type Instance struct {
	listener net.Listener
	closing  chan struct{}
	serving  sync.WaitGroup
}

// ClaimInstance makes this process the first of its role, or hands args to the first and returns
// ErrRunning. Later starts wait until Serve is called, and one that meets a first that is ending takes its
// place. After 10 seconds it gives up.
func ClaimInstance(ctx context.Context, lockPath, socketPath string, args []string) (*Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	for {
		listener, err := socket.Listen(socketPath, lockPath)
		if err == nil {
			return &Instance{listener: listener, closing: make(chan struct{})}, nil
		}
		if !errors.Is(err, socket.ErrInUse) {
			return nil, err
		}
		if err = handOver(ctx, socketPath, args); err == nil {
			return nil, ErrRunning
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another one is running but does not answer: %w", err)
		case <-time.After(claimStep):
		}
	}
}

// Serve calls handle with the arguments of later starts, one at a time, until Close. handle reports whether
// it took them: one that did not, because it is ending, leaves them to the later start. log hears of those
// that could not be understood.
func (i *Instance) Serve(log *slog.Logger, handle func(args []string) bool) {
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
func (i *Instance) serve(log *slog.Logger, handle func(args []string) bool) {
	for {
		err := i.accept(handle)
		if err == nil {
			continue
		}
		select {
		case <-i.closing:
			return
		case <-time.After(claimStep):
			log.Warn("a later start was not understood", "error", err)
		}
	}
}

// accept takes one hand-over.
func (i *Instance) accept(handle func(args []string) bool) (err error) {
	conn, err := i.listener.Accept()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	args, err := receive(conn)
	if err != nil {
		return err
	}
	answer := taken
	if !handle(args) {
		answer = ending
	}
	_, err = io.WriteString(conn, answer)
	return err
}

// receive reads the arguments of a later start.
func receive(conn net.Conn) (args []string, err error) {
	if err := conn.SetDeadline(time.Now().Add(claimTime)); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxHandOver)).ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	return args, json.Unmarshal(line, &args)
}

// handOver sends args to the first instance and waits until it has them.
func handOver(ctx context.Context, socketPath string, args []string) (err error) {
	line, err := json.Marshal(args)
	if err != nil {
		return err
	}
	conn, err := socket.Dial(ctx, socketPath)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return err
	}
	switch answer, err := bufio.NewReader(conn).ReadString('\n'); {
	case err != nil:
		return err
	case answer == ending:
		return errors.New("it is ending")
	case answer != taken:
		return errors.New("unexpected answer")
	}
	return nil
}
