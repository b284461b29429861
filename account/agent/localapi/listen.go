package localapi

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

// ErrAgentRunning says that another agent answers on the socket.
var ErrAgentRunning = errors.New("another agent is running")

// An agent that is ending, or was just killed, may hold its lock a little longer than it answers: as long as its
// last thread is in the midst of a write. A start waits for that.
const (
	endTime = 5 * time.Second
	endStep = 20 * time.Millisecond
)

// Listen opens the agent's socket at path, see [socket.Listen]. One on which an agent answers, or whose
// lock (path + ".lock") another one holds for five more seconds, is [ErrAgentRunning].
func Listen(ctx context.Context, path string) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	for {
		l, err := socket.Listen(path, path+".lock")
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, socket.ErrInUse) {
			return nil, err // and no listener: a nil one of a type would not be nil
		}
		if socket.Answers(path) {
			return nil, ErrAgentRunning
		}
		select {
		case <-ctx.Done():
			return nil, ErrAgentRunning
		case <-time.After(endStep):
		}
	}
}
