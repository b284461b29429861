//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// toastTime is a little more than the window shows a message at its lower edge.
const toastTime = 8 * time.Second

// session is one run of the program in front of the camera.
type session struct {
	app  *box.App
	ctx  context.Context // one run, one context
	name func(pane string) string
	last []byte // the picture of the screen when it was looked at last
}

// changeTime is how long a busy machine may take to draw what a key asks for.
const changeTime = 4 * time.Second

// panes are the panes in the order of the rail, which is the order of Alt+1, Alt+2, …
var panes = []string{"send", "inbox", "devices", "pair", "account", "settings"}

func (s *session) all() error {
	ctx, cancel := context.WithTimeout(s.ctx, 6*time.Minute)
	defer cancel()
	s.ctx = ctx
	if _, err := s.app.Start(s.app.Window); err != nil {
		return err
	}
	if err := s.untilMapped(); err != nil {
		return err
	}
	if err := s.look(s.name("signin")); err != nil { // perhaps it has drawn nothing yet
		return err
	}
	if err := s.take("signin"); err != nil {
		return err
	}
	if err := s.joining(); err != nil {
		return err
	}
	if err := s.app.SignIn(ctx); err != nil {
		return err
	}
	if err := s.fill(); err != nil {
		return err
	}
	for i, pane := range panes {
		if err := s.keys(fmt.Sprintf("alt+%d", i+1)); err != nil {
			return err
		}
		if err := s.take(pane); err != nil {
			return err
		}
	}
	if err := s.pairing(); err != nil {
		return err
	}
	if err := s.tray(); err != nil {
		return err
	}
	_, err := s.app.Run(ctx, "demo", "stop")
	if quitErr := s.app.Client().Quit(ctx); err == nil {
		err = quitErr
	}
	return err
}

// fill sends and receives some tabs so that the lists have something to show.
func (s *session) fill() error {
	links := []string{
		"https://www.rfc-editor.org/rfc/rfc8291", "https://example.org/a/rather/long/path/that/has/to/be/shortened?with=a&query=string",
		"https://developer.mozilla.org/docs/Web/API/Push_API",
	}
	for _, link := range links {
		if r, err := s.app.Run(s.ctx, "demo", "send-me", link); err != nil || r.Code != 0 {
			return fmt.Errorf("demo send-me: %w: %s", err, r.Err)
		}
	}
	for _, link := range links[:2] {
		if r, err := s.app.Run(s.ctx, "send", "--to", "Demo phone", link); err != nil || r.Code != 0 {
			return fmt.Errorf("send: %w: %s", err, r.Err)
		}
	}
	_, err := s.app.Until(s.ctx, "three received tabs", func(n localapi.Snapshot) bool { return n.Inbox.Total >= len(links) })
	if err != nil {
		return err
	}
	if err := s.take("notification"); err != nil {
		return err
	}
	time.Sleep(toastTime) // until the window's own word about them is gone
	return s.app.Box.Command("dunstctl", "close-all").Run()
}

// pairing shows a code, has the demo phone scan it and lets it in, with a picture of each step.
func (s *session) pairing() error {
	if err := s.keys("alt+4"); err != nil {
		return err
	}
	agent := s.app.Client()
	if err := agent.ShowPairing(s.ctx); err != nil {
		return err
	}
	if err := s.untilPairing(localapi.PairShowing, "pair-code"); err != nil {
		return err
	}
	for _, chord := range []string{"Tab", "Return"} { // from Stop to the link's button
		if err := s.keys(chord); err != nil {
			return err
		}
		time.Sleep(settle)
	}
	if err := s.take("pair-copy"); err != nil {
		return err
	}
	if err := s.keys("Escape"); err != nil {
		return err
	}
	if r, err := s.app.Run(s.ctx, "demo", "scan"); err != nil || r.Code != 0 {
		return fmt.Errorf("demo scan: %w: %s", err, r.Err)
	}
	if err := s.untilPairing(localapi.PairAsked, "pair-asked"); err != nil {
		return err
	}
	if err := agent.ConfirmPairing(s.ctx, ""); err != nil {
		return err
	}
	return s.untilPairing(localapi.PairDone, "pair-done")
}

