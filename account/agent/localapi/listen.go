package localapi

import (
	"errors"
	"net"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

// ErrAgentRunning says that another agent answers on the socket.
var ErrAgentRunning = errors.New("another agent is running")

// Listen opens the agent's socket at path, see [socket.Listen]. One on which an agent answers, or whose
// lock (path + ".lock") an agent holds, is [ErrAgentRunning].
func Listen(path string) (net.Listener, error) {
	l, err := socket.Listen(path, path+".lock")
	if errors.Is(err, socket.ErrInUse) {
		return nil, ErrAgentRunning
	}
	if err != nil {
		return nil, err // and no listener: a nil one of a type would not be nil
	}
	return l, nil
}
