package worker_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/worker"
)

const panicVariable = "TABFERRY_TEST_PANIC"

// A fault of our own in a part's work ends the program with its trace, for the crash file: it is never
// swallowed.
func TestPanicIsNotSwallowed(t *testing.T) {
	if os.Getenv(panicVariable) != "" {
		worker.New(func(context.Context) time.Duration { panic("made for a test") }).Run(t.Context())
		return
	}
	program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanicIsNotSwallowed$")
	program.Env = append(os.Environ(), panicVariable+"=1")
	said, err := program.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "panic: made for a test") || !strings.Contains(string(said), "worker.(*Worker).Run") {
		t.Errorf("%v:\n%s", err, said)
	}
}
