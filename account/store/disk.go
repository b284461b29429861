package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// diskFaults are what a disk says, in our words. The first that fits counts.
var diskFaults = []struct{ cause, fault error }{
	{syscall.ENOSPC, ErrFull},
	{syscall.EDQUOT, ErrFull},
	{syscall.EFBIG, ErrFull},
	{errDiskFull, ErrFull},
	{syscall.EROFS, ErrReadOnly},
	{syscall.EIO, ErrDisk},
	{fs.ErrPermission, ErrDenied},
}

// OnDisk reports whether an error comes from a disk that is full, failing, read-only or not ours to use:
// another try may do.
func OnDisk(err error) bool {
	return errors.Is(err, ErrFull) || errors.Is(err, ErrDisk) || errors.Is(err, ErrReadOnly) || errors.Is(err, ErrDenied)
}

// diskFault puts our word for a fault of the disk in front of an error that comes from one.
func diskFault(err error) error {
	for _, f := range diskFaults {
		if errors.Is(err, f.cause) && !OnDisk(err) {
			return fmt.Errorf("%w: %w", f.fault, err)
		}
	}
	return err
}

// Room reports whether the disk takes a number of bytes more beside a file: it tries, because neither quotas
// nor what a disk keeps for others are known otherwise. Nothing is left of it.
func Room(path string, size int) (err error) {
	trial := path + ".room"
	f, err := os.OpenFile(trial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode) // #nosec G304 -- beside the caller's store
	if err != nil {
		return diskFault(err)
	}
	for block := make([]byte, min(size, 64<<10)); size > 0 && err == nil; size -= len(block) {
		_, err = f.Write(block[:min(size, len(block))])
	}
	if err == nil {
		err = f.Sync()
	}
	return diskFault(errors.Join(err, f.Close(), os.Remove(trial)))
}
