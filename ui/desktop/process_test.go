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
	case <-time.After(time.Minute):
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

// TestSpawnedProgramReports: what a program says before it fails is kept, and that it has begun.
func TestSpawnedProgramReports(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a shell script")
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("HOME", "/nowhere") // it is no reason not to start
	for name, c := range map[string]struct{ script, want string }{
		"in words":      {`echo "tabferry: there is no chair" >>"$TABFERRY_REPORT"; echo and more >>"$TABFERRY_REPORT"; exit 1`, "there is no chair"},
		"without words": {`exit 3`, "exit status 3"},
		"well":          {`echo "tabferry: never mind" >>"$TABFERRY_REPORT"`, ""},
	} {
		p, err := desktop.Spawn("/bin/sh", []string{"-c", c.script})
		if err != nil {
			t.Fatal(err)
		}
		<-p.Done()
		got := ""
		if err := p.Err(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	hold := filepath.Join(temp, "hold")
	p, err := desktop.Spawn("/bin/sh", []string{"-c", `while [ ! -e "$HOLD" ]; do sleep 0.01; done; rm "$TABFERRY_REPORT"; rm "$HOLD"`}, "HOLD="+hold)
	if err != nil {
		t.Fatal(err)
	}
	if p.Begun() {
		t.Error("it has begun before it has")
	}
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if !p.Begun() || p.Err() != nil {
		t.Errorf("it did begin: %v", p.Err())
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TABFERRY_REPORT", file)
	r, err := desktop.TakeReport()
	if err != nil || os.Getenv("TABFERRY_REPORT") != "" {
		t.Errorf("what is started from here would inherit it: %v", err)
	}
	for _, line := range []string{"one\n", "two\n"} {
		if n, err := r.Write([]byte(line)); err != nil || n != len(line) {
			t.Errorf("%d, %v", n, err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "one\ntwo\n" {
		t.Errorf("%q, %v", text, err)
	}
	for range 2 {
		if err := r.Begun(); err != nil {
			t.Error(err)
		}
		if n, err := r.Write([]byte("late")); err != nil || n != 4 { // nobody reads it any more
			t.Errorf("%d, %v", n, err)
		}
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file came back: %v", err)
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
