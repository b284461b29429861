package desktop_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tabferry/tabferry/ui/desktop"
)

func TestSpawnedProgramHasItsOwnSessionAndIsWaitedFor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	out := filepath.Join(t.TempDir(), "out")
	p, err := desktop.Spawn("/bin/sh", []string{"-c", `cut -d' ' -f1,6 /proc/$$/stat > "$OUT"; exit 3`}, "OUT="+out)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the program has ended and nobody noticed")
	}
	if p.Err() == nil {
		t.Error("exit status 3 was lost")
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var pid, session string
	for i, c := range text {
		if c == ' ' {
			pid, session = string(text[:i]), string(text[i+1:len(text)-1])
			break
		}
	}
	if pid == "" || pid != session {
		t.Errorf("pid %q leads session %q", pid, session)
	}
}

func TestFindProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	name := "tabferry-made-for-a-test"
	if _, err := desktop.FindProgram(name); !errors.Is(err, desktop.ErrNoProgram) {
		t.Fatalf("err = %v", err)
	}
	onPath := filepath.Join(dir, name)
	if err := os.WriteFile(onPath, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := desktop.FindProgram(name); err != nil || got != onPath {
		t.Errorf("found %q, %v", got, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(filepath.Dir(self), name)
	if err := os.WriteFile(beside, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(beside); err != nil {
			t.Error(err)
		}
	})
	if got, err := desktop.FindProgram(name); err != nil || got != onPath {
		t.Errorf("a file that cannot be run was taken: %q, %v", got, err)
	}
	if err := os.Chmod(beside, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := desktop.FindProgram(name); err != nil || filepath.Base(filepath.Dir(got)) != filepath.Base(filepath.Dir(self)) {
		t.Errorf("the neighbour does not come first: %q, %v", got, err)
	}
}
