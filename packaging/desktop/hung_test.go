//go:build desktop && linux

package desktop_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// An agent that is stopped holds no command up beyond its limit, says so, and can be ended; nothing that
// it kept is lost, and the next one begins.
func TestStoppedAgent(t *testing.T) {
	app := newApp(t, box.Params{Bare: true, Keyring: box.KeyringUnlocked})
	signedIn(t, app)
	command(t, app, 0, "demo", "send-me", "https://example.com/kept")
	before, err := app.Until(within(t, 20*time.Second), "the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(before.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begun := time.Now() // the other commands are tried in virtual time by ui/cli
	r := command(t, app, 5, "status")
	if took := time.Since(begun); took > localapi.AnswerTime+3*time.Second || !strings.Contains(r.Err, "runs but does not answer") {
		t.Errorf("status took %v: %s", took, r.Err)
	}
	command(t, app, 0, "quit", "--force")
	if r := command(t, app, 0, "inbox", "--json"); !strings.Contains(r.Out, "https://example.com/kept") {
		t.Errorf("after it the inbox is %s", r.Out)
	}
}

// A session bus that takes connections and answers none keeps nobody from quitting.
func TestQuitOnAHungBus(t *testing.T) {
	app := newApp(t, box.Params{Bare: true})
	agent, err := app.Start(app.Lean, "agent")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, 20*time.Second), "the agent", func(s localapi.Snapshot) bool { return s.Revision > 0 }); err != nil {
		t.Fatal(err)
	}
	if err := app.Box.StopBus(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.Box.ResumeBus(); err != nil {
			t.Error(err)
		}
	}()
	command(t, app, 0, "quit")
	gone := make(chan struct{})
	go func() { _ = agent.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(3 * time.Second):
		t.Error("the agent still runs three seconds after quit")
	}
}
