//go:build linux

package box

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Programs has the Makefile build the lean programs, and the window if that is wanted, and copies them to a folder
// of the caller's: what is tried is what people get, and nothing is compiled a second time with other flags. The
// caller's package lies two folders below the project's root.
func Programs(folder string, window bool) error {
	goals, names := []string{"lean"}, []string{"tabferry", "tabferry-demo"}
	if window {
		goals, names = append(goals, "build"), append(names, "tabferry-window")
	}
	root := filepath.Join("..", "..")
	build := exec.Command("make", append([]string{"-s", "-C", root}, goals...)...) // #nosec G204 -- the goals above
	build.Env = slices.DeleteFunc(os.Environ(), func(line string) bool {           // those of a make that runs the tests
		return strings.HasPrefix(line, "MAKEFLAGS=") || strings.HasPrefix(line, "MFLAGS=")
	})
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", build.Args, err, out)
	}
	for _, name := range names {
		program, err := os.ReadFile(filepath.Join(root, "build", name)) // #nosec G304 -- just built
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), program, 0o700) // #nosec G306 G703 -- a program
		}
		if err != nil {
			return err
		}
	}
	return nil
}
