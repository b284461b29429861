package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

// On a full disk the old file stays and is used.
func TestEmptiedFileOnAFullDisk(t *testing.T) {
	path, ring, old := emptied(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size=12m"); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			t.Skip("only root may mount a small disk; TestEmptiedFileWithoutRoom needs none")
		}
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	path = filepath.Join(dir, filepath.Base(path))
	write(t, path, old)
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, os.Getpagesize()))
	}
	if err := filler.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err == nil {
		err = errors.Join(s.Unlock(t.Context(), ring), s.Close())
	}
	if err != nil {
		t.Fatalf("a file that cannot shrink is not used: %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
		t.Errorf("it is another file now: %d bytes, %v", len(now), err)
	}
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	if size := wantAll(t, path, ring); size*8 > int64(len(old)) {
		t.Errorf("with room again %d bytes are left", size)
	}
}
