//go:build peers && linux

package browsers_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
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
		for name, tags := range map[string]string{"tabferry": "headless", "tabferry-demo": "headless demo"} {
			build := exec.Command("go", "build", "-tags", tags, "-ldflags", "-s -w", "-o", filepath.Join(dir, name), "github.com/tabferry/tabferry")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "%v: %v\n%s", build.Args, err, out)
				return 1
			}
		}
		return m.Run()
	}())
}
