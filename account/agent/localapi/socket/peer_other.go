//go:build !linux && !darwin

package socket

import (
	"errors"
	"net"
)

// samePeer cannot ask on this system: the folder's rights keep other users out.
func samePeer(*net.UnixConn) bool { return true }

// peerPID cannot ask either.
func peerPID(*net.UnixConn) (int, error) { return 0, errors.ErrUnsupported }
