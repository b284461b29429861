//go:build !demo

package role

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
)

// demoName is the program with the demo world. It is for trying and testing: a whole accounts service
// that everybody would carry along is two of the megabytes of a program.
const demoName = "tabferry-demo"

// demoProgram is the program that has the demo world.
func demoProgram() (string, error) {
	program, err := desktop.FindProgram(demoName)
	if errors.Is(err, desktop.ErrNoProgram) {
		return "", fmt.Errorf("%w (%w)", cli.ErrNoDemo, err)
	}
	return program, err
}

// serveDemo has the program that has it run the demo world, and stays as long as it does.
func serveDemo(ctx context.Context) error {
	program, err := demoProgram()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "demo", "serve") // #nosec G204 -- a program of this installation
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		return cmd.Process.Kill() // Windows has no signals; what the world writes it writes whole
	}
	return cmd.Run()
}
