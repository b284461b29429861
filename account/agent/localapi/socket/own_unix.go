//go:build unix

package socket

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs reports whether a file belongs to the user we run as.
func ownedByUs(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// createOwn makes a file that only its owner can open.
func createOwn(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode) // #nosec G304 -- beside our socket
}

// openOwn opens a file of ours that nobody else can open, and no link to one.
func openOwn(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0) // #nosec G304 -- beside our socket
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() || !ownedByUs(info) || info.Mode().Perm()&^fileMode != 0 {
		return nil, errors.Join(ErrNotOurs, f.Close())
	}
	return f, nil
}

// noUnixSockets reports whether an error says that this system has no Unix sockets at all.
func noUnixSockets(err error) bool { return errors.Is(err, syscall.EAFNOSUPPORT) }

// exclusive has nothing to do: a port that is listened on cannot be taken here.
func exclusive(string, string, syscall.RawConn) error { return nil }
