package role_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	_ "github.com/tabferry/tabferry/ui/role"
)

// startBytes is what our own packages may put on the heap before main: sentinels, phrases and small
// tables. Patterns, templates and catalogues are made when they are needed, because every `tabferry send`
// would pay for them.
const startBytes = 24 << 10

// TestStartIsCheap counts what is done before main in a program with every role.
func TestStartIsCheap(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "-test.run=^$")
	command.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, trace)
	}
	total := 0
	for _, m := range regexp.MustCompile(`(?m)^init github\.com/tabferry/tabferry/(\S+) @.* (\d+) bytes`).FindAllStringSubmatch(string(trace), -1) {
		if strings.HasPrefix(m[1], "account/accounttest") {
			continue // of another test
		}
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%7d %s", n, m[1])
		total += n
	}
	if total == 0 || total > startBytes {
		t.Errorf("%d bytes before main, at most %d", total, startBytes)
	}
}
