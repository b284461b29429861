package desktop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop"
)

// crashVariable makes TestCrashLeavesItsTrace crash in the folder it names.
const crashVariable = "TABFERRY_TEST_CRASH"

func TestCrashLeavesItsTrace(t *testing.T) {
	if dir := os.Getenv(crashVariable); dir != "" {
		if _, err := desktop.KeepCrashes(dir, "agent"); err != nil {
			t.Fatal(err)
		}
		go panic("made for a test")
		select {}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "agent-crash.txt")
	end, err := desktop.KeepCrashes(dir, "agent")
	if err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a good end left an empty file")
	}
	crash := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashLeavesItsTrace$")
	crash.Env = append(os.Environ(), crashVariable+"="+dir)
	if err := crash.Run(); err == nil {
		t.Fatal("the crash did not happen")
	}
	if end, err = desktop.KeepCrashes(dir, "agent"); err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path) // the next run's good end keeps it
	if err != nil || !strings.Contains(string(text), "made for a test") || !strings.Contains(string(text), "goroutine ") {
		t.Errorf("the trace is %q, %v", text, err)
	}
	if last := desktop.LastCrash(dir, "agent"); !strings.HasPrefix(last, "panic: made for a test") || !strings.Contains(last, "goroutine ") {
		t.Errorf("the last crash is %q", last)
	}
	if last := desktop.LastCrash(dir, "window"); last != "" {
		t.Errorf("a role that never crashed: %q", last)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
}
