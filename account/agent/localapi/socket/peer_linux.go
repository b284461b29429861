package socket

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// peer asks the system who is at the other end of a connection.
func peer(conn *net.UnixConn) (cred *unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	if outer := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); outer != nil {
		return nil, outer
	}
	return cred, err
}

// samePeer reports whether the other end of a connection runs as our user. A connection that cannot
// be asked is not trusted.
func samePeer(conn *net.UnixConn) bool {
	cred, err := peer(conn)
	return err == nil && int(cred.Uid) == os.Geteuid()
}

// peerPID returns the process at the other end: the one that listens.
func peerPID(conn *net.UnixConn) (int, error) {
	cred, err := peer(conn)
	if err != nil {
		return 0, err
	}
	return int(cred.Pid), nil
}
