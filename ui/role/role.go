// Package role wires the roles that one program plays: the agent, the window, the demo and the command
// line that starts them. Each role has a file that hands it its folders, its desktop and its log; what
// a role does is decided in the packages it is made of.
//
// The build tag headless leaves the window out, and with it cgo and OpenGL; the tag demo takes the demo
// world in.
package role

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/clipboard"
	"github.com/tabferry/tabferry/ui/desktop/screen"
	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/extension"
	"github.com/tabferry/tabferry/ui/qr"
)

// The programs of an installation.
const (
	leanName   = "tabferry"
	windowName = "tabferry-window"
)

// untilTold is a context that ends when the system or a person at a terminal wants this process to end.
func untilTold(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// Run plays the role that the command line names, to its end, and returns the exit code.
func Run(args []string) int {
	ctx := context.Background()
	if !cli.LeavesNothing(args) {
		var stop context.CancelFunc
		ctx, stop = untilTold(ctx)
		defer stop()
	}
	report, err := desktop.TakeReport()
	var said bytes.Buffer
	complain := io.MultiWriter(&said, report)
	if err := errors.Join(err, session.Settle()); err != nil {
		fmt.Fprintln(complain, "tabferry:", err)
		report.Alert(said.String())
		return cli.ExitFailed
	}
	if start, ok := extension.Invoked(append(os.Args[:1:1], args...)); ok {
		return runExtensionHost(ctx, start, report)
	}
	opener := new(desktop.Opener)
	code := cli.Run(ctx, cli.Params{
		Version: version,
		Build:   build(),
		Client:  agentClient,
		Here:    func() localapi.Desktop { return localapi.Desktop(session.Here()) },
		EnsureAgent: func(ctx context.Context, demo bool) error {
			ctx, stop := untilTold(ctx)
			defer stop()
			offerDesktop(ctx, demo)
			return ensureAgent(ctx, demo, func(words string) { fmt.Fprintln(complain, words) })
		},
		RunAgent: runAgent,
		RunWindow: func(ctx context.Context, start cli.WindowStart) error {
			err := runWindow(ctx, start, report)
			if errors.Is(err, session.ErrNoOpenGL) { // the tray and the notifications do without
				err = errors.Join(err, ensureAgent(ctx, start.Demo, func(words string) { fmt.Fprintln(complain, words) }))
			}
			return err
		},
		HostProgram:      hostProgram,
		Err:              complain,
		Demo:             demoWorld{},
		Events:           eventServer{},
		About:            about,
		Open:             opener.OpenWith,
		CheckBrowser:     desktop.CheckBrowser,
		DrawCode:         qr.Draw,
		ReadCode:         qr.Read,
		ReadPicture:      qr.DecodeFrom,
		ClipboardPicture: clipboard.Picture,
		GrabScreen:       screen.Grab,
	}, args)
	if code != cli.ExitOK {
		report.Alert(said.String())
	}
	return code
}
