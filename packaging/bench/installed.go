//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
)

// programMode is that of an installed program.
const programMode = 0o755

// install puts programs into a folder as an installer does, each in one piece. What the linker has written page by
// page lies in the page cache page by page: a start that touches it costs half a millisecond more, which nobody
// pays whose programs came in a package.
func install(dir string, programs ...string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, program := range programs {
		text, err := os.ReadFile(program) // #nosec G304 -- a program of ours
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(program)), text, programMode) // #nosec G306 G703 -- to be run; a folder of ours
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// installAll installs the programs that are to be measured, and the bare ones beside them, in two folders below dir.
func (b *bench) installAll(dir string) error {
	ours, bare := filepath.Join(dir, "ours"), filepath.Join(dir, "bare")
	err := errors.Join(install(ours, b.lean(), b.window()), install(bare, b.peers.Hello, b.peers.Tray, b.peers.Window))
	if err != nil {
		return err
	}
	b.bin, b.peers = ours, peersIn(bare)
	return nil
}
