//go:build linux

package browsers

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

const (
	// startTime bounds a cold start on a busy machine.
	startTime = box.Patience
	// listenTime bounds the time until a Firefox listens; 2.7 s were seen on an idle machine, 12 on a busy one.
	listenTime = 90 * time.Second
	startTries = 3
	// callTime bounds one order to a browser.
	callTime = box.Patience
	// quitTime bounds its end; 0.6 s were seen on an idle machine.
	quitTime = 15 * time.Second
	// glance is how long to wait between two looks at something that tells nobody of its changes.
	glance = 30 * time.Millisecond
)

// Browser is a running browser.
type Browser interface {
	// Name is "firefox" or "chromium".
	Name() string
	// Install loads an unpacked extension and returns its id.
	Install(ctx context.Context, folder string) (id string, err error)
	// Address is the address of a page of an installed extension.
	Address(ctx context.Context, id, page string) (string, error)
	// Open shows an address in a new tab and returns when it is loaded.
	Open(ctx context.Context, address string) (Page, error)
	// SetDark chooses between the dark and the light appearance, for pages that are opened afterwards.
	SetDark(ctx context.Context, dark bool) error
	// Close ends the browser and all its processes.
	Close() error
}

// Page is a page in a tab.
type Page interface {
	// Run runs the body of an async function in the page, with args in `args`, and reads what it
	// returns into out, if that is not nil.
	Run(ctx context.Context, out any, body string, args ...any) error
	// Click clicks what a selector finds, as a person's mouse does.
	Click(ctx context.Context, selector string) error
	// Press presses a key: a character, or "Enter", "Tab", "ArrowDown".
	Press(ctx context.Context, key string) error
	// Spoken is what a screen reader is told of what a selector finds: its role and its name.
	Spoken(ctx context.Context, selector string) (role, name string, err error)
	// Picture is a PNG of the whole page, as wide as given in CSS pixels.
	Picture(ctx context.Context, width int) ([]byte, error)
	// Close closes the tab.
	Close(ctx context.Context) error
}

// Params says how a browser is started.
type Params struct {
	// Profile is the folder for its profile.
	Profile string
	// Language is that of Firefox's texts, English if empty; its package must be installed. Chromium's come
	// only all together, and large: it is always in English.
	Language string
	// Log receives what it prints.
	Log *os.File
}

// program is a browser's process group.
type program struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// launch starts a browser in a box.
func launch(b *box.Box, p Params, files []*os.File, name string, args ...string) (*program, error) {
	cmd := b.Command(name, args...)
	cmd.ExtraFiles = files
	cmd.Stdout, cmd.Stderr = p.Log, p.Log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	started := &program{cmd, make(chan struct{})}
	go func() { // ends with the process, which close ends
		_ = cmd.Wait() // its exit status after a forced quit says nothing
		close(started.ended)
	}()
	return started, nil
}

// close waits for a browser that was told to end, and ends what is left of its process group.
func (p *program) close() {
	select {
	case <-p.ended:
	case <-time.After(quitTime):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // usually nobody is left
	<-p.ended
}

// Until repeats a look until it is satisfied or ctx ends; then it says what there was instead.
func Until(ctx context.Context, what string, look func() (ok bool, instead string)) error {
	for {
		ok, instead := look()
		if ok {
			return nil
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return fmt.Errorf("waiting in vain until %s: %w; %s", what, ctx.Err(), instead)
		}
	}
}

func toJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
