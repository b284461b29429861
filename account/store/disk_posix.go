//go:build !windows

package store

import (
	"errors"
	"os"
	"syscall"
)

// errDiskFull is what only Windows says.
const errDiskFull = syscall.ENOSPC

// unlockFile takes bbolt's lock off a file.
func unlockFile(f *os.File) (err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return errors.Join(raw.Control(func(fd uintptr) { err = syscall.Flock(int(fd), syscall.LOCK_UN) }), err)
}

// syncFolder makes the names in a folder outlive a loss of power, where the file system has a way to do that: some
// shared folders of virtual machines have none.
func syncFolder(path string) error {
	f, err := os.Open(path) // #nosec G304 -- the folder of the caller's store
	if err != nil {
		return err
	}
	if err = f.Sync(); errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
