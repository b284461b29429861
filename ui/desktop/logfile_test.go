package desktop

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLogIsPutAsideWhileItIsOpen(t *testing.T) {
	dir := t.TempDir()
	open := func() io.WriteCloser {
		t.Helper()
		f, err := OpenLog(dir, "agent")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	write := func(f io.Writer, text []byte) {
		t.Helper()
		if _, err := f.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	first := open()
	write(first, []byte("one\n"))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open()
	defer second.Close()
	write(second, []byte("two\n"))
	path := filepath.Join(dir, "agent.log")
	if text, err := os.ReadFile(path); err != nil || string(text) != "one\ntwo\n" {
		t.Fatalf("the log holds %q, %v; want both lines", text, err)
	}
	for range 5 { // months of one process
		write(second, make([]byte, maxLog<<20-8))
		time.Sleep(2 * time.Millisecond) // the names of what is put aside hold milliseconds
		write(second, []byte("new line\n"))
	}
	logs := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	for deadline := time.Now().Add(time.Minute); len(logs()) > 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("more than one log was kept beside the open one: %v", logs())
		}
	}
	for _, name := range logs() {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 || info.Size() > maxLog<<20 {
			t.Errorf("%s: %v, %d bytes, %v", name, info.Mode(), info.Size(), err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "new line\n" {
		t.Errorf("the open log holds %d bytes, %v", len(text), err)
	}
}

func TestOpenLogNamesTheFault(t *testing.T) {
	if _, err := OpenLog(filepath.Join(t.TempDir(), "missing"), "agent"); err == nil {
		t.Error("a log in a missing folder was opened")
	}
}
