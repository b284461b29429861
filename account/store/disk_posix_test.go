//go:build !windows

package store

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// A file that the system does not let us open for a reason of its own is not called damaged: nobody is to begin anew
// because a program had too many files open.
func TestNotOpenedIsNotDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	source, err := NewPassphrase("a phrase")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Create(t.Context(), path, source)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	_, err = Open(path)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, ErrBusy) || errors.Is(err, ErrCorrupt) || !OnDisk(err) {
		t.Errorf("without a file left: %v", err)
	}
	if s, err = Open(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
