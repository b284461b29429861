package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// diskFaults are what a disk says, in our words. The first that fits counts.
var diskFaults = []struct{ cause, fault error }{
	{syscall.ENOSPC, ErrFull},
	{syscall.EDQUOT, ErrFull},
	{syscall.EFBIG, ErrFull},
	{errDiskFull, ErrFull},
	{syscall.EROFS, ErrReadOnly},
	{fs.ErrPermission, ErrDenied},
	{syscall.EMFILE, ErrBusy},
	{syscall.ENFILE, ErrBusy},
	{syscall.ENOMEM, ErrBusy},
}

// noFaults are what the system says where something else than a file of ours lies, or nothing: the disk is well.
var noFaults = []error{
	fs.ErrNotExist, fs.ErrExist, fs.ErrClosed,
	syscall.EISDIR, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL,
}

// OnDisk reports whether an error comes from a disk that is full, failing, read-only or not ours to use, or from a
// system that has no means left: another try may do.
func OnDisk(err error) bool {
	for _, f := range diskFaults {
		if errors.Is(err, f.fault) {
			return true
		}
	}
	return errors.Is(err, ErrDisk)
}

// diskFault puts our word for a fault of the disk in front of an error that comes from one. What the system says and
// has no word of its own here is a failure too: a disk that is gone, a server that hangs. It says nothing of what is
// in the file.
func diskFault(err error) error {
	if OnDisk(err) || errors.Is(err, ErrCorrupt) {
		return err
	}
	is := func(cause error) bool { return errors.Is(err, cause) }
	for _, f := range diskFaults {
		if is(f.cause) {
			return fmt.Errorf("%w: %w", f.fault, err)
		}
	}
	if !errors.As(err, new(syscall.Errno)) || slices.ContainsFunc(noFaults, is) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDisk, err)
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
