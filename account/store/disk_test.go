package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// What a disk says has one word of ours, however deep it is wrapped; everything else keeps its own.
func TestDiskFaults(t *testing.T) {
	for said, want := range map[error]error{
		syscall.ENOSPC: ErrFull, syscall.EFBIG: ErrFull, syscall.EDQUOT: ErrFull,
		syscall.EIO: ErrDisk, syscall.EROFS: ErrReadOnly, syscall.EACCES: ErrDenied, syscall.EPERM: ErrDenied,
		syscall.ENXIO: ErrDisk, syscall.ENODEV: ErrDisk, syscall.ETIMEDOUT: ErrDisk, syscall.ENOTCONN: ErrDisk, syscall.ESTALE: ErrDisk,
		syscall.EMFILE: ErrBusy, syscall.ENFILE: ErrBusy, syscall.ENOMEM: ErrBusy,
	} {
		deep := fmt.Errorf("writing: %w", &fs.PathError{Op: "write", Path: "store.db", Err: os.NewSyscallError("pwrite", said)})
		if got := diskFault(diskFault(deep)); !errors.Is(got, want) || !errors.Is(got, said) || !OnDisk(got) {
			t.Errorf("%v becomes %v", said, got)
		}
	}
	for _, other := range []error{
		ErrCorrupt, ErrInUse, errors.New("other"), fs.ErrNotExist, fs.ErrClosed,
		syscall.ENOENT, syscall.EEXIST, syscall.EISDIR, syscall.ENOTDIR, syscall.EINVAL,
	} {
		if got := diskFault(other); got != other || OnDisk(got) {
			t.Errorf("%v becomes %v", other, got)
		}
	}
	if diskFault(nil) != nil {
		t.Error("nothing becomes a fault")
	}
}
