// Command tabferry is a tray companion for a Mozilla account.
//
// One source, two programs and a third to try them with. `go build .` is the whole application:
// double-clicked it makes sure that an agent runs and becomes the window. `CGO_ENABLED=0 go build
// -tags headless .` leaves the window out, and `-tags 'headless demo'` takes the demo world in.
// Whichever is started finds the other beside itself or on PATH and plays every role itself if it is
// alone. The roles are wired in ui/role.
//
// The runtime is told not to look for a container's share of the processors: reading the files for that took a
// command a tenth of its time, and nothing here keeps more than one processor busy for long.
//
//go:debug containermaxprocs=0
package main

import (
	"os"

	"github.com/tabferry/tabferry/ui/role"
)

func main() { os.Exit(role.Run(os.Args[1:])) }
