package role

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/extension"
)

// runExtensionHost is the extension-host role: it answers the browser that started it, until that closes
// its end. Standard output belongs to the protocol; what is said here goes to the browser's console.
func runExtensionHost(ctx context.Context, start extension.Start, says io.Writer) int {
	words := new(i18n.Speaker)
	say := sayIn(words)
	err := extension.Run(ctx, extension.Params{
		In: os.Stdin, Out: os.Stdout, Caller: start.Caller, Version: version,
		Client: func() *localapi.Client { return agentClient(start.Demo) },
		EnsureAgent: func(ctx context.Context) error {
			return told(says, ensureAgent(ctx, start.Demo, func(words string) { fmt.Fprintln(says, words) }))
		},
		ShowWindow: func(ctx context.Context, pane string) error { return told(says, showWindow(ctx, start.Demo, pane)) },
		Say: func(language string, s localapi.Sentence) string {
			text, _ := say(language, s)
			return text
		},
	})
	if told(says, err) != nil {
		return cli.ExitFailed
	}
	return cli.ExitOK
}

// told writes an error where the browser's console shows it; the extension gets one that names no paths.
func told(says io.Writer, err error) error {
	if err != nil {
		fmt.Fprintln(says, "tabferry:", err)
	}
	return err
}

// hostProgram is what browsers start as the host: the lean program, or for the demo a link to it whose name
// says so, since a manifest has no place for arguments.
func hostProgram(demo bool) (string, error) {
	program, err := roleProgram()
	if err != nil || !demo {
		return program, err
	}
	paths := session.LocatePaths(true)
	if err := paths.Make(); err != nil {
		return "", err
	}
	link := filepath.Join(paths.Data, extension.DemoProgramName)
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return link, os.Symlink(program, link)
}

// showWindow shows the window on this desktop, or opens one, for a process that is neither.
func showWindow(ctx context.Context, demo bool, pane string) error {
	if session.Listens(session.LocatePaths(demo).WindowSocket) {
		if shown, err := agentClient(demo).ShowWindow(ctx, pane); err != nil || shown {
			return err
		}
	}
	release, err := session.HoldDisplay()
	defer release()
	if err != nil {
		return err
	}
	if err := ensureAgent(ctx, demo, func(string) {}); err != nil {
		return err
	}
	program, err := windowProgram()
	if err != nil {
		return err
	}
	return openWindow(ctx, program, cli.WindowStart{Demo: demo, Pane: pane})
}
