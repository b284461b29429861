//go:build linux

package box

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// App is the built program in a box, on its demo service.
type App struct {
	Box *Box
	// Everyday runs it without the demo, on whatever server the settings name.
	Everyday bool
	// Lean and Window are the two binaries: `tabferry` and `tabferry-window`.
	Lean, Window string
	// Opened is the file in which the recording opener notes each link, one a line.
	Opened string

	env []string
}

// NewApp prepares the binaries `tabferry` and `tabferry-window` in folder bin for use in the box.
// Links they open are noted in a file instead of starting a browser.
func NewApp(b *Box, bin string) (*App, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	a := &App{
		Box:    b,
		Lean:   filepath.Join(bin, "tabferry"),
		Window: filepath.Join(bin, "tabferry-window"),
		Opened: filepath.Join(b.Dir, "opened"),
	}
	opener := filepath.Join(b.Dir, "opener")
	script := "#!/bin/sh\nprintf '%s\\n' \"$1\" >>'" + a.Opened + "'\n"
	if err := os.WriteFile(opener, []byte(script), 0o700); err != nil { // #nosec G306 -- a script must be executable
		return nil, err
	}
	a.env = []string{"TABFERRY_OPENER=" + opener}
	return a, os.WriteFile(a.Opened, nil, 0o600)
}

// Setenv adds name=value to the environment of every later Command.
func (a *App) Setenv(name, value string) { a.env = append(a.env, name+"="+value) }

// Command prepares `binary --demo args…` in the box.
func (a *App) Command(binary string, args ...string) *exec.Cmd {
	if !a.Everyday {
		args = append([]string{"--demo"}, args...)
	}
	cmd := a.Box.Command(binary, args...)
	cmd.Env = append(cmd.Env, a.env...)
	return cmd
}

// Start starts `binary --demo args…`; Box.Close ends it.
func (a *App) Start(binary string, args ...string) (*exec.Cmd, error) {
	cmd := a.Command(binary, args...)
	return cmd, a.Box.launch(cmd)
}

// Result is what a finished command left.
type Result struct {
	Out, Err string
	Code     int
	// Used is its processor time.
	Used time.Duration
}

// Run runs `tabferry --demo args…` to its end.
func (a *App) Run(ctx context.Context, args ...string) (Result, error) {
	return a.RunInput(ctx, "", args...)
}

// RunInput is Run with text on standard input.
func (a *App) RunInput(ctx context.Context, input string, args ...string) (Result, error) {
	cmd := a.Command(a.Lean, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Stdin = &out, &errOut, strings.NewReader(input)
	// A daemon started by the command inherits its pipes: do not wait for it.
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		return Result{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
	defer stop()
	err := cmd.Wait()
	r := Result{
		Out: out.String(), Err: errOut.String(), Code: cmd.ProcessState.ExitCode(),
		Used: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return r, err
	}
	return r, ctx.Err()
}

// Client calls the agent of the box.
func (a *App) Client() *localapi.Client {
	folder := "tabferry-demo"
	if a.Everyday {
		folder = "tabferry"
	}
	return localapi.Dial(filepath.Join(a.Box.Dir, "run", folder, "agent.sock"))
}

// Until waits until the agent's state fits, and returns it.
func (a *App) Until(ctx context.Context, what string, fits func(localapi.Snapshot) bool) (localapi.Snapshot, error) {
	c := a.Client()
	var last localapi.Snapshot
	for {
		s, err := c.Snapshot(ctx)
		if err == nil {
			last = s
			if fits(s) {
				return s, nil
			}
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return last, fmt.Errorf("waiting for %s: %w (last: account %s, %d devices, inbox %d, storage %+v, problem %q, error %v)",
				what, ctx.Err(), last.Account.State, len(last.Devices.Items), last.Inbox.Total, last.Storage, last.Connection.Problem, err)
		}
	}
}

// OpenedLinks returns the links opened so far, oldest first.
func (a *App) OpenedLinks() ([]string, error) {
	text, err := os.ReadFile(a.Opened)
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text)), nil
}

// UntilOpened waits until a link that fits was opened, and returns it.
func (a *App) UntilOpened(ctx context.Context, fits func(string) bool) (string, error) {
	for {
		links, err := a.OpenedLinks()
		if err != nil {
			return "", err
		}
		for _, link := range links {
			if fits(link) {
				return link, nil
			}
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return "", fmt.Errorf("waiting for a link to be opened: %w (opened so far: %d)", ctx.Err(), len(links))
		}
	}
}

// SignIn signs in as a person would: the sign-in page opens, the one-click button is pressed, the
// loopback redirect brings the browser back.
func (a *App) SignIn(ctx context.Context) error {
	page, err := a.Client().BeginSignIn(ctx, "")
	if err != nil {
		return err
	}
	if err := Continue(ctx, page.URL); err != nil {
		return err
	}
	_, err = a.Until(ctx, "the account and its devices", func(s localapi.Snapshot) bool {
		return s.Account.State == localapi.SignedIn && s.Account.Email != "" && len(s.Devices.Items) >= 3 && s.Connection.Push.Connected
	})
	return err
}

// Screenshot writes the screen to a PNG file.
func (a *App) Screenshot(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return a.Box.Command("scrot", "-o", path).Run()
}
