//go:build peers && linux

package browsers_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/tabferry/tabferry/packaging/box"
)

// pictures is where the tests put pictures of popup and options, if anywhere.
var pictures = flag.String("pictures", "", "a folder for pictures of popup and options")

// binaries is the folder with the built programs.
var binaries string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tabferry-bin-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binaries = dir
		if err := box.Programs(dir, false); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}
