package desktop

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOpenLogAppendsAndPutsAside(t *testing.T) {
	dir := t.TempDir()
	write := func(text []byte) {
		t.Helper()
		f, err := OpenLog(dir, "agent")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	size := func(name string) int {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	write([]byte("one\n"))
	write([]byte("two\n"))
	if n := size("agent.log"); n != 8 {
		t.Fatalf("the log holds %d bytes, want both lines (8)", n)
	}
	write(make([]byte, maxLog))
	write([]byte("new\n"))
	if n := size("agent.log"); n != 4 {
		t.Errorf("a large log was appended to: %d bytes", n)
	}
	if n := size("agent.log.old"); n != maxLog+8 {
		t.Errorf("the log put aside holds %d bytes, want %d", n, maxLog+8)
	}
	info, err := os.Stat(filepath.Join(dir, "agent.log"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the log's mode is %v, %v", info.Mode(), err)
	}
}

func TestOpenLogNamesTheFault(t *testing.T) {
	if f, err := OpenLog(filepath.Join(t.TempDir(), "missing"), "agent"); err == nil {
		t.Errorf("a log in a missing folder was opened: %v", f.Name())
	}
}
