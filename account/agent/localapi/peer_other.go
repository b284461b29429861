//go:build !linux && !darwin

package localapi

import "net"

// samePeer cannot ask on this system: the folder's rights keep other users out.
func samePeer(*net.UnixConn) bool { return true }