// joining reads codes that the demo laptop shows, as far as the last question, and one that nobody
// shows any more.
func (s *session) joining() error {
	agent := s.app.Client()
	if err := s.keys("alt+2"); err != nil { // signed out, the rail has Sign in and Pair
		return err
	}
	if err := s.take("pair-join"); err != nil {
		return err
	}
	first, err := s.laptopCode()
	if err != nil {
		return err
	}
	if err := agent.JoinPairing(s.ctx, first); err != nil {
		return err
	}
	if err := s.untilPairing(localapi.PairConfirming, "pair-confirming"); err != nil {
		return err
	}
	if _, err := s.laptopCode(); err != nil { // which ends the first
		return err
	}
	if err := s.untilPairing(localapi.PairCancelled, "pair-cancelled"); err != nil {
		return err
	}
	if err := agent.CancelPairing(s.ctx); err != nil {
		return err
	}
	if err := agent.JoinPairing(s.ctx, first); err != nil {
		return err
	}
	if err := s.untilPairing(localapi.PairFailed, "pair-failed"); err != nil {
		return err
	}
	return agent.CancelPairing(s.ctx)
}

// laptopCode has the demo laptop show a code, and returns its address.
func (s *session) laptopCode() (string, error) {
	r, err := s.app.Run(s.ctx, "demo", "show-code")
	if err != nil || r.Code != 0 {
		return "", fmt.Errorf("demo show-code: %w: %s", err, r.Err)
	}
	return strings.TrimSpace(r.Out), nil
}

func (s *session) untilPairing(state localapi.PairingState, picture string) error {
	_, err := s.app.Until(s.ctx, "pairing to be "+string(state), func(n localapi.Snapshot) bool {
		return n.Pairing != nil && n.Pairing.State == state
	})
	if err != nil {
		return err
	}
	return s.take(picture)
}

// tray opens the tray menu with a copied link, as a person does, and looks at it.
func (s *session) tray() error {
	copied := s.app.Box.Command("xclip", "-selection", "clipboard")
	copied.Stdin = strings.NewReader("https://example.org/an/article")
	if err := copied.Run(); err != nil {
		return err
	}
	time.Sleep(settle)
	// The tray sits left of the clock, which is 60 pixels wide on a screen of 1280.
	if err := s.xdotool("mousemove", "1207", "15", "click", "3"); err != nil {
		return err
	}
	if err := s.take("tray"); err != nil {
		return err
	}
	return s.keys("Escape")
}

func (s *session) untilMapped() error {
	for {
		if err := s.xdotool("search", "--onlyvisible", "--name", "^Tabferry"); err == nil {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-s.ctx.Done():
			return fmt.Errorf("no window appeared: %w", s.ctx.Err())
		}
	}
	return s.xdotool("search", "--onlyvisible", "--name", "^Tabferry", "windowactivate", "--sync")
}

func (s *session) keys(chord string) error { return s.xdotool("key", "--clearmodifiers", chord) }

func (s *session) xdotool(args ...string) error {
	cmd := s.app.Box.Command("xdotool", args...)
	cmd.Stdout, cmd.Stderr = nil, nil
	return cmd.Run()
}

// take photographs what has become of the last thing done: it waits until the screen is another one than on
// the last picture, and then stands still. What changes nothing that can be seen is given changeTime.
func (s *session) take(pane string) error {
	file, before := s.name(pane), s.last
	for end := time.Now().Add(changeTime); ; {
		was := s.last
		if err := s.look(file); err != nil {
			return err
		}
		still := bytes.Equal(was, s.last)
		if still && (!bytes.Equal(before, s.last) || time.Now().After(end)) || time.Now().After(end.Add(changeTime)) {
			return nil
		}
		time.Sleep(settle)
	}
}

// look photographs the screen as it is.
func (s *session) look(file string) error {
	if err := s.app.Screenshot(file); err != nil {
		if _, lookErr := exec.LookPath("scrot"); lookErr != nil {
			return fmt.Errorf("%w (install it with packaging/system-packages.sh desktop)", lookErr)
		}
		return err
	}
	var err error
	s.last, err = os.ReadFile(file) // #nosec G304 -- just written
	return err
}
