//go:build torture

package socket

import (
	"context"
	"net"
	"os"
	"syscall"
)

// noUnixVariable takes Unix sockets away from this build for packaging/torture.
const noUnixVariable = "TABFERRY_TORTURE_NO_UNIX"

func here() system {
	if os.Getenv(noUnixVariable) == "" {
		return system{listenUnix, dialUnix}
	}
	return system{
		func(string) (*net.UnixListener, error) { return nil, syscall.EAFNOSUPPORT },
		func(context.Context, string) (net.Conn, error) { return nil, syscall.EAFNOSUPPORT },
	}
}
