// Command tabferry is a tray companion for a Mozilla account.
//
// One source, two builds. `go build .` is the whole application: double-clicked it makes sure that an
// agent runs and becomes the window. `CGO_ENABLED=0 go build -tags headless .` leaves the window out.
// Whichever is started finds the other beside itself or on PATH and plays every role itself if it is
// alone. This package only wires the roles: agent.go, window.go, demo.go.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/qr"
)

// version is the program's version, the same as in FyneApp.toml.
const version = "0.1.0"

// The programs of an installation.
const (
	leanProgram   = "tabferry"
	windowProgram = "tabferry-window"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opener := new(desktop.Opener)
	return cli.Run(ctx, cli.Params{
		Version: version,
		Client: func(demo bool) cli.Agent {
			return localapi.Dial(desktop.LocatePaths(demo).Socket)
		},
		EnsureAgent:      ensureAgent,
		RunAgent:         runAgent,
		RunWindow:        runWindow,
		Demo:             demoWorld{},
		Open:             opener.OpenWith,
		DrawCode:         qr.Draw,
		ReadCode:         qr.Read,
		ReadPicture:      qr.DecodeFrom,
		ClipboardPicture: desktop.ClipboardPicture,
		GrabScreen:       desktop.GrabScreen,
	}, args)
}
