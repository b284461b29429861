//go:build !windows

package session

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkPrivate wants dir to be a real folder of ours; group and others lose what they had.
func checkPrivate(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s: %w", dir, ErrNotPrivate)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil { // #nosec G302 -- a folder: only its owner can enter it
		return fmt.Errorf("%s: %w: %w", dir, ErrNotPrivate, err)
	}
	return nil
}

// checkOwner wants dir to be ours.
func checkOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s: %w", dir, ErrNotPrivate)
	}
	return nil
}

// checkOurs wants dir to be a folder of ours that nobody else can put things into, or only what they
// cannot exchange for ours.
func checkOurs(dir string) error {
	info, err := os.Stat(dir) // #nosec G703 -- the user's own environment names it
	if err != nil {
		return fmt.Errorf("look at folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	shared := info.Mode().Perm()&0o022 != 0
	if !ok || !info.IsDir() || (int(stat.Uid) != os.Getuid() || shared) && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("%s: %w", dir, ErrNotPrivate)
	}
	return nil
}
