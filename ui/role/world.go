//go:build demo

package role

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/demo"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// demoChatter is how often the demo phone sends a tab by itself.
const demoChatter = 10 * time.Minute

// serveDemo runs the demo world.
func serveDemo(ctx context.Context) error {
	paths := session.LocatePaths(true)
	if err := paths.Make(); err != nil {
		return err
	}
	log, end := keepLog(paths, "demo")
	err := demo.Serve(ctx, demo.Params{
		File: paths.DemoFile, Socket: paths.DemoSocket, Chatter: demoChatter, Logger: slog.New(log),
	})
	return errors.Join(err, end())
}

// demoProgram is the program that has the demo world: this one.
func demoProgram() (string, error) { return os.Executable() }
