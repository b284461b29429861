//go:build !windows && !darwin

package clipboard

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// TestNoReaderOfFiles: what reads the title of a copied link brings no reader of whatever stands in files. The linker
// leaves out its tables, which would be made at the start of every program, only where nobody can call it.
func TestNoReaderOfFiles(t *testing.T) {
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
	const most = 1 << 10 // bytes; the table of entities would be 113 kB
	m := regexp.MustCompile(`(?m)^init golang\.org/x/net/html @.* (\d+) bytes`).FindSubmatch(trace)
	if m == nil {
		t.Fatal("the package has gone: so may this test")
	}
	if n, err := strconv.Atoi(string(m[1])); err != nil || n > most {
		t.Errorf("%s bytes before main for reading pages, at most %d", m[1], most)
	}
}
